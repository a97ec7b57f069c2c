/** Prices as a strip: a tenth, the middle and nine tenths of what is asked or paid. */
export function PercentileStrip({
  rows,
  format,
}: {
  rows: readonly {
    readonly label: string;
    readonly low: bigint;
    readonly middle: bigint;
    readonly high: bigint;
    readonly count: bigint;
  }[];
  format: (perSecond: bigint) => string;
}) {
  const highest = rows.reduce((most, row) => (row.high > most ? row.high : most), 1n);
  const share = (value: bigint): number => Number((value * 1_000n) / highest) / 10;
  return (
    <div className="stack tight">
      {rows.map((row) => (
        <div key={row.label}>
          <div style={{ display: 'flex', justifyContent: 'space-between', gap: '1rem', flexWrap: 'wrap' }}>
            <span>{row.label}</span>
            <span className="nums soft small">
              {format(row.low)} to {format(row.high)}, middle <b className="nums">{format(row.middle)}</b>
            </span>
          </div>
          <svg
            className="chart"
            viewBox="0 0 100 8"
            preserveAspectRatio="none"
            style={{ height: '0.9rem' }}
            aria-hidden="true"
          >
            <line x1="0" x2="100" y1="4" y2="4" stroke="var(--line)" vectorEffect="non-scaling-stroke" />
            <rect
              x={share(row.low)}
              width={Math.max(0.8, share(row.high) - share(row.low))}
              y="2"
              height="4"
              fill="var(--chart)"
              fillOpacity="0.35"
            />
            <rect x={Math.max(0, share(row.middle) - 0.5)} width="1" y="0.5" height="7" fill="var(--chart)" />
          </svg>
        </div>
      ))}
    </div>
  );
}

/** One bar a day or a time slice, with its share in words for readers of screens. */
export function Bars({
  values,
  label,
  tone = 'var(--chart)',
}: {
  values: readonly { readonly label: string; readonly share: number }[];
  label: string;
  tone?: string;
}) {
  const width = 100 / Math.max(1, values.length);
  return (
    <svg
      className="chart"
      viewBox="0 0 100 24"
      preserveAspectRatio="none"
      style={{ height: '4.5rem' }}
      role="img"
      aria-label={`${label}: ${values.map((value) => value.label).join(', ')}`}
    >
      {values.map((value, index) => (
        <g key={index}>
          <title>{value.label}</title>
          <rect x={index * width + 0.15} width={Math.max(0.2, width - 0.3)} y="0" height="24" fill="var(--sunk)" />
          <rect
            x={index * width + 0.15}
            width={Math.max(0.2, width - 0.3)}
            y={24 - 24 * Math.min(1, Math.max(0, value.share))}
            height={24 * Math.min(1, Math.max(0, value.share))}
            fill={tone}
          />
        </g>
      ))}
    </svg>
  );
}
