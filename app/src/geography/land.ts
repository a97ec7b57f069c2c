/** Where countries lie, and the dots of the world. Made by tools/geography.mjs. */
import data from './land.json';

export const MAP_WIDTH = 360 / data.step;
export const MAP_HEIGHT = data.rows.length;

/** One path of points: each draws a dot by its round cap. */
export const LAND_PATH: string = data.rows
  .flatMap((row, y) => Array.from(row, (cell, x) => (cell === '#' ? `M${x + 0.5} ${y + 0.5}h0` : '')))
  .join('');

const countries = data.countries as unknown as Readonly<Record<string, readonly [string, number, number]>>;

export interface Place {
  readonly name: string;
  readonly x: number;
  readonly y: number;
}

/** A country by its ISO 3166 numeric code; null for zero and what is not known. */
export function place(region: number): Place | null {
  const found = countries[String(region)];
  if (found === undefined) return null;
  const [name, longitude, latitude] = found;
  return { name, x: (longitude + 180) / data.step, y: (data.top - latitude) / data.step };
}

export function regionName(region: number): string {
  return region === 0 ? 'not stated' : (place(region)?.name ?? `region ${region}`);
}

/** Every country, by name, for a choice. */
export function regions(): readonly { readonly code: number; readonly name: string }[] {
  return Object.entries(countries)
    .map(([code, [name]]) => ({ code: Number(code), name }))
    .sort((one, other) => one.name.localeCompare(other.name));
}
