/** Times in words. Unix seconds everywhere. */

const STEPS: readonly (readonly [seconds: number, short: string])[] = [
  [86_400, 'd'],
  [3_600, 'h'],
  [60, 'min'],
  [1, 's'],
];

/** A duration with its two largest units: `2 h 5 min`. */
export function duration(seconds: number): string {
  let rest = Math.max(0, Math.round(seconds));
  const parts: string[] = [];
  for (const [size, unit] of STEPS) {
    const count = Math.floor(rest / size);
    if (count > 0) parts.push(`${count}\u202f${unit}`);
    rest -= count * size;
    if (parts.length === 2) break;
  }
  return parts.length === 0 ? '0\u202fs' : parts.join(' ');
}

/** `3 min ago`, `in 2 h`, `now`. */
export function relative(at: number, now: number): string {
  const distance = at - now;
  if (Math.abs(distance) < 2) return 'now';
  const steps = STEPS.find(([size]) => Math.abs(distance) >= size);
  if (steps === undefined) return 'now';
  const [size, unit] = steps;
  const text = `${Math.floor(Math.abs(distance) / size)}\u202f${unit}`;
  return distance < 0 ? `${text} ago` : `in ${text}`;
}

/** A clock time, in the reader's own zone. */
export function clock(at: number): string {
  return new Date(at * 1_000).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit', second: '2-digit' });
}

/** Date and time, in the reader's own zone. */
export function moment(at: number): string {
  return new Date(at * 1_000).toLocaleString([], { dateStyle: 'medium', timeStyle: 'medium' });
}
