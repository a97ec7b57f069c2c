/** One job: where it stands, what it costs by the second, what it prints, who judges it, what came out. */
import { lazy, Suspense, useEffect, useState } from 'react';
import { CommitteeWheel, MoneyWheel, type Seat } from '../charts/wheel';
import type { Words } from '../gateway/faults';
import type { JobRecord, RoundRecord } from '../gateway/records';
import { regionName } from '../geography/land';
import { moneyOf } from '../text/earning';
import { useNetwork } from '../network';
import { useNow } from '../parts/clock';
import { Address, Bone, Empty, Fault, Mark, Note, Show, short, Tier, When } from '../parts/marks';
import { Hourly, Money } from '../parts/money';
import { ProposeButton } from '../parts/propose-button';
import { Link } from '../routing';
import { handOver, useDeliveries, type Delivery } from '../store/deliveries';
import { useOutbox } from '../store/outbox';
import { useBids, useJob, useJobEvents, useRounds } from '../store/questions';
import { decimal, memory, percent, running } from '../text/amount';
import { named, OUTCOMES, STATES, VERDICTS, type Tone } from '../text/known';
import { clock, duration, relative } from '../text/time';
import { useWallet } from '../wallet/context';
import { useSignIn } from '../wallet/sign-in';
import { eventWords } from './network-status';
import { JobState } from './jobs';

const Result = lazy(async () => ({ default: (await import('./job-result')).Result }));
const ServiceStanding = lazy(async () => ({ default: (await import('./service')).ServiceStanding }));
const ServiceMoney = lazy(async () => ({ default: (await import('./service')).ServiceMoney }));
const ServicePorts = lazy(async () => ({ default: (await import('./service')).ServicePorts }));
const Log = lazy(async () => ({ default: (await import('./job-log')).Log }));

export function JobPage({ parameter: address }: { parameter: string }) {
  const job = useJob(address);
  const delivery = useDeliveries().find((one) => one.job === address) ?? null;
  const sent = useOutbox().find((one) => one.job === address) ?? null;
  if (job.data === undefined && job.fault !== null && (delivery !== null || sent !== null)) {
    return (
      <NotThereYet
        address={address}
        delivery={delivery}
        fate={sent?.fate ?? null}
        failure={sent?.failure ?? null}
        fault={job.fault.code === 'not_found' ? null : job.fault.words}
      />
    );
  }
  return (
    <Show known={job} bones={<JobBones />}>
      {(found) => <Body job={found} delivery={delivery} />}
    </Show>
  );
}

function JobBones() {
  return (
    <div className="stack">
      <Bone width="14rem" height="2.6rem" />
      <Bone width="100%" height="5rem" />
      <Bone width="100%" height="18rem" />
    </div>
  );
}

/** Signed here, and not on the gateway's list yet. */
function NotThereYet({
  address,
  delivery,
  fate,
  failure,
  fault,
}: {
  address: string;
  delivery: Delivery | null;
  fate: string | null;
  failure: string | null;
  fault: Words | null;
}) {
  return (
    <div className="stack">
      <h1>{delivery?.name ?? 'Your job'}</h1>
      <Address of={address} whole what="job" />
      {fault !== null && <Fault words={fault} />}
      {fate === 'expired' || fate === 'failed' ? (
        <Note tone="bad" title="The job was not posted." live>
          <p>{failure ?? 'The transaction can no longer take effect.'} No money moved. Launch it again.</p>
        </Note>
      ) : (
        <Note
          tone="plain"
          title={fate === 'confirmed' ? 'Posted. The gateway has not seen it yet.' : 'Signed, and not confirmed yet.'}
          live
        >
          <p>Its specification and input are kept in this browser and are handed over as soon as it is matched.</p>
        </Note>
      )}
    </div>
  );
}

