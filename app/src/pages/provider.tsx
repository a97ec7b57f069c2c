/** A provider's own desk: what it earns, how it is doing, what it offers. */
import { useState } from 'react';
import { Bars } from '../charts/strips';
import type { JobRecord, OfferRecord, ProviderRecord } from '../gateway/records';
import { useNetwork } from '../network';
import { useNow } from '../parts/clock';
import { Check, TextField } from '../parts/field';
import { Address, Bone, Empty, Mark, Note, Show, Tier } from '../parts/marks';
import { Hourly, mintName, Money } from '../parts/money';
import { ProposeButton } from '../parts/propose-button';
import { Link } from '../routing';
import { useSigning } from '../signing/context';
import { useJobs, useOffers, useProvider } from '../store/questions';
import { decimal, parseDecimal, percent } from '../text/amount';
import { duration, relative } from '../text/time';
import { useWallet } from '../wallet/context';
import { JobTable } from './jobs';
import { Capability, Record } from './provider-profile';

export function ProviderDashboard() {
  const { address, choose } = useWallet();
  const provider = useProvider(address);
  if (address === null) {
    return (
      <>
        <Head />
        <div className="stack">
          <section className="sheet">
            <Empty title="Connect the wallet that owns your provider">
              <button type="button" className="button" onClick={() => choose(true)}>
                Connect a wallet
              </button>
            </Empty>
          </section>
          <HowTo owner={null} />
        </div>
      </>
    );
  }
  if (provider.data === undefined && provider.fault?.code === 'not_found') {
    return (
      <>
        <Head />
        <div className="stack">
          <Note title="This wallet owns no provider yet.">
            <p>
              Registering begins on the machine with the GPU, because the node’s key is made there and never leaves it.
            </p>
          </Note>
          <HowTo owner={address} />
        </div>
      </>
    );
  }
  return (
    <Show
      known={provider}
      bones={
        <>
          <Head />
          <Bone width="100%" height="20rem" />
        </>
      }
    >
      {(found) => <Desk found={found} />}
    </Show>
  );
}

function Head() {
  return (
    <div className="page-head">
      <div>
        <h1>Your GPUs</h1>
        <p>
          Earn by the second for work that is proven. One daemon, a sandbox around every job, your keys on your machine.
        </p>
      </div>
    </div>
  );
}

function HowTo({ owner }: { owner: string | null }) {
  return (
    <section className="sheet">
      <header>
        <h2>From a GPU to the first job</h2>
      </header>
      <ol className="acts">
        <li>
          <h3>On the machine with the GPU</h3>
          <p className="small">Makes the node’s keys, measures the device, registers it and deposits stake.</p>
          <code>proofmill provider init --stake 1000000000</code>
        </li>
        <li>
          <h3>Start the node</h3>
          <p className="small">It takes jobs, restarts safely, and drains when the GPU reports errors.</p>
          <code>proofmill provider start --config provider/node.toml</code>
        </li>
        <li>
          <h3>Come back here</h3>
          <p className="small">
            {owner === null ? 'Connect the owner’s wallet' : 'With this wallet as the owner'}: publish a price, watch
            the jobs, collect what you earn.
          </p>
        </li>
      </ol>
      <div style={{ marginTop: '1.2rem' }}>
        <Calculator />
      </div>
    </section>
  );
}

