// Makes src/geography/land.json: the dots of the world map, and where each country lies.
// From Natural Earth's public-domain data in the package world-atlas; run by hand, its output is committed.
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { geoCentroid, geoContains, geoArea } from 'd3-geo';
import { feature } from 'topojson-client';

const require = createRequire(import.meta.url);
const read = (name) => JSON.parse(readFileSync(require.resolve(`world-atlas/${name}`), 'utf8'));
const STEP = 3; // degrees between dots
const TOP = 78;
const BOTTOM = -57;

const land = feature(read('land-110m.json'), 'land');
const rows = [];
for (let latitude = TOP; latitude >= BOTTOM; latitude -= STEP) {
  let row = '';
  for (let longitude = -180; longitude < 180; longitude += STEP) {
    row += geoContains(land, [longitude + STEP / 2, latitude - STEP / 2]) ? '#' : '.';
  }
  rows.push(row);
}

const world = read('countries-110m.json');
const round = (value) => Math.round(value * 10) / 10;
const countries = {};
for (const country of feature(world, 'countries').features) {
  if (country.id === undefined) continue;
  // The largest part: a centroid over the colonies of a country lies in the sea.
  const parts =
    country.geometry.type === 'MultiPolygon'
      ? country.geometry.coordinates.map((coordinates) => ({ type: 'Polygon', coordinates }))
      : [country.geometry];
  const largest = parts.reduce((best, part) => (geoArea(part) > geoArea(best) ? part : best));
  const [longitude, latitude] = geoCentroid(largest);
  countries[String(Number(country.id))] = [country.properties.name, round(longitude), round(latitude)];
}
countries['702'] = ['Singapore', 103.8, 1.4];
countries['344'] = ['Hong Kong', 114.2, 22.3];

writeFileSync(
  new URL('../src/geography/land.json', import.meta.url),
  `${JSON.stringify({ step: STEP, top: TOP, rows, countries })}\n`,
);
