/** Who judges: the present set, the next one, and what each has said lately. */
import { MoneyWheel } from '../charts/wheel';
import type { EpochRecord, ValidatorRecord } from '../gateway/records';
import { useNetwork } from '../network';
import { useNow } from '../parts/clock';
import { Address, Bone, Empty, Mark, Show, When } from '../parts/marks';
import { Link } from '../routing';
import { useEpoch, useEvents, useValidators } from '../store/questions';
import { decimal } from '../text/amount';
import { duration } from '../text/time';

const STAKE_DECIMALS = 6;

export function Validators() {
  const validators = useValidators();
  const epoch = useEpoch();
  return (
    <>
      <div className="page-head">
        <div>
          <h1>Validators</h1>
          <p>
            A committee of five, drawn by stake from a set frozen an epoch ahead, judges each audited receipt. They
            commit before they reveal; one dissent brings a second committee and a second re-run.
          </p>
        </div>
      </div>
      <div className="stack">
        <div className="split">
          <section className="sheet">
            <header>
              <h2>Members</h2>
            </header>
            <Show known={validators} bones={<Bone width="100%" height="12rem" />}>
              {(all) => (all.length === 0 ? <Empty title="No validator is registered yet" /> : <Members all={all} />)}
            </Show>
          </section>
          <section className="sheet">
            <header>
              <h2>This epoch</h2>
            </header>
            <Show known={epoch} bones={<Bone width="100%" height="14rem" />}>
              {(found) => <Epoch epoch={found} />}
            </Show>
          </section>
        </div>
        <RecentRounds />
      </div>
    </>
  );
}

function Members({ all }: { all: readonly ValidatorRecord[] }) {
  const total = all.reduce((sum, one) => sum + (one.in_set ? one.weight : 0n), 0n);
  return (
    <div className="table-wrap">
      <table className="cards">
        <thead>
          <tr>
            <th>Validator</th>
            <th>Set</th>
            <th className="number">Stake</th>
            <th className="number">Weight</th>
            <th>Weighed</th>
          </tr>
        </thead>
        <tbody>
          {all
            .toSorted((one, other) => (one.weight < other.weight ? 1 : -1))
            .map((validator) => (
              <tr key={validator.owner}>
                <td data-label="Validator" className="wide">
                  <Address of={validator.owner} what="validator" />
                </td>
                <td data-label="Set">
                  {validator.in_set ? <Mark tone="good">judges now</Mark> : <Mark>not in this set</Mark>}{' '}
                  {validator.in_next_set && !validator.in_set && <Mark tone="busy">next</Mark>}
                </td>
                <td className="number" data-label="Stake">
                  {validator.stake === null ? '\u2013' : decimal(validator.stake.bonded, STAKE_DECIMALS, 0)}
                </td>
                <td className="number" data-label="Weight">
                  {total > 0n && validator.in_set
                    ? `${(Number((validator.weight * 1_000n) / total) / 10).toFixed(1)}\u202f%`
                    : '\u2013'}
                </td>
                <td data-label="Weighed">
                  <When at={validator.weighed_at} />
                </td>
              </tr>
            ))}
        </tbody>
      </table>
    </div>
  );
}

function Epoch({ epoch }: { epoch: EpochRecord }) {
  const now = useNow(1_000);
  const gone = Math.max(0, now - epoch.started_at);
  const share = epoch.epoch_seconds > 0 ? Math.min(1, gone / epoch.epoch_seconds) : 0;
  const left = Math.max(0, epoch.epoch_seconds - gone);
  if (epoch.epoch === 0) return <Empty title="The first epoch has not begun">A set has to be frozen first.</Empty>;
  return (
    <div className="stack tight">
      <div style={{ maxWidth: '15rem', margin: '0 auto', width: '100%' }}>
        <MoneyWheel
          share={share}
          turning={share < 1}
          label={`Epoch ${epoch.epoch}, ${Math.round(share * 100)} percent over`}
        >
          <text textAnchor="middle" y="-4" fontSize="34">
            {epoch.epoch}
          </text>
          <text textAnchor="middle" y="20" fontSize="15">
            {left > 0 ? `${duration(left)} left` : 'may end now'}
          </text>
        </MoneyWheel>
      </div>
      <dl className="facts">
        <dt>Members</dt>
        <dd>{epoch.frozen.length}</dd>
        <dt>Least length</dt>
        <dd>{duration(epoch.epoch_seconds)}</dd>
        <dt>Next set</dt>
        <dd>{epoch.next === null ? 'not frozen yet' : `frozen, ${epoch.next.members.length} members`}</dd>
      </dl>
    </div>
  );
}

function RecentRounds() {
  const events = useEvents(100);
  const { network } = useNetwork();
  return (
    <section className="sheet">
      <header>
        <h2>Verdicts lately</h2>
      </header>
      <Show known={events} bones={<Bone width="100%" height="6rem" />}>
        {(all) => {
          const verdicts = all.filter((event) => event.name === 'VerdictReached').slice(0, 12);
          if (verdicts.length === 0)
            return (
              <Empty title="No verdict among the last hundred events">
                {network?.local === true && 'Run a job; new providers are audited always.'}
              </Empty>
            );
          return (
            <div className="table-wrap">
              <table className="cards">
                <thead>
                  <tr>
                    <th>Job</th>
                    <th>Verdict</th>
                    <th className="number">Agreeing</th>
                    <th className="number">Rounds</th>
                    <th>When</th>
                  </tr>
                </thead>
                <tbody>
                  {verdicts.map((event) => (
                    <tr key={String(event.sequence)}>
                      <td data-label="Job">
                        {event.job === null ? (
                          '\u2013'
                        ) : (
                          <Link to={`/jobs/${event.job}`}>
                            <code>{event.job.slice(0, 8)}</code>
                          </Link>
                        )}
                      </td>
                      <td data-label="Verdict">
                        <Opinion code={event.data['opinion'] ?? ''} />
                      </td>
                      <td className="number" data-label="Agreeing">
                        {event.data['agreeing'] ?? '\u2013'}
                      </td>
                      <td className="number" data-label="Rounds">
                        {event.data['rounds'] ?? '\u2013'}
                      </td>
                      <td data-label="When">
                        <When at={event.at} missing="time not known" />
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
          );
        }}
      </Show>
    </section>
  );
}

const OPINION_CODES: Readonly<Record<string, readonly [string, 'good' | 'bad' | 'warn']>> = {
  '1': ['valid', 'good'],
  '2': ['invalid', 'bad'],
  '3': ['data withheld', 'warn'],
  '4': ['undecided', 'warn'],
  valid: ['valid', 'good'],
  invalid: ['invalid', 'bad'],
  unavailable: ['data withheld', 'warn'],
  inconclusive: ['undecided', 'warn'],
};

function Opinion({ code }: { code: string }) {
  const [name, tone] = OPINION_CODES[code] ?? [code, 'warn' as const];
  return <Mark tone={tone}>{name}</Mark>;
}
