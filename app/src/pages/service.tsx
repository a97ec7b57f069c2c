/** A service: its time, its money by the second, its ports, and what each side can do. Time and money are the chain's. */
import { accrued, availabilityBps, streamable } from '@proofmill/client';
import { useState } from 'react';
import type { ServiceView } from '../chain/service';
import * as acts from '../chain/service';
import { ask } from '../gateway/client';
import { GatewayFault, type Words } from '../gateway/faults';
import type { JobRecord } from '../gateway/records';
import { integer, shape, type Read } from '../gateway/wire';
import { TOP_UP_DAYS_MAX } from '../limits';
import { useNetwork } from '../network';
import { useNow } from '../parts/clock';
import { TextField } from '../parts/field';
import { Bone, Empty, Fault, Mark, Note, Show } from '../parts/marks';
import { Hourly, Money } from '../parts/money';
import { ProposeButton } from '../parts/propose-button';
import { useKnown } from '../store/cache';
import type { Delivery } from '../store/deliveries';
import { useService } from '../store/questions';
import { decimal, percent, running } from '../text/amount';
import { STAKE_DECIMALS } from '../text/draft';
import { OUTCOMES, STATES } from '../text/known';
import { portOf, ticketUrl } from '../text/ticket';
import { clock, duration, relative } from '../text/time';
import { topUpSeconds } from '../text/top-up';
import { useWallet } from '../wallet/context';
import { useSignIn } from '../wallet/sign-in';

export function ServiceStanding({ job }: { job: JobRecord }) {
  const service = useService(job.closed ? null : job.address);
  if (service.data === undefined || service.data === null) {
    return (
      <>
        {service.fault !== null && <Fault words={service.fault.words} />}
        <p>{job.outcome === null ? STATES[job.state]?.says : OUTCOMES[job.outcome]?.says}</p>
      </>
    );
  }
  return <Standing service={service.data} job={job} />;
}

function Standing({ service, job }: { service: ServiceView; job: JobRecord }) {
  const now = useNow(1_000);
  const { meter, state } = service;
  const started = Number(meter.startedAt);
  const ended = Number(meter.endedAt);
  const steps: readonly { readonly name: string; readonly at: number | null; readonly due: string }[] = [
    { name: 'Posted', at: job.posted_at, due: '' },
    { name: 'Matched', at: job.matched_at, due: '' },
    {
      name: 'Healthy',
      at: started === 0 ? null : started,
      due: state === 'matched' ? 'not yet: nothing is billed' : '',
    },
    {
      name: state === 'paused' ? 'Paused' : 'Runs dry',
      at: state === 'paused' ? Number(meter.pausedAt) : null,
      due: state === 'running' && service.dryAt !== null ? relative(service.dryAt, now) : '',
    },
    { name: 'Ending', at: ended === 0 ? null : ended, due: '' },
    { name: 'Settled', at: job.settled_at, due: '' },
  ];
  const stands = { open: 0, matched: 1, running: 2, paused: 3, ending: 4, settled: 5, submitted: 4 }[state];
  const behind = job.state !== state && !(job.state === 'settled' && state === 'ending');
  return (
    <>
      <ol className="steps">
        {steps.map((step, index) => (
          <li
            key={step.name}
            data-done={step.at !== null && index !== stands}
            data-now={index === stands}
            aria-current={index === stands ? 'step' : undefined}
          >
            <b>{step.name}</b>
            <span className="nums">{step.at === null ? step.due : clock(step.at)}</span>
          </li>
        ))}
      </ol>
      <p style={{ marginTop: '1.1rem' }}>
        {state === 'settled' && job.outcome !== null
          ? OUTCOMES[job.outcome]?.says
          : state === 'running'
            ? 'It is healthy. Each second earns the provider its price, up to what you co-sign or validators witness.'
            : STATES[state]?.says}
        {service.expiresAfter !== null &&
          state === 'paused' &&
          ` Anyone may end it ${relative(service.expiresAfter, now)}.`}
      </p>
      {behind && (
        <p className="small soft">The gateway still says {STATES[job.state]?.name ?? job.state}; this is the chain.</p>
      )}
    </>
  );
}

export function ServiceMoney({ job }: { job: JobRecord }) {
  const service = useService(job.closed ? null : job.address);
  return (
    <section className="sheet">
      <header>
        <h2>Money</h2>
      </header>
      {job.closed ? (
        <Closed job={job} />
      ) : (
        <Show known={service} bones={<Bone width="100%" height="14rem" />}>
          {(found) => (found === null ? <Closed job={job} /> : <Streaming job={job} service={found} />)}
        </Show>
      )}
    </section>
  );
}