/** What a card earns: plain arithmetic on what the reader types, with the network's fee. */
function Calculator() {
  const { paymentMint, network } = useNetwork();
  const [hourly, setHourly] = useState('1');
  const [busy, setBusy] = useState('60');
  const [watts, setWatts] = useState('300');
  const [power, setPower] = useState('0.25');
  const decimals = paymentMint?.decimals ?? 6;
  const price = parseDecimal(hourly, decimals);
  const cost = parseDecimal(power, decimals);
  const share = Number(busy);
  const fine = 'atoms' in price && 'atoms' in cost && share >= 0 && share <= 100 && /^\d+$/u.test(watts);
  const hours = BigInt(Math.round(720 * (Number.isFinite(share) ? share : 0)));
  const gross = fine ? (price.atoms * hours) / 100n : 0n;
  const net = gross - (gross * 250n) / 10_000n;
  const electricity = fine ? (cost.atoms * BigInt(watts) * hours) / 100_000n : 0n;
  return (
    <div className="stack tight">
      <h3>What it may earn in a month</h3>
      <div className="grid-fields">
        <TextField label="Price per hour" value={hourly} onChange={setHourly} inputMode="decimal" />
        <TextField label="Busy, % of the time" value={busy} onChange={setBusy} inputMode="decimal" />
        <TextField label="Power under load, watts" value={watts} onChange={setWatts} inputMode="numeric" />
        <TextField label="Electricity per kWh" value={power} onChange={setPower} inputMode="decimal" />
      </div>
      <p>
        {fine ? (
          <>
            About <b>{decimal(net - electricity, decimals, 2)}</b>{' '}
            {paymentMint === null ? '' : mintName(paymentMint.mint, network?.local ?? false)} after a fee of{' '}
            {percent(250)} and electricity of {decimal(electricity, decimals, 2)}.
          </>
        ) : (
          'Fill in plain numbers.'
        )}
      </p>
    </div>
  );
}

function Desk({ found }: { found: ProviderRecord }) {
  const jobs = useJobs({ provider: found.address });
  const offers = useOffers();
  const mine = offers.data?.filter((offer) => offer.owner === found.owner) ?? [];
  return (
    <>
      <div className="page-head">
        <div>
          <h1>
            {found.gpu_count > 1 && `${found.gpu_count} \u00d7 `}
            <bdi>{found.gpu_model || 'Your GPU'}</bdi>
          </h1>
          <p>
            <Tier tier={found.tier} /> <Address of={found.address} what="provider account" />
          </p>
        </div>
        <div className="buttons">
          {found.active ? <Mark tone="good">takes jobs</Mark> : <Mark tone="warn">takes no jobs</Mark>}
          {found.simulated && <Mark tone="warn">simulated device</Mark>}
        </div>
      </div>
      <div className="stack">
        <Record found={found} />
        <div className="split">
          <Earnings known={jobs} />
          <section className="sheet">
            <header>
              <h2>Health</h2>
            </header>
            <Health found={found} jobs={jobs.data ?? []} />
          </section>
        </div>
        <div className="pair">
          <OwnOffers offers={mine} loading={offers.data === undefined} />
          <section className="sheet">
            <header>
              <h2>Announced and measured</h2>
              <Link to="/stake">Your stake</Link>
            </header>
            <Capability found={found} />
          </section>
        </div>
        <section className="sheet">
          <header>
            <h2>Jobs</h2>
          </header>
          <Show known={jobs} bones={<Bone width="100%" height="8rem" />}>
            {(all) => (
              <JobTable jobs={all.slice(0, 50)} empty="No job yet. Publish a price, and the first one comes." />
            )}
          </Show>
        </section>
      </div>
    </>
  );
}

const DAY = 86_400;