function Body({ job, delivery }: { job: JobRecord; delivery: Delivery | null }) {
  const { address } = useWallet();
  const mine = address === job.tenant;
  const service = job.kind === 'service';
  return (
    <>
      <div className="page-head">
        <div>
          <h1>{delivery?.name ?? `Job ${job.address.slice(0, 8)}`}</h1>
          <p>
            <Address of={job.address} whole what="job" />
          </p>
        </div>
        <div className="buttons">
          {job.attempt > 1 && <Mark>attempt {job.attempt}</Mark>}
          <JobState job={job} />
        </div>
      </div>
      <div className="stack">
        {mine && delivery !== null && delivery.step !== 'delivered' && <HandOverNote delivery={delivery} job={job} />}
        <section className="sheet" aria-label="Where it stands">
          {service ? (
            <Suspense fallback={<Bone width="100%" height="5rem" />}>
              <ServiceStanding job={job} />
            </Suspense>
          ) : (
            <>
              <Timeline job={job} />
              <p style={{ marginTop: '1.1rem' }}>
                {job.outcome === null ? STATES[job.state]?.says : OUTCOMES[job.outcome]?.says}
              </p>
            </>
          )}
        </section>
        <div className="split">
          <div className="stack">
            {service && (
              <section className="sheet">
                <header>
                  <h2>Ports</h2>
                </header>
                <Suspense fallback={<Bone width="100%" height="5rem" />}>
                  <ServicePorts job={job} delivery={delivery} mine={mine} />
                </Suspense>
              </section>
            )}
            <section className="sheet">
              <header>
                <h2>Log</h2>
              </header>
              <Suspense fallback={<Bone width="100%" height="14rem" />}>
                <Log job={job} mine={mine} />
              </Suspense>
            </section>
            {service ? (
              <Witnessed />
            ) : (
              <>
                <section className="sheet">
                  <header>
                    <h2>Result</h2>
                  </header>
                  <Suspense fallback={<Bone width="100%" height="5rem" />}>
                    <Result job={job} mine={mine} />
                  </Suspense>
                </section>
                <Verification job={job} />
              </>
            )}
          </div>
          <div className="stack">
            {service ? (
              <Suspense fallback={<Bone width="100%" height="14rem" />}>
                <ServiceMoney job={job} />
              </Suspense>
            ) : (
              <MoneySheet job={job} mine={mine} />
            )}
            {job.state === 'open' && job.bids_until !== null && <Bids job={job} />}
            <Terms job={job} />
            <History job={job.address} />
          </div>
        </div>
      </div>
    </>
  );
}

/** Until the provider has them, the files are in this browser; this keeps handing them over. */
function HandOverNote({ delivery, job }: { delivery: Delivery; job: JobRecord }) {
  const { address } = useWallet();
  const { signIn, busy, problem } = useSignIn();
  const [waitsFor, setWaitsFor] = useState<string>('');
  useEffect(() => {
    let gone = false;
    const go = async (): Promise<void> => {
      const found = await handOver(address).catch(() => 'waiting');
      if (!gone) setWaitsFor(found);
    };
    void go();
    const timer = setInterval(() => void go(), 1_500);
    return () => {
      gone = true;
      clearInterval(timer);
    };
  }, [address]);
  const over = job.state === 'settled';
  if (over) return null;
  return (
    <Note
      tone={waitsFor === 'sign_in' ? 'warn' : 'plain'}
      title={
        waitsFor === 'sign_in'
          ? 'Sign in to hand over the specification and the input.'
          : delivery.step === 'held'
            ? 'The gateway holds your files and is handing them to the provider.'
            : 'Handing over the specification and the input.'
      }
      live
    >
      <p>
        They are kept in this browser until the provider has them.
        {job.start_by !== null &&
          ` The provider has to start by ${clock(job.start_by)}; after that everything is refunded.`}
      </p>
      {delivery.problem !== null && <p className="small">Last answer: {delivery.problem}</p>}
      {problem !== null && <p className="small bad">{problem.what}</p>}
      {waitsFor === 'sign_in' && (
        <div className="buttons">
          <button type="button" className="button" data-size="small" disabled={busy} onClick={() => void signIn()}>
            Sign in
          </button>
        </div>
      )}
    </Note>
  );
}

function Timeline({ job }: { job: JobRecord }) {
  const now = useNow(1_000);
  const order = ['open', 'matched', 'running', 'submitted', 'settled'];
  const stands = job.state === 'paused' || job.state === 'ending' ? 2 : order.indexOf(job.state);
  const steps: readonly {
    readonly name: string;
    readonly at: number | null;
    readonly by: number | null;
    readonly skipped: boolean;
  }[] = [
    { name: 'Posted', at: job.posted_at, by: null, skipped: false },
    { name: 'Matched', at: job.matched_at, by: job.bids_until, skipped: job.matched_at === null },
    { name: 'Running', at: job.started_at, by: job.start_by, skipped: job.started_at === null },
    { name: 'Receipt', at: job.submitted_at, by: job.receipt_by, skipped: job.submitted_at === null },
    { name: 'Settled', at: job.settled_at, by: job.verdict_by, skipped: false },
  ];
  return (
    <ol className="steps">
      {steps.map((step, index) => {
        const settled = job.state === 'settled';
        const done = step.at !== null || (settled && !step.skipped);
        const current = !settled && index === stands;
        const due = !settled && index === stands + 1;
        return (
          <li
            key={step.name}
            data-done={done && !current}
            data-now={current}
            aria-current={current ? 'step' : undefined}
          >
            <b>{step.name}</b>
            {step.at !== null ? (
              <span className="nums" title={relative(step.at, now)}>
                {clock(step.at)}
              </span>
            ) : due && step.by !== null ? (
              <span className="nums">due {relative(step.by, now)}</span>
            ) : settled && step.skipped ? (
              'did not happen'
            ) : (
              ''
            )}
          </li>
        );
      })}
    </ol>
  );
}