function Closed({ job }: { job: JobRecord }) {
  return (
    <>
      <dl className="facts">
        <dt>Provider</dt>
        <dd>
          <Money atoms={job.paid} mint={job.mint} />
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
        </dd>
      </dl>
      <p className="small soft">Closed: these are the gateway’s words, from the events of the chain.</p>
    </>
  );
}

function Streaming({ job, service }: { job: JobRecord; service: ServiceView }) {
  const { mint } = useNetwork();
  const live = service.state === 'running';
  const now = useNow(live ? 100 : 1_000);
  const decimals = mint(service.mint)?.decimals ?? 0;
  const cost = accrued(service.meter, service, BigInt(Math.floor(now * 1_000)));
  const total = cost.signed + cost.estimated;
  const share = (part: bigint): string =>
    service.escrowed === 0n ? '0%' : `${Number((part * 10_000n) / service.escrowed) / 100}%`;
  const settled = service.state === 'settled';
  const lies = job.metered_ms > service.meter.usageMs || job.escrowed > service.escrowed;
  const left = service.dryAt === null ? null : Math.max(0, service.dryAt - now);
  return (
    <div className="stack tight">
      <p className="streaming nums" role="img" aria-label={`${decimal(total, decimals)} used, estimates included`}>
        {running(total, decimals)}
      </p>
      <div
        className="meter-bar"
        role="img"
        aria-label={`${decimal(cost.signed, decimals)} signed and ${decimal(cost.estimated, decimals)} estimated of ${decimal(service.escrowed, decimals)} escrowed`}
      >
        <i style={{ width: share(cost.signed) }} />
        <i data-kind="estimated" style={{ width: share(cost.estimated) }} />
      </div>
      <dl className="facts">
        <dt>{settled ? 'Accepted usage' : 'Signed or witnessed'}</dt>
        <dd>
          <Money atoms={cost.signed} mint={service.mint} />
          <small className="soft">, {(Number(cost.signedMs) / 1_000).toFixed(1)} s</small>
        </dd>
        {!settled && (
          <>
            <dt>Since then, estimated</dt>
            <dd>
              <Money atoms={cost.estimated} mint={service.mint} steady={live} />
              <small className="soft">, if it was healthy all the time</small>
            </dd>
          </>
        )}
        <dt>Locked in its vault</dt>
        <dd>
          <Money atoms={service.escrowed} mint={service.mint} />
        </dd>
        <dt>Price</dt>
        <dd>
          {service.pricePerSecond === 0n ? '\u2013' : <Hourly perSecond={service.pricePerSecond} mint={service.mint} />}
        </dd>
        {left !== null && live && (
          <>
            <dt>Runs dry</dt>
            <dd className="nums">
              {clock(service.dryAt ?? 0)}, {duration(left)} left
            </dd>
          </>
        )}
        <dt>Drawn by the provider</dt>
        <dd>
          <Money atoms={service.streamed} mint={service.mint} />
        </dd>
        {settled && (
          <>
            <dt>Back to the tenant</dt>
            <dd>
              <b>
                <Money atoms={job.refunded} mint={job.mint} />
              </b>
              {job.claimed.includes('refund') && <span className="soft">, collected</span>}
            </dd>
          </>
        )}
      </dl>
      {!settled && (
        <p className="small soft">
          Only what both sides sign, or validators witness, is paid. The estimate is never above what the chain’s clock
          and the escrow allow.
        </p>
      )}
      {lies && (
        <Note tone="bad" title="The gateway says more than the chain does.">
          <p>
            It tells of {(Number(job.metered_ms) / 1_000).toFixed(1)} s and an escrow of{' '}
            <Money atoms={job.escrowed} mint={job.mint} />. What you see here is the chain’s. Use another gateway.
          </p>
        </Note>
      )}
      {service.sla !== null && <Bond service={service} sla={service.sla} job={job} now={now} />}
      <TenantActs job={job} service={service} />
      <ProviderActs job={job} service={service} />
    </div>
  );
}