function Earnings({ known }: { known: ReturnType<typeof useJobs> }) {
  const { paymentMint } = useNetwork();
  const now = useNow(60_000);
  return (
    <section className="sheet">
      <header>
        <h2>Earnings</h2>
      </header>
      <Show known={known} bones={<Bone width="100%" height="10rem" />}>
        {(all) => {
          const mint = paymentMint?.mint ?? all[0]?.mint ?? null;
          const paid = all.filter((job) => job.mint === mint && job.state === 'settled' && job.paid > 0n);
          const sum = (jobs: readonly JobRecord[]): bigint => jobs.reduce((total, job) => total + job.paid, 0n);
          const today = Math.floor(now / DAY);
          const days = Array.from({ length: 14 }, (_, index) => {
            const day = today - 13 + index;
            return { day, total: sum(paid.filter((job) => Math.floor((job.settled_at ?? 0) / DAY) === day)) };
          });
          const most = days.reduce((high, { total }) => (total > high ? total : high), 1n);
          const waiting = paid.filter((job) => !job.claimed.includes('reward') && !job.closed);
          if (mint === null || all.length === 0)
            return <Empty title="Nothing yet">What you earn appears here, day by day.</Empty>;
          return (
            <div className="stack">
              <dl className="figures">
                <div>
                  <dt>In all, after the fee</dt>
                  <dd>
                    <Money atoms={sum(paid)} mint={mint} />
                  </dd>
                </div>
                <div>
                  <dt>In the last 24 hours</dt>
                  <dd>
                    <Money
                      atoms={sum(paid.filter((job) => (job.settled_at ?? 0) > now - DAY))}
                      mint={mint}
                      unit={false}
                    />
                  </dd>
                </div>
                <div>
                  <dt>To be collected</dt>
                  <dd>
                    <Money atoms={sum(waiting)} mint={mint} unit={false} />
                  </dd>
                </div>
              </dl>
              <div>
                <Bars
                  label="Earned each day of the last fourteen"
                  values={days.map(({ day, total }) => ({
                    label: `${new Date(day * DAY * 1_000).toLocaleDateString([], { month: 'short', day: 'numeric' })}: ${decimal(total, paymentMint?.decimals ?? 0)}`,
                    share: Number((total * 1_000n) / most) / 1_000,
                  }))}
                />
                <p className="small soft">Fourteen days, today at the right.</p>
              </div>
              {waiting.length > 0 && <Collect jobs={waiting} />}
            </div>
          );
        }}
      </Show>
    </section>
  );
}

function Collect({ jobs }: { jobs: readonly JobRecord[] }) {
  const next = jobs[0];
  if (next === undefined) return null;
  return (
    <Note title={`${jobs.length} settled ${jobs.length === 1 ? 'job holds' : 'jobs hold'} money for you.`}>
      <p>Your node collects it by itself; you need not wait for it.</p>
      <div className="buttons">
        <ProposeButton
          title="Collect your reward"
          job={next.address}
          size="small"
          plan={async () => (await import('../chain/actions')).collectReward(next.address)}
        >
          Collect <Money atoms={next.paid} mint={next.mint} />
        </ProposeButton>
      </div>
    </Note>
  );
}

/** As far as the chain says: what nobody measured is said not to be known. */
function Health({ found, jobs }: { found: ProviderRecord; jobs: readonly JobRecord[] }) {
  const now = useNow(10_000);
  const held = jobs.filter((job) => job.state === 'matched' || job.state === 'running' || job.state === 'submitted');
  const broken = jobs.filter((job) => ['never_started', 'no_receipt', 'declined'].includes(job.outcome ?? ''));
  const lastBroken = broken.reduce((latest, job) => Math.max(latest, job.settled_at ?? 0), 0);
  const killed = jobs.filter((job) => job.termination === 'out_of_memory').length;
  return (
    <div className="stack tight">
      <dl className="facts">
        <dt>Slots in use</dt>
        <dd>
          {held.length} of {found.capacity}
        </dd>
        <dt>Uptime, last week</dt>
        <dd>{found.uptime_measured ? percent(found.uptime_bps) : 'validators have not measured enough yet'}</dd>
        <dt>Last measurement</dt>
        <dd>{found.certificate === null ? 'none yet' : relative(found.certificate.measured_at, now)}</dd>
        <dt>Not started, given back or silent</dt>
        <dd>
          {broken.length}
          {lastBroken > 0 && `, last ${relative(lastBroken, now)}`}
        </dd>
        <dt>Jobs out of memory</dt>
        <dd>{killed}</dd>
      </dl>
      <p className="small soft">
        Temperature, ECC and driver errors stay on your machine: the node reads them, drains the device by itself and
        shows them at its own <code>/metrics</code>.
      </p>
    </div>
  );
}