function MoneySheet({ job, mine }: { job: JobRecord; mine: boolean }) {
  const { mint } = useNetwork();
  const live = job.state === 'running';
  const now = useNow(live ? 100 : 1_000);
  const decimals = mint(job.mint)?.decimals ?? 0;
  const money = moneyOf(job, now);
  const share = job.escrowed === 0n ? 0 : Number((money.used * 100_000n) / job.escrowed) / 100_000;
  const words = live
    ? 'used so far, at most'
    : job.state === 'settled'
      ? 'paid for proven time'
      : job.state === 'submitted'
        ? 'claimed by the receipt'
        : 'used';
  return (
    <section className="sheet">
      <header>
        <h2>Money</h2>
      </header>
      <div style={{ maxWidth: '19rem', margin: '0 auto' }}>
        <MoneyWheel
          share={share}
          turning={live}
          label={`${decimal(money.used, decimals)} of ${decimal(job.escrowed, decimals)} escrowed ${words}`}
        >
          <text textAnchor="middle" y="-2" fontSize={running(money.used, decimals).length > 9 ? 22 : 27}>
            {running(money.used, decimals)}
          </text>
          <text textAnchor="middle" y="18" fontSize="13" style={{ fill: 'var(--soft)', fontWeight: 400 }}>
            {words}
          </text>
        </MoneyWheel>
      </div>
      <dl className="facts" style={{ marginTop: '0.9rem' }}>
        <dt>Locked in this job’s vault</dt>
        <dd>
          <Money atoms={job.escrowed} mint={job.mint} />
        </dd>
        <dt>Price</dt>
        <dd>
          {job.price_per_second !== null ? (
            <Hourly perSecond={job.price_per_second} mint={job.mint} />
          ) : job.price_ceiling_per_second !== null ? (
            <>
              at most <Hourly perSecond={job.price_ceiling_per_second} mint={job.mint} />
            </>
          ) : (
            '\u2013'
          )}
        </dd>
        {job.metered_ms > 0n && (
          <>
            <dt>Metered time</dt>
            <dd>{(Number(job.metered_ms) / 1_000).toFixed(1)} s</dd>
          </>
        )}
        {job.state === 'settled' ? (
          <>
            <dt>Provider</dt>
            <dd>
              <Money atoms={job.paid} mint={job.mint} />
              {job.claimed.includes('reward') && <span className="soft">, collected</span>}
            </dd>
            <dt>Fee</dt>
            <dd>
              <Money atoms={job.fee} mint={job.mint} />
            </dd>
            <dt>Back to the tenant</dt>
            <dd>
              <b>
                <Money atoms={job.refunded} mint={job.mint} />
              </b>
              {job.claimed.includes('refund') && <span className="soft">, collected</span>}
            </dd>
            {job.slashed > 0n && (
              <>
                <dt>Set aside of the provider’s stake</dt>
                <dd>{decimal(job.slashed, 6)} stake tokens</dd>
              </>
            )}
          </>
        ) : (
          <>
            <dt>Comes back at least</dt>
            <dd>
              <Money atoms={job.escrowed - money.used} mint={job.mint} steady={live} />
            </dd>
          </>
        )}
      </dl>
      {live && job.max_seconds !== null && (
        <p className="small soft" style={{ marginTop: '0.6rem' }}>
          Nothing is paid before the work is proven.{' '}
          {duration(Math.max(0, job.max_seconds - (now - (job.started_at ?? now))))} of the reserved time left.
        </p>
      )}
      {mine && <Actions job={job} />}
    </section>
  );
}

function Actions({ job }: { job: JobRecord }) {
  const refundLeft = job.state === 'settled' && job.refunded > 0n && !job.claimed.includes('refund') && !job.closed;
  const cancellable = job.state === 'open';
  if (!refundLeft && !cancellable) return null;
  return (
    <div className="buttons" style={{ marginTop: '0.9rem' }}>
      {cancellable && (
        <ProposeButton
          title="Cancel this job"
          job={job.address}
          kind="danger"
          plan={async (signer) => (await import('../chain/actions')).cancelJob(signer, job.address)}
        >
          Cancel and take the money back
        </ProposeButton>
      )}
      {refundLeft && (
        <ProposeButton
          title="Collect your refund"
          job={job.address}
          plan={async () => (await import('../chain/actions')).collectRefund(job.address)}
        >
          Collect the refund
        </ProposeButton>
      )}
    </div>
  );
}

