/** Jobs: yours, or everybody's. */
import type { JobRecord } from '../gateway/records';
import { Bone, Empty, Mark, Show, When } from '../parts/marks';
import { Money } from '../parts/money';
import { Link, setSearch, useSearch } from '../routing';
import { useArraysPosted, useJobs } from '../store/questions';
import { useDeliveries } from '../store/deliveries';
import { named, OUTCOMES, STATES } from '../text/known';
import { useWallet } from '../wallet/context';

export function Jobs() {
  const { address, choose } = useWallet();
  const search = useSearch();
  const everybody = search.get('all') === 'yes' || address === null;
  const jobs = useJobs(everybody ? {} : { tenant: address });
  const waiting = useDeliveries().filter((delivery) => delivery.tenant === address);
  return (
    <>
      <div className="page-head">
        <div>
          <h1>{everybody ? 'All jobs' : 'Your jobs'}</h1>
          <p>
            {everybody
              ? 'Every job on this network, newest first.'
              : 'Every job that this wallet has posted, newest first.'}
          </p>
        </div>
        <div className="buttons">
          <div className="chips" role="group" aria-label="Whose jobs">
            <button
              type="button"
              aria-pressed={!everybody}
              onClick={() => (address === null ? choose(true) : setSearch({ all: null }))}
            >
              Yours
            </button>
            <button type="button" aria-pressed={everybody} onClick={() => setSearch({ all: 'yes' })}>
              Everybody’s
            </button>
          </div>
          <Link to="/launch" className="button">
            Launch a job
          </Link>
        </div>
      </div>
      {!everybody && <Arrays tenant={address} />}
      <section className="sheet">
        <Show known={jobs} bones={<Bone width="100%" height="14rem" />}>
          {(all) => (
            <JobTable
              jobs={all}
              waiting={new Set(waiting.filter((one) => one.step !== 'delivered').map((one) => one.job))}
              empty={everybody ? 'No job has been posted on this network yet.' : 'This wallet has posted no job yet.'}
            />
          )}
        </Show>
      </section>
    </>
  );
}

/** Arrays of this wallet: those that the gateway has seen, and those that this browser posted. */
function Arrays({ tenant }: { tenant: string }) {
  const posted = useArraysPosted(tenant).data ?? [];
  const kept = useDeliveries().filter((one) => one.array !== undefined && one.tenant === tenant);
  const names = new Map(kept.map((one) => [one.job, one.name]));
  const all = [...new Set([...kept.map((one) => one.job), ...posted])];
  if (all.length === 0) return null;
  return (
    <section className="sheet" style={{ marginBottom: '1.2rem' }}>
      <header>
        <h2>Arrays</h2>
      </header>
      <ul className="plain-list">
        {all.map((array) => (
          <li key={array}>
            <Link to={`/arrays/${array}`}>
              {names.get(array) ?? 'Array'} <code>{array.slice(0, 10)}</code>
            </Link>
          </li>
        ))}
      </ul>
    </section>
  );
}

export function JobState({ job }: { job: JobRecord }) {
  const { name, tone } = job.outcome === null ? named(STATES, job.state) : named(OUTCOMES, job.outcome);
  return <Mark tone={tone}>{name}</Mark>;
}

export function JobTable({
  jobs,
  empty,
  waiting = new Set(),
}: {
  jobs: readonly JobRecord[];
  empty: string;
  waiting?: ReadonlySet<string>;
}) {
  if (jobs.length === 0) return <Empty title={empty} />;
  return (
    <div className="table-wrap">
      <table className="cards">
        <thead>
          <tr>
            <th>Job</th>
            <th>State</th>
            <th>Posted</th>
            <th className="number">Escrowed</th>
            <th className="number">Paid</th>
            <th className="number">Refunded</th>
          </tr>
        </thead>
        <tbody>
          {jobs.map((job) => (
            <tr key={job.address}>
              <td data-label="Job">
                <Link to={`/jobs/${job.address}`}>
                  <code>{job.address.slice(0, 10)}</code>
                </Link>
                {job.array !== null && (
                  <>
                    {' '}
                    <Link to={`/arrays/${job.array}`}>task {job.task_index ?? '?'}</Link>
                  </>
                )}
                {waiting.has(job.address) && (
                  <>
                    <br />
                    <Mark tone="warn">files to hand over</Mark>
                  </>
                )}
              </td>
              <td data-label="State">
                <JobState job={job} />
              </td>
              <td data-label="Posted">
                <When at={job.posted_at} />
              </td>
              <td className="number" data-label="Escrowed">
                <Money atoms={job.escrowed} mint={job.mint} unit={false} />
              </td>
              <td className="number" data-label="Paid">
                <Money atoms={job.paid} mint={job.mint} unit={false} />
              </td>
              <td className="number" data-label="Refunded">
                <Money atoms={job.refunded} mint={job.mint} unit={false} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