function OwnOffers({ offers, loading }: { offers: readonly OfferRecord[]; loading: boolean }) {
  const { propose } = useSigning();
  const { paymentMint, network } = useNetwork();
  const now = useNow(10_000);
  const [hourly, setHourly] = useState('');
  const [hours, setHours] = useState('1');
  const [days, setDays] = useState('7');
  const [services, setServices] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);

  const publish = (): void => {
    if (paymentMint === null) return;
    const price = parseDecimal(hourly, paymentMint.decimals);
    if ('problem' in price) {
      setProblem(price.problem);
      return;
    }
    const perSecond = price.atoms / 3_600n;
    if (perSecond === 0n) {
      setProblem('That is less than one atom a second.');
      return;
    }
    const longest = Math.round(Number(hours) * 3_600);
    if (!(longest >= 1 && longest <= DAY)) {
      setProblem('The longest run is from one second to 24 hours.');
      return;
    }
    const valid = Number(days);
    if (!(valid > 0 && valid <= 365)) {
      setProblem('An offer stands for up to 365 days.');
      return;
    }
    setProblem(null);
    void propose({
      title: 'Publish an offer',
      plan: async (signer) =>
        (await import('../chain/actions')).publishOffer({
          signer,
          mint: paymentMint.mint,
          pricePerSecond: perSecond,
          secondsMax: longest,
          expiresAt: Math.floor(Date.now() / 1_000 + valid * DAY),
          services,
        }),
    });
    return undefined;
  };

  return (
    <section className="sheet">
      <header>
        <h2>Your standing offers</h2>
      </header>
      <div className="stack">
        {loading ? (
          <Bone width="100%" height="4rem" />
        ) : offers.length === 0 ? (
          <Empty title="None">Without one your node still bids in auctions, if its configuration says so.</Empty>
        ) : (
          <table>
            <thead>
              <tr>
                <th className="number">An hour</th>
                <th>Longest run</th>
                <th>Stands</th>
                <th>
                  <span className="hidden">Withdraw</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {offers.map((offer) => (
                <tr key={offer.address}>
                  <td className="number">
                    <Hourly perSecond={offer.price_per_second} mint={offer.mint} />
                  </td>
                  <td>
                    {duration(offer.seconds_max)}
                    {offer.services && (
                      <>
                        {' '}
                        <Mark>services too</Mark>
                      </>
                    )}
                  </td>
                  <td>
                    {offer.valid_until > now ? `${duration(offer.valid_until - now)} more` : <Mark>expired</Mark>}
                  </td>
                  <td>
                    <ProposeButton
                      title="Withdraw this offer"
                      kind="quiet"
                      size="small"
                      plan={async (signer) => (await import('../chain/actions')).withdrawOffer(signer, offer.address)}
                    >
                      Withdraw
                    </ProposeButton>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
        <fieldset className="stack tight">
          <legend>Publish a price</legend>
          <div className="grid-fields">
            <TextField
              label="Price per hour"
              value={hourly}
              onChange={setHourly}
              problem={problem}
              inputMode="decimal"
              hint={paymentMint === null ? undefined : mintName(paymentMint.mint, network?.local ?? false)}
            />
            <TextField label="Longest run, hours" value={hours} onChange={setHours} inputMode="decimal" />
            <TextField label="Stands for, days" value={days} onChange={setDays} inputMode="decimal" />
          </div>
          <Check checked={services} onChange={setServices}>
            Services may take it too.{' '}
            <span className="soft">
              They are paid by the second of health, without a bond; a pledge of availability is offered by the command
              line.
            </span>
          </Check>
          <div className="buttons">
            <button type="button" className="button" onClick={publish}>
              Publish
            </button>
          </div>
        </fieldset>
      </div>
    </section>
  );
}
