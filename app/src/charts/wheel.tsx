/** The mill wheel: escrow in, proven seconds out. Each of its teeth is a part of the escrow. */
import type { ReactNode } from 'react';

const TEETH = 60;

function tooth(index: number, inner: number, outer: number): string {
  const angle = (index / TEETH) * 2 * Math.PI - Math.PI / 2;
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  return `M${(inner * cos).toFixed(2)} ${(inner * sin).toFixed(2)}L${(outer * cos).toFixed(2)} ${(outer * sin).toFixed(2)}`;
}

/** `share` of the teeth filled from the top, clockwise. */
export function MoneyWheel({
  share,
  turning,
  label,
  children,
}: {
  share: number;
  turning: boolean;
  label: string;
  children?: ReactNode;
}) {
  const filled = Math.min(TEETH, Math.max(0, share * TEETH));
  const whole = Math.floor(filled);
  const teeth = Array.from({ length: TEETH }, (_, index) => index);
  return (
    <svg className="chart dial" viewBox="-110 -110 220 220" role="img" aria-label={label}>
      <path
        d={teeth
          .filter((index) => index >= whole)
          .map((index) => tooth(index, 80, 100))
          .join('')}
        stroke="var(--line)"
        strokeWidth="5"
      />
      <path
        d={teeth
          .filter((index) => index < whole)
          .map((index) => tooth(index, 80, 100))
          .join('')}
        stroke="var(--chart)"
        strokeWidth="5"
      />
      {whole < TEETH && (turning || filled > whole) && (
        <path
          d={tooth(whole, 80, 80 + 20 * (turning ? Math.max(0.25, filled - whole) : filled - whole))}
          stroke="var(--copper)"
          strokeWidth="5"
        />
      )}
      <circle r="70" fill="none" stroke="var(--line)" strokeWidth="1.5" />
      {children}
    </svg>
  );
}

export interface Seat {
  readonly name: string;
  /** waiting, committed, or a revealed opinion. */
  readonly state: 'waiting' | 'committed' | 'missed' | 'good' | 'bad' | 'warn';
  readonly says: string;
}

/** A committee around its table. Shape and letter say what colour says too. */
export function CommitteeWheel({ seats, label, centre }: { seats: readonly Seat[]; label: string; centre: string }) {
  const colour = {
    waiting: 'var(--soft)',
    committed: 'var(--copper)',
    missed: 'var(--warn)',
    good: 'var(--good)',
    bad: 'var(--bad)',
    warn: 'var(--warn)',
  };
  const sign = { waiting: '', committed: '\u2022', missed: '\u2013', good: '\u2713', bad: '\u2715', warn: '?' };
  return (
    <svg
      className="chart dial"
      viewBox="-110 -110 220 220"
      role="img"
      aria-label={`${label}: ${seats.map((seat) => `${seat.name} ${seat.says}`).join(', ')}`}
    >
      <circle r="48" fill="none" stroke="var(--line)" strokeWidth="1.5" />
      <text textAnchor="middle" y="6" fontSize="19">
        {centre}
      </text>
      {seats.map((seat, index) => {
        const angle = (index / seats.length) * 2 * Math.PI - Math.PI / 2;
        const [x, y] = [78 * Math.cos(angle), 78 * Math.sin(angle)];
        const paint = colour[seat.state];
        return (
          <g key={index} transform={`translate(${x.toFixed(1)} ${y.toFixed(1)})`}>
            <title>{`${seat.name}: ${seat.says}`}</title>
            <line
              x1={(-x * 22) / 78}
              y1={(-y * 22) / 78}
              x2={(-x * 30) / 78}
              y2={(-y * 30) / 78}
              stroke={paint}
              strokeWidth="2"
            />
            <rect
              x="-17"
              y="-17"
              width="34"
              height="34"
              rx={seat.state === 'waiting' ? 17 : 4}
              fill={seat.state === 'waiting' ? 'var(--sheet)' : paint}
              stroke={paint}
              strokeWidth="2"
              strokeDasharray={seat.state === 'waiting' ? '3 3' : undefined}
            />
            <text textAnchor="middle" y="7" fontSize="20" style={{ fill: 'var(--sheet)' }}>
              {sign[seat.state]}
            </text>
          </g>
        );
      })}
    </svg>
  );
}

/** The wheel as a sign of the house. */
export function HouseMark() {
  const spokes = Array.from({ length: 8 }, (_, index) => {
    const angle = (index / 8) * 2 * Math.PI;
    const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
    return `M${(8 * cos).toFixed(2)} ${(8 * sin).toFixed(2)}L${(14 * cos).toFixed(2)} ${(14 * sin).toFixed(2)}`;
  }).join('');
  return (
    <svg viewBox="-16 -16 32 32" aria-hidden="true" fill="none" stroke="currentColor" strokeWidth="2.4">
      <circle r="8.5" />
      <path d={spokes} />
      <path d="m-3.6.2 2.6 2.7L3.8-2.7" stroke="var(--copper)" />
    </svg>
  );
}