function Bids({ job }: { job: JobRecord }) {
  const bids = useBids(job.address);
  const now = useNow(1_000);
  const left = (job.bids_until ?? 0) - now;
  return (
    <section className="sheet">
      <header>
        <h2>Bids</h2>
        <span className="nums soft">{left > 0 ? `${duration(left)} left` : 'the auction is over'}</span>
      </header>
      <Show known={bids} bones={<Bone width="100%" height="4rem" />}>
        {(all) =>
          all.length === 0 ? (
            <Empty title="No bid yet">Providers answer within seconds if the ceiling is worth it to them.</Empty>
          ) : (
            <table>
              <thead>
                <tr>
                  <th>Provider</th>
                  <th className="number">An hour</th>
                </tr>
              </thead>
              <tbody>
                {all
                  .filter((bid) => !bid.withdrawn)
                  .toSorted((one, other) => (one.price_per_second < other.price_per_second ? -1 : 1))
                  .map((bid, index) => (
                    <tr key={bid.address}>
                      <td>
                        <code>{short(bid.provider)}</code> {index === 0 && <Mark tone="good">lowest</Mark>}
                      </td>
                      <td className="number">
                        <Hourly perSecond={bid.price_per_second} mint={job.mint} />
                      </td>
                    </tr>
                  ))}
              </tbody>
            </table>
          )
        }
      </Show>
    </section>
  );
}

function Terms({ job }: { job: JobRecord }) {
  return (
    <section className="sheet">
      <header>
        <h2>Agreed on the chain</h2>
      </header>
      <dl className="facts">
        <dt>Tenant</dt>
        <dd>
          <Address of={job.tenant} what="tenant" />
        </dd>
        {job.provider !== null && (
          <>
            <dt>Provider</dt>
            <dd>
              <Address of={job.provider} what="provider account" />
            </dd>
          </>
        )}
        <dt>Proof</dt>
        <dd>
          {job.class === 'deterministic'
            ? 'an independent re-run must give the same bytes'
            : job.class === 'witnessed'
              ? 'witnessed: heartbeats, probes and co-signed usage'
              : (job.class ?? '\u2013')}
        </dd>
        <dt>Asks for</dt>
        <dd>
          {job.tier !== null && (job.tier === 0 ? 'any tier' : <Tier tier={job.tier} />)}
          {job.gpu_count !== null && `, ${job.gpu_count === 0 ? 'no GPU in particular' : `${job.gpu_count} GPU`}`}
          {(job.vram_mib ?? 0) > 0 && `, ${memory(job.vram_mib ?? 0)}`}
          {(job.region ?? 0) > 0 && `, ${regionName(job.region ?? 0)}`}
        </dd>
        {job.array !== null && (
          <>
            <dt>Task</dt>
            <dd>
              {job.task_index ?? '?'} of <Link to={`/arrays/${job.array}`}>its array</Link>
            </dd>
          </>
        )}
        <dt>{job.kind === 'service' ? 'Escrow covers' : 'Longest run'}</dt>
        <dd>{job.max_seconds === null ? '\u2013' : duration(job.max_seconds)}</dd>
        {job.audit_bps !== null && job.kind !== 'service' && (
          <>
            <dt>Audited</dt>
            <dd>{job.audit_bps >= 10_000 ? 'always' : `${percent(job.audit_bps)} of such receipts`}</dd>
          </>
        )}
        {job.spec_hash !== null && (
          <>
            <dt>Specification</dt>
            <dd>
              <Address of={job.spec_hash} what="hash of the specification" />
            </dd>
          </>
        )}
        {job.image_digest !== null && (
          <>
            <dt>Image</dt>
            <dd>
              <Address of={`sha256:${job.image_digest}`} what="image digest" />
            </dd>
          </>
        )}
      </dl>
    </section>
  );
}

function Witnessed() {
  return (
    <section className="sheet">
      <header>
        <h2>Proof</h2>
      </header>
      <Note tone="warn" title="Witnessed, never verified.">
        <p>
          Nobody runs a service again. What counts is its usage: a total that both sides sign, or that validators
          witness. Not even they judge what it answers.
        </p>
      </Note>
    </section>
  );
}

