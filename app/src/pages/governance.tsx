/** The parameters, the bounds that code sets them, and what is queued to change. */
import type { ConfigRecord } from '../gateway/records';
import { useNow } from '../parts/clock';
import { Address, Bone, Mark, Note, Show } from '../parts/marks';
import { useConfig } from '../store/questions';
import { decimal, grouped, memory, percent } from '../text/amount';
import { ARBITER_GROUPS, MARKET_GROUPS, type Parameter, type ParameterGroup } from '../text/parameters';
import { duration, moment, relative } from '../text/time';

const STAKE_DECIMALS = 6;

export function Governance() {
  const config = useConfig();
  return (
    <>
      <div className="page-head">
        <div>
          <h1>Governance</h1>
          <p>
            Parameters change behind a timelock, within bounds written in the programs. No signature of the authority
            reaches anybody’s money; exits never pause.
          </p>
        </div>
      </div>
      <Show known={config} bones={<Bone width="100%" height="24rem" />}>
        {(found) => (
          <div className="stack">
            <Queued found={found} />
            <h2>Market</h2>
            <Groups groups={MARKET_GROUPS} values={found.market ?? {}} queued={found.queued_market} />
            <h2>Arbiter</h2>
            <Groups groups={ARBITER_GROUPS} values={found.arbiter ?? {}} queued={found.queued_arbiter} />
          </div>
        )}
      </Show>
    </>
  );
}

type Values = Readonly<Record<string, string | null>>;

function Queued({ found }: { found: ConfigRecord }) {
  const now = useNow(1_000);
  const queued: readonly (readonly [string, Values | null, Values])[] = [
    ['market', found.queued_market, found.market ?? {}],
    ['arbiter', found.queued_arbiter, found.arbiter ?? {}],
  ];
  const changes = queued.flatMap(([program, next, present]) => (next === null ? [] : [{ program, next, present }]));
  if (changes.length === 0) {
    return (
      <Note tone="good" title="Nothing is queued.">
        <p>
          A change would stand here for {duration(Number(found.market?.['timelock_seconds'] ?? 0))} before anyone could
          apply it.
        </p>
      </Note>
    );
  }
  return (
    <>
      {changes.map(({ program, next, present }) => {
        const at = Number(next['applies_at'] ?? 0);
        const all = [...MARKET_GROUPS, ...ARBITER_GROUPS].flatMap((group) => group.parameters);
        const differing = Object.keys(next).filter(
          (name) => name !== 'applies_at' && name in present && next[name] !== present[name],
        );
        return (
          <Note
            key={program}
            tone="warn"
            title={`A change of the ${program} is queued: it may be applied ${relative(at, now)} (${moment(at)}).`}
          >
            {differing.length === 0 ? (
              <p>It changes no parameter shown here.</p>
            ) : (
              <ul>
                {differing.map((name) => {
                  const parameter = all.find((one) => one.name === name);
                  return (
                    <li key={name}>
                      {parameter?.label ?? name}: {plain(parameter, present[name] ?? null)} becomes{' '}
                      <b>{plain(parameter, next[name] ?? null)}</b>
                    </li>
                  );
                })}
              </ul>
            )}
          </Note>
        );
      })}
    </>
  );
}

function Groups({
  groups,
  values,
  queued,
}: {
  groups: readonly ParameterGroup[];
  values: Values;
  queued: Values | null;
}) {
  return (
    <div className="pair">
      {groups.map((group) => (
        <section className="sheet" key={group.title}>
          <header>
            <h3>{group.title}</h3>
          </header>
          <table>
            <thead>
              <tr>
                <th>Parameter</th>
                <th className="number">Now</th>
                <th className="number">Bounds</th>
              </tr>
            </thead>
            <tbody>
              {group.parameters
                .filter((parameter) => parameter.name in values)
                .map((parameter) => (
                  <tr key={parameter.name}>
                    <td>
                      {parameter.label}
                      <br />
                      <span className="soft small">{parameter.says}</span>
                    </td>
                    <td className="number">
                      <Value parameter={parameter} value={values[parameter.name] ?? null} />
                      {queued !== null &&
                        queued[parameter.name] !== undefined &&
                        queued[parameter.name] !== values[parameter.name] && (
                          <>
                            <br />
                            <Mark tone="warn">queued: {plain(parameter, queued[parameter.name] ?? null)}</Mark>
                          </>
                        )}
                    </td>
                    <td className="number soft small">{bounds(parameter)}</td>
                  </tr>
                ))}
            </tbody>
          </table>
        </section>
      ))}
    </div>
  );
}

function Value({ parameter, value }: { parameter: Parameter; value: string | null }) {
  if (parameter.unit === 'address' && value !== null) return <Address of={value} />;
  return <b>{plain(parameter, value)}</b>;
}

export function plain(parameter: Parameter | undefined, value: string | null): string {
  if (value === null) return '\u2013';
  if (parameter === undefined || !/^\d+$/u.test(value)) {
    return parameter?.unit === 'flag' ? (value === 'true' ? 'allowed' : 'refused') : value;
  }
  switch (parameter.unit) {
    case 'bps':
      return percent(Number(value));
    case 'seconds':
      return duration(Number(value));
    case 'mib':
      return memory(Number(value));
    case 'stake':
      return decimal(BigInt(value), STAKE_DECIMALS);
    case 'lamports':
      return `${decimal(BigInt(value), 9)} SOL`;
    case 'flag':
      return value === '1' ? 'allowed' : 'refused';
    default:
      return grouped(value);
  }
}

function bounds(parameter: Parameter): string {
  const { least, most } = parameter;
  const show = (value: number): string => plain(parameter, String(value));
  if (parameter.unit === 'flag' || parameter.unit === 'address') return '';
  if (least !== undefined && most !== undefined) return `${show(least)} to ${show(most)}`;
  if (least !== undefined) return `at least ${show(least)}`;
  if (most !== undefined) return `at most ${show(most)}`;
  return '';
}
