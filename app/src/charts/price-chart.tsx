/** What a GPU hour cost: the median as a line, the cheapest and the dearest as a band around it. */
import { useEffect, useRef, useState } from 'react';
import type { PriceBucket } from '../gateway/records';
import { decimal } from '../text/amount';
import { moment } from '../text/time';

const HEIGHT = 230;
const LEFT = 54;
const RIGHT = 12;
const TOP = 12;
const BOTTOM = 28;

/** A round step so that about `wanted` of them cover the range. */
export function niceStep(range: number, wanted: number): number {
  if (!(range > 0)) return 1;
  const rough = range / wanted;
  const magnitude = 10 ** Math.floor(Math.log10(rough));
  const factor = [1, 2, 2.5, 5, 10].find((step) => step * magnitude >= rough) ?? 10;
  return factor * magnitude;
}

export function PriceChart({
  buckets,
  decimals,
  from,
  to,
}: {
  buckets: readonly PriceBucket[];
  decimals: number;
  from: number;
  to: number;
}) {
  const [pointed, setPointed] = useState<number | null>(null);
  // As wide as its place: letters keep their size on a telephone.
  const figure = useRef<HTMLElement>(null);
  const [width, setWidth] = useState(640);
  useEffect(() => {
    const element = figure.current;
    if (element === null) return undefined;
    const observer = new ResizeObserver(() => setWidth(Math.max(260, Math.round(element.clientWidth))));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  // Pixels only: amounts stay exact in the words below.
  const hourly = (perSecond: bigint): number => Number(perSecond * 3_600n) / 10 ** decimals;
  const highest = Math.max(...buckets.map((bucket) => hourly(bucket.max)), 0);
  const step = niceStep(highest === 0 ? 1 : highest * 1.08, 4);
  const top = Math.max(step, Math.ceil((highest * 1.02) / step) * step);
  const x = (at: number): number => LEFT + ((at - from) / Math.max(1, to - from)) * (width - LEFT - RIGHT);
  const y = (value: number): number => HEIGHT - BOTTOM - (value / top) * (HEIGHT - TOP - BOTTOM);
  const point = (at: number, value: number): string => `${x(at).toFixed(1)} ${y(value).toFixed(1)}`;

  const median = buckets.map((bucket) => point(bucket.at, hourly(bucket.median)));
  const band = [
    ...buckets.map((bucket) => point(bucket.at, hourly(bucket.max))),
    ...buckets.toReversed().map((bucket) => point(bucket.at, hourly(bucket.min))),
  ];
  const grid = Array.from({ length: Math.round(top / step) + 1 }, (_, index) => index * step);
  const marks = width < 420 ? 2 : 4;
  const days = Array.from({ length: marks }, (_, index) => from + ((to - from) * (index + 0.5)) / marks);
  const shown = pointed === null ? buckets.at(-1) : buckets[pointed];
  const words = (bucket: PriceBucket): string =>
    `${moment(bucket.at)}: median ${decimal(bucket.median * 3_600n, decimals, 2)}, from ${decimal(bucket.min * 3_600n, decimals, 2)} to ${decimal(bucket.max * 3_600n, decimals, 2)} an hour, ${bucket.count} ${bucket.count === 1n ? 'match' : 'matches'}`;
  return (
    <figure ref={figure} style={{ margin: 0 }}>
      <svg
        className="chart"
        viewBox={`0 0 ${width} ${HEIGHT}`}
        role="img"
        aria-label={`Price of a GPU hour over time. ${buckets.map(words).slice(-3).join('. ')}`}
        onPointerLeave={() => setPointed(null)}
        onPointerMove={(event) => {
          const box = event.currentTarget.getBoundingClientRect();
          const at = ((event.clientX - box.left) / box.width) * width;
          let nearest: number | null = null;
          buckets.forEach((bucket, index) => {
            if (nearest === null || Math.abs(x(bucket.at) - at) < Math.abs(x(buckets[nearest]?.at ?? 0) - at)) {
              nearest = index;
            }
          });
          setPointed(nearest);
        }}
      >
        {grid.map((value) => (
          <g key={value}>
            <line x1={LEFT} x2={width - RIGHT} y1={y(value)} y2={y(value)} stroke="var(--line)" />
            <text x={LEFT - 8} y={y(value) + 4} textAnchor="end">
              {Number(value.toPrecision(3))}
            </text>
          </g>
        ))}
        {days.map((at) => (
          <text key={at} x={x(at)} y={HEIGHT - 8} textAnchor="middle">
            {to - from > 172_800
              ? new Date(at * 1_000).toLocaleDateString([], { month: 'short', day: 'numeric' })
              : new Date(at * 1_000).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' })}
          </text>
        ))}
        {buckets.length > 1 && <path d={`M${band.join('L')}Z`} fill="var(--chart)" fillOpacity="0.18" />}
        {buckets.length > 1 && (
          <path d={`M${median.join('L')}`} fill="none" stroke="var(--chart)" strokeWidth="2.5" strokeLinejoin="round" />
        )}
        {buckets.length <= 40 &&
          buckets.map((bucket) => (
            <g key={bucket.at}>
              <line
                x1={x(bucket.at)}
                x2={x(bucket.at)}
                y1={y(hourly(bucket.min))}
                y2={y(hourly(bucket.max))}
                stroke="var(--chart)"
                strokeOpacity="0.55"
                strokeWidth="2"
              />
              <circle cx={x(bucket.at)} cy={y(hourly(bucket.median))} r="3.5" fill="var(--chart)" />
            </g>
          ))}
        {pointed !== null && shown !== undefined && (
          <line
            x1={x(shown.at)}
            x2={x(shown.at)}
            y1={TOP}
            y2={HEIGHT - BOTTOM}
            stroke="var(--copper)"
            strokeDasharray="3 3"
          />
        )}
      </svg>
      <figcaption className="small soft nums">
        {shown === undefined ? 'No match in this time.' : words(shown)}
      </figcaption>
    </figure>
  );
}
