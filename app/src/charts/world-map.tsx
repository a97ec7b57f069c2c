import { LAND_PATH, MAP_HEIGHT, MAP_WIDTH, place, regionName } from '../geography/land';

/** The world in dots, with a mark where somebody is: as large as what is there. */
export function WorldMap({
  counts,
  selected,
  onSelect,
}: {
  counts: ReadonlyMap<number, number>;
  selected: number | null;
  onSelect: (region: number | null) => void;
}) {
  const placed = [...counts].flatMap(([region, count]) => {
    const at = place(region);
    return at === null ? [] : [{ region, count, ...at }];
  });
  const most = Math.max(1, ...counts.values());
  const listed = [...counts].sort((one, other) => other[1] - one[1]);
  return (
    <div className="stack tight">
      <svg
        className="chart"
        viewBox={`0 0 ${MAP_WIDTH} ${MAP_HEIGHT}`}
        role="img"
        aria-label={`Map of the world with GPUs in ${placed.length} ${placed.length === 1 ? 'country' : 'countries'}`}
      >
        <path d={LAND_PATH} stroke="var(--dots)" strokeWidth="0.62" strokeLinecap="round" fill="none" />
        {placed.map(({ region, count, x, y, name }) => {
          const radius = 1.3 + 2.2 * Math.sqrt(count / most);
          return (
            <g key={region} opacity={selected === null || selected === region ? 1 : 0.35}>
              <title>{`${name}: ${count}`}</title>
              <circle cx={x} cy={y} r={radius} fill="var(--copper)" fillOpacity="0.25" />
              <circle cx={x} cy={y} r={radius * 0.55} fill="var(--copper)" />
            </g>
          );
        })}
      </svg>
      <div className="chips" role="group" aria-label="Show one region">
        {listed.map(([region, count]) => (
          <button
            key={region}
            type="button"
            aria-pressed={selected === region}
            onClick={() => onSelect(selected === region ? null : region)}
          >
            {region === 0 ? 'Region not stated' : regionName(region)} {count}
          </button>
        ))}
      </div>
    </div>
  );
}