function Verification({ job }: { job: JobRecord }) {
  const rounds = useRounds(job.address);
  const judged = job.submitted_at !== null;
  return (
    <section className="sheet">
      <header>
        <h2>Verification</h2>
      </header>
      {!judged ? (
        <Empty title="Begins with the receipt">
          A public beacon decides whether it is audited. Then a committee is drawn, commits in the dark, and reveals.
        </Empty>
      ) : (
        <Show known={rounds} bones={<Bone width="100%" height="12rem" />}>
          {(all) =>
            all.length === 0 ? (
              <Empty title={job.state === 'submitted' ? 'No round is open yet' : 'Not drawn for an audit'}>
                {job.state === 'submitted'
                  ? 'If the beacon draws this receipt, its committee appears here.'
                  : 'The receipt stood unchallenged through its window.'}
              </Empty>
            ) : (
              <div className="pair">
                {all.map((round) => (
                  <RoundView key={round.address} round={round} />
                ))}
              </div>
            )
          }
        </Show>
      )}
    </section>
  );
}

const SEAT_STATES: Readonly<Record<Tone, Seat['state']>> = {
  good: 'good',
  bad: 'bad',
  warn: 'warn',
  plain: 'warn',
  busy: 'committed',
};

function RoundView({ round }: { round: RoundRecord }) {
  const now = useNow(1_000);
  const seats = round.committee.map((validator, seat): Seat => {
    const name = validator === null ? `seat ${seat + 1}` : short(validator);
    const said = round.revealed.find((one) => one.seat === seat);
    if (said !== undefined) {
      const { name: opinion, tone } = named(VERDICTS, said.verdict);
      return { name, state: SEAT_STATES[tone], says: opinion };
    }
    if (round.missed[seat] === true) return { name, state: 'missed', says: 'committed and did not reveal' };
    if (round.committed[seat] === true) return { name, state: 'committed', says: 'committed, sealed' };
    return { name, state: 'waiting', says: round.state === 'open' ? 'deliberating' : 'did not speak' };
  });
  const committed = round.committed.filter(Boolean).length;
  const said = new Map<string, number>();
  for (const { verdict } of round.revealed) said.set(verdict, (said.get(verdict) ?? 0) + 1);
  const phase =
    round.verdict === null && round.state === 'closed'
      ? `Over: ${[...said].map(([verdict, count]) => `${count} of ${seats.length} revealed ${named(VERDICTS, verdict).name}`).join(', ') || 'nobody spoke'}`
      : round.verdict !== null
        ? `Verdict: ${named(VERDICTS, round.verdict).name}`
        : round.state === 'escalated'
          ? 'Escalated to a larger committee'
          : round.commit_until !== null && now < round.commit_until && committed < seats.length
            ? `Commits until ${clock(round.commit_until)}`
            : round.reveal_until !== null && now < round.reveal_until
              ? `Reveals until ${clock(round.reveal_until)}`
              : 'Being closed';
  return (
    <div className="stack tight">
      <h3>
        Round {round.index}
        {round.index === 3 && ', on appeal'}
      </h3>
      <div style={{ maxWidth: '17rem' }}>
        <CommitteeWheel
          seats={seats}
          label={`Committee of round ${round.index}`}
          centre={round.verdict === null ? `${committed}/${seats.length}` : named(VERDICTS, round.verdict).name}
        />
      </div>
      <p className="small">{phase}</p>
      <ul className="small" style={{ margin: 0, paddingLeft: '1.1rem' }}>
        {seats.map((seat, index) => (
          <li key={index}>
            <code>{seat.name}</code> {seat.says}
          </li>
        ))}
        {round.re_executor !== null && (
          <li>
            <code>{short(round.re_executor)}</code>{' '}
            {round.re_executed ? 'ran the job again' : 'was drawn to run the job again'}
          </li>
        )}
      </ul>
    </div>
  );
}

function History({ job }: { job: string }) {
  const events = useJobEvents(job);
  return (
    <section className="sheet">
      <header>
        <h2>On the chain</h2>
      </header>
      <Show known={events} bones={<Bone width="100%" height="6rem" />}>
        {(all) =>
          all.length === 0 ? (
            <Empty title="No event yet" />
          ) : (
            <ul style={{ listStyle: 'none', margin: 0, padding: 0 }} className="small">
              {all.map((event) => (
                <li
                  key={String(event.sequence)}
                  style={{ display: 'flex', justifyContent: 'space-between', gap: '1rem', padding: '0.25rem 0' }}
                >
                  <span>{eventWords(event)}</span>
                  <When at={event.at} missing="time not known" />
                </li>
              ))}
            </ul>
          )
        }
      </Show>
      <p className="small soft" style={{ marginTop: '0.6rem' }}>
        <Link to="/network">All events of the network</Link>
      </p>
    </section>
  );
}