function Bond({
  service,
  sla,
  job,
  now,
}: {
  service: ServiceView;
  sla: NonNullable<ServiceView['sla']>;
  job: JobRecord;
  now: number;
}) {
  const { address } = useWallet();
  const available = availabilityBps(service.meter, BigInt(Math.floor(now)));
  return (
    <div className="stack tight">
      <h3>Availability</h3>
      <dl className="facts">
        <dt>Pledged</dt>
        <dd>
          {percent(sla.requiredBps)}, a bond of {decimal(sla.bond, STAKE_DECIMALS)} stake tokens
        </dd>
        <dt>So far</dt>
        <dd>{available === undefined ? 'too short to judge' : `${percent(available)} by accepted usage`}</dd>
        <dt>{sla.settled ? 'Due to the tenant' : 'Due if it ended now'}</dt>
        <dd>
          {decimal(sla.due, STAKE_DECIMALS)} stake tokens{sla.claimed && <span className="soft">, collected</span>}
        </dd>
      </dl>
      {sla.settled && sla.due > 0n && !sla.claimed && address !== null && (
        <div className="buttons">
          <ProposeButton
            title="Collect what is due of the bond"
            job={job.address}
            plan={(signer) => acts.claimSla(signer, job.address)}
          >
            Collect what is due of the bond
          </ProposeButton>
        </div>
      )}
    </div>
  );
}

function TenantActs({ job, service }: { job: JobRecord; service: ServiceView }) {
  const { address } = useWallet();
  const { mint } = useNetwork();
  const [hours, setHours] = useState('1');
  const seconds = topUpSeconds(hours);
  const goesOn = service.state === 'running' || service.state === 'paused';
  const cost = useKnown(
    goesOn && address !== null && seconds !== null
      ? `chain:top-up:${job.address}:${address}:${seconds}:${service.escrowed}`
      : null,
    () => acts.topUpCost(address ?? '', job.address, seconds ?? 0),
  );
  const mine = address === service.tenant;
  const shown = cost.data;
  const refund = service.state === 'settled' && mine && job.refunded > 0n && !job.claimed.includes('refund');
  return (
    <>
      {goesOn && address !== null && (
        <div className="stack tight">
          <h3>Top up</h3>
          <TextField
            label="Hours to add"
            value={hours}
            onChange={setHours}
            problem={seconds === null ? `From a second to ${TOP_UP_DAYS_MAX} days.` : null}
            inputMode="decimal"
            hint={
              shown === undefined
                ? 'Anyone may pay; the price is the agreed one.'
                : `Costs ${decimal(shown, mint(service.mint)?.decimals ?? 0)}${mine ? ', after what the escrow holds already' : ''}.`
            }
          />
          <div className="buttons">
            <ProposeButton
              title="Top up this service"
              job={job.address}
              plan={
                seconds === null || shown === undefined
                  ? null
                  : (signer) => acts.topUpService(signer, job.address, seconds, shown)
              }
            >
              Top up
            </ProposeButton>
          </div>
        </div>
      )}
      {mine && (goesOn || service.state === 'matched') && (
        <div className="buttons">
          <ProposeButton
            title="Stop this service"
            job={job.address}
            kind="danger"
            plan={(signer) => acts.stopService(signer, job.address)}
          >
            Stop
          </ProposeButton>
        </div>
      )}
      {mine && service.state === 'open' && (
        <div className="buttons">
          <ProposeButton
            title="Cancel this service"
            job={job.address}
            kind="danger"
            plan={async (signer) => (await import('../chain/actions')).cancelJob(signer, job.address)}
          >
            Cancel and take the money back
          </ProposeButton>
        </div>
      )}
      {refund && (
        <div className="buttons">
          <ProposeButton
            title="Collect your refund"
            job={job.address}
            plan={async () => (await import('../chain/actions')).collectRefund(job.address)}
          >
            Collect the refund
          </ProposeButton>
        </div>
      )}
    </>
  );
}

function ProviderActs({ job, service }: { job: JobRecord; service: ServiceView }) {
  const { address } = useWallet();
  const operates = address !== null && address === service.operator;
  const owns = address !== null && (address === service.owner || operates);
  if (!owns) return null;
  const goesOn = ['running', 'paused', 'ending'].includes(service.state);
  let drawable = 0n;
  try {
    drawable = goesOn ? streamable({ ...service, usageMs: service.meter.usageMs }) : 0n;
  } catch {
    // Numbers that contradict each other are not an amount to draw.
  }
  return (
    <div className="stack tight">
      <h3>For its provider</h3>
      {goesOn && (
        <p className="small">
          You may draw <Money atoms={drawable} mint={service.mint} />, the fee left out.
        </p>
      )}
      <div className="buttons">
        {goesOn && drawable > 0n && (
          <ProposeButton
            title="Draw earnings"
            job={job.address}
            plan={(signer) => acts.drawEarnings(signer, job.address)}
          >
            Draw earnings
          </ProposeButton>
        )}
        {operates && service.state === 'paused' && (
          <ProposeButton
            title="Resume this service"
            job={job.address}
            plan={(signer) => acts.resumeService(signer, job.address)}
          >
            Resume
          </ProposeButton>
        )}
        {operates && (service.state === 'running' || service.state === 'paused') && (
          <ProposeButton
            title="End this service"
            job={job.address}
            kind="danger"
            plan={(signer) => acts.stopService(signer, job.address)}
          >
            End it
          </ProposeButton>
        )}
      </div>
    </div>
  );
}

const plain: Read<string> = (value, at) => {
  if (typeof value !== 'string' || value.length > 512) throw new GatewayFault('nonsense', NOT_A_WAY, at);
  return value;
};
const ticketRecord = shape({ path: plain, expires_at: integer });
const NOT_A_WAY: Words = {
  what: 'The gateway named something that is not a port of this service.',
  next: 'Nothing was opened. Use another gateway, or the command line.',
};

export function ServicePorts({ job, delivery, mine }: { job: JobRecord; delivery: Delivery | null; mine: boolean }) {
  const known = delivery?.ports ?? [];
  const [typed, setTyped] = useState('');
  const other = portOf(typed);
  if (!mine) return <Empty title="Only the tenant opens its ports">Connect the wallet that posted this service.</Empty>;
  if (job.state !== 'running')
    return <Empty title="No port is open">They can be opened while the service runs and is healthy.</Empty>;
  return (
    <div className="stack tight">
      <p className="small soft">
        The gateway carries the page of a port to your browser, and could read it. It opens in a tab of its own that
        knows nothing of this page or of your wallet. The address works for whoever has it, for an hour at most.
      </p>
      {known.map((port) => (
        <OpenPort key={port.number} job={job.address} port={port.number} protocol={port.protocol} />
      ))}
      <TextField
        label={known.length === 0 ? 'Port' : 'Another port'}
        value={typed}
        onChange={setTyped}
        problem={typed !== '' && other === null ? 'From 1 to 65,535.' : null}
        inputMode="numeric"
        hint="Only ports that the job document names are let through."
      />
      {other !== null && !known.some((port) => port.number === other) && (
        <OpenPort key={other} job={job.address} port={other} protocol="http" />
      )}
    </div>
  );
}

function OpenPort({ job, port, protocol }: { job: string; port: number; protocol: string }) {
  const { signIn, session } = useSignIn();
  const now = useNow(1_000);
  const [busy, setBusy] = useState(false);
  const [fault, setFault] = useState<Words | null>(null);
  const [opened, setOpened] = useState<{ readonly url: string; readonly until: number } | null>(null);
  const open = async (): Promise<void> => {
    setFault(null);
    setBusy(true);
    try {
      if (session === null && !(await signIn())) return;
      const token = session?.token ?? (await import('../wallet/session')).currentToken();
      const found = await ask(`/v1/jobs/${job}/ports/${port}/ticket`, ticketRecord, {
        method: 'POST',
        body: {},
        token,
      });
      const url = ticketUrl(found.path, window.location.origin);
      if (url === null) {
        setFault(NOT_A_WAY);
        return;
      }
      setOpened({ url, until: found.expires_at });
      window.open(url, '_blank', 'noopener,noreferrer');
    } catch (error) {
      setFault(
        error instanceof GatewayFault
          ? error.words
          : { what: error instanceof Error ? error.message : String(error), next: 'Nothing was opened. Try again.' },
      );
    } finally {
      setBusy(false);
    }
  };
  const valid = opened !== null && opened.until > now;
  return (
    <div className="stack tight">
      <div className="buttons" style={{ alignItems: 'center' }}>
        <b className="nums">{port}</b>
        <Mark>{protocol}</Mark>
        {protocol === 'http' ? (
          <button type="button" className="button" data-size="small" disabled={busy} onClick={() => void open()}>
            Open port {port}
          </button>
        ) : (
          <span className="small soft">
            by the command line: <code>proofmill job forward</code>
          </span>
        )}
        {valid && (
          <a href={opened.url} target="_blank" rel="noopener noreferrer">
            Opened in a new tab; again until {clock(opened.until)}
          </a>
        )}
      </div>
      {fault !== null && <Fault words={fault} />}
    </div>
  );
}
