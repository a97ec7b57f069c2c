/** What a draft costs, who fits it, and the way to the signature. */
import { useEffect, useMemo, useState } from 'react';
import type { MatchRecord, OfferRecord } from '../gateway/records';
import { regionName } from '../geography/land';
import { useNetwork } from '../network';
import { Bone, Empty, Fault, Mark, Note, Show, short } from '../parts/marks';
import { Hourly, Money } from '../parts/money';
import { go, Link } from '../routing';
import { useSigning } from '../signing/context';
import { SigningFault } from '../signing/words';
import { dropDelivery, keepDelivery } from '../store/deliveries';
import { useMatch, useOffers, type MatchQuestion } from '../store/questions';
import { useBalances } from '../store/balances';
import { parseDecimal } from '../text/amount';
import { asksCeiling, readEnv, seconds, slaOf, splitCommand, type Draft } from '../text/draft';
import { requirementWords } from '../text/requirements';
import { duration } from '../text/time';
import { U64_MAX } from '../limits';
import type { Words } from '../gateway/faults';
import { GatewayFault } from '../gateway/faults';
import { useWallet } from '../wallet/context';
import { useSignIn } from '../wallet/sign-in';

/** The longest pause between typing and asking, milliseconds: short enough to feel live, long enough to ask once a word. */
const TYPING_MS = 350;

export function Summary({
  draft,
  set,
  files,
  problems,
  onAsked,
}: {
  draft: Draft;
  set: (change: Partial<Draft>) => void;
  files: readonly File[];
  problems: readonly string[];
  onAsked: () => void;
}) {
  const { network, paymentMint } = useNetwork();
  const { address, choose, chain } = useWallet();
  const { propose } = useSigning();
  const { signIn } = useSignIn();
  const offers = useOffers();
  const balances = useBalances();
  const [busy, setBusy] = useState(false);
  const [fault, setFault] = useState<Words | null>(null);
  const decimals = paymentMint?.decimals ?? 6;
  const service = draft.kind === 'service';
  const byCeiling = asksCeiling(draft);
  const tasks = draft.kind === 'array' ? Number(draft.tasks) || 0 : 1;
  const sla = slaOf(draft);
  const ceiling = parseDecimal(draft.ceiling, decimals);
  const ceilingPerSecond = 'atoms' in ceiling ? ceiling.atoms / 3_600n : 0n;
  const run = seconds(draft);

  const question = useMemo<MatchQuestion | null>(() => {
    if (paymentMint === null || !(run >= 1 && run <= 86_400)) return null;
    return {
      mint: paymentMint.mint,
      gpu_count: Number(draft.gpus) || 0,
      vram_mib: (Number(draft.vramGib) || 0) * 1_024,
      tier: draft.tier,
      region: Number(draft.region) || 0,
      uptime_bps: Math.round((Number(draft.uptime.replace(',', '.')) || 0) * 100),
      certificate_age_seconds_max: (Number(draft.certificateHours) || 0) * 3_600,
      price_ceiling_per_second:
        byCeiling && ceilingPerSecond > 0n ? ceilingPerSecond.toString() : (U64_MAX / BigInt(run)).toString(),
      max_seconds: run,
      allow_simulated: draft.simulated && (network?.allow_simulated ?? false),
      sla_bond: String(sla?.bond ?? 0),
      sla_uptime_bps: sla?.uptime_bps ?? 0,
      kind: service ? 'service' : 'batch',
    };
    // eslint-disable-next-line react-hooks/exhaustive-deps -- the pledge follows from the draft
  }, [paymentMint, draft, run, ceilingPerSecond, network?.allow_simulated]);
  const [settled, setSettled] = useState(question);
  const key = JSON.stringify(question);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(question), TYPING_MS);
    return () => clearTimeout(timer);
    // eslint-disable-next-line react-hooks/exhaustive-deps -- the key says all of the question
  }, [key]);
  const match = useMatch(settled);

  const fitting = match.data?.matches ?? [];
  const chosen: OfferRecord | null = byCeiling
    ? null
    : (fitting.find((offer) => offer.address === draft.offer) ?? fitting[0] ?? null);
  const price = byCeiling ? ceilingPerSecond : (chosen?.price_per_second ?? 0n);
  const one = price * BigInt(Math.max(0, run));
  const escrow = one * BigInt(tasks);
  const poor = paymentMint !== null && balances.data !== undefined && escrow > 0n && balances.data.payment < escrow;
  const noSol = balances.data !== undefined && balances.data.lamports < 20_000_000n;
  const bridged = network?.node_key ?? null;
  const can =
    problems.length === 0 && paymentMint !== null && bridged !== null && price > 0n && (byCeiling || chosen !== null);

  // Not what was asked about: the pause in the typing is not over, or the gateway has not answered yet.
  const unanswered = key !== JSON.stringify(settled) || (match.data === undefined && match.fault === null);
  const looking = network === null || (!byCeiling && question !== null && unanswered);
  /** Why a draft without a problem of its own cannot be posted. */
  const obstacle = (): Words => {
    if (paymentMint === null) return { what: 'No token is open for jobs.', next: 'Ask whoever governs this network.' };
    if (bridged === null) {
      return { what: 'This gateway does not carry data.', next: 'Use another gateway, or the command line.' };
    }
    if (byCeiling) return { what: 'The ceiling is zero.', next: 'Say what an hour may cost at most.' };
    return match.fault?.words ?? { what: 'No standing offer fits.', next: 'Ask for less, or ask for bids.' };
  };

  const post = async (): Promise<void> => {
    onAsked();
    setFault(null);
    if (address === null) {
      choose(true);
      return;
    }
    // The form says them.
    if (problems.length > 0) return;
    if (!can) {
      setFault(obstacle());
      return;
    }
    setBusy(true);
    try {
      if (!(await signIn())) return;
      const { makeLaunch } = await import('../chain/launch');
      const command = splitCommand(draft.command);
      const env = readEnv(draft.env);
      if ('problem' in command || 'problem' in env) return;
      const launch = await makeLaunch({
        draft,
        command: command.words,
        env: env.env,
        files,
        tenant: address,
        seconds: run,
      });
      const array = draft.kind === 'array';
      const shared = { launch, mint: paymentMint.mint, nodeKey: bridged, ceilingPerSecond: price, escrowShown: escrow };
      const ending = await propose({
        title: array ? 'Post this array' : service ? 'Post this service' : 'Post this job',
        job: launch.job,
        plan: async (signer) => {
          if (array) {
            const { postArray } = await import('../chain/array-actions');
            const deadlineSeconds = Math.round(Number(draft.takeHours.replace(',', '.')) * 3_600);
            return postArray({ ...shared, signer, tasks, deadlineSeconds });
          }
          const { postJob } = await import('../chain/actions');
          return postJob({
            ...shared,
            signer,
            offer: chosen === null ? null : { address: chosen.address, pricePerSecond: chosen.price_per_second },
            auctionSeconds: draft.matching === 'auction' ? Number(draft.auctionSeconds) : 0,
          });
        },
        beforeSigning: () =>
          keepDelivery({
            job: launch.job,
            tenant: address,
            name: draft.name,
            specHash: launch.specHash,
            inputRoot: launch.inputRoot,
            keptAt: Date.now(),
            step: 'kept',
            spec: launch.spec,
            input: launch.input,
            problem: null,
            ...(service ? { ports: launch.document.ports } : {}),
            ...(array ? { array: { tasks, handed: {} } } : {}),
          }),
      });
      if (ending.kind === 'abandoned') await dropDelivery(launch.job);
      else go(`/${array ? 'arrays' : 'jobs'}/${launch.job}`);
    } catch (error) {
      setFault(
        error instanceof GatewayFault || error instanceof SigningFault
          ? error.words
          : {
              what: error instanceof Error ? error.message : String(error),
              next: 'Nothing was signed. Change what it names and try again.',
            },
      );
    } finally {
      setBusy(false);
    }
  };

  return (
    <aside className="stack" aria-label="Price and match" style={{ position: 'sticky', top: '1rem' }}>
      <section className="sheet">
        <header>
          <h2>What it costs</h2>
        </header>
        {paymentMint === null ? (
          <Bone width="100%" height="5rem" />
        ) : (
          <>
            <dl className="figures" style={{ marginBottom: '0.8rem' }}>
              <div>
                <dt>{service ? 'Locked at first' : 'Locked in escrow, at most paid'}</dt>
                <dd>{price === 0n ? '\u2013' : <Money atoms={escrow} mint={paymentMint.mint} />}</dd>
              </div>
            </dl>
            <dl className="facts">
              <dt>Price</dt>
              <dd>{price === 0n ? '\u2013' : <Hourly perSecond={price} mint={paymentMint.mint} />}</dd>
              {draft.kind === 'array' && (
                <>
                  <dt>For each of {tasks} tasks</dt>
                  <dd>{price === 0n ? '\u2013' : <Money atoms={one} mint={paymentMint.mint} />}</dd>
                </>
              )}
              {service && (
                <>
                  <dt>A day of it</dt>
                  <dd>{price === 0n ? '\u2013' : <Money atoms={price * 86_400n} mint={paymentMint.mint} />}</dd>
                </>
              )}
              <dt>{service ? 'Lasts' : draft.kind === 'array' ? 'A task runs at most' : 'Reserved'}</dt>
              <dd>{run > 0 ? duration(run) : '\u2013'}</dd>
              <dt>Fee</dt>
              <dd>{'within the price, taken from what the provider earns'}</dd>
              <dt>{service ? 'If you stop it after half of it' : 'If it takes half the time'}</dt>
              <dd>
                {price === 0n ? '\u2013' : <Money atoms={escrow - escrow / 2n} mint={paymentMint.mint} />} comes back
              </dd>
            </dl>
          </>
        )}
      </section>
      <section className="sheet">
        <header>
          <h2>Who fits</h2>
          {match.asking && <span className="soft small">looking</span>}
        </header>
        <Show known={match} bones={<Bone width="100%" height="6rem" />}>
          {(found) => (
            <Matches found={found} draft={draft} chosen={chosen} set={set} total={offers.data?.length ?? 0} />
          )}
        </Show>
      </section>
      <section className="sheet">
        <header>
          <h2>Before you sign</h2>
        </header>
        <div className="stack tight">
          {bridged === null ? (
            <Note tone="bad" title="This gateway does not carry data.">
              <p>It cannot hand your files to a provider. Use another gateway, or the command line.</p>
            </Note>
          ) : (
            <Note tone="warn" title="The gateway sees this job’s files and log.">
              <p>
                A browser cannot speak to providers itself. Inputs and logs pass through this gateway in the clear.
                Results are verified in your browser anyway, against the chain: the gateway cannot forge them. For
                end-to-end privacy use the command line.
              </p>
            </Note>
          )}
          {paymentMint !== null && one > 0n && one < paymentMint.escrow_min && (
            <Note
              tone="bad"
              title={draft.kind === 'array' ? 'The escrow of a task is too small.' : 'The escrow is too small.'}
            >
              <p>
                The least that this token takes is <Money atoms={paymentMint.escrow_min} mint={paymentMint.mint} />.
                Reserve more time, or raise the ceiling.
              </p>
            </Note>
          )}
          {poor && (
            <Note tone="bad" title="Your wallet holds too little for this escrow." live>
              <p>
                It holds <Money atoms={balances.data.payment} mint={paymentMint.mint} />.{' '}
                {network?.faucet === true
                  ? 'Open the wallet above and get test money.'
                  : 'Add tokens, or reserve less time.'}
              </p>
            </Note>
          )}
          {noSol && !poor && (
            <Note tone="warn" title="Your wallet has almost no SOL.">
              <p>The rent of the job’s accounts needs about 0.01 SOL; it comes back when the job is closed.</p>
            </Note>
          )}
          {fault !== null && <Fault words={fault} />}
          {problems.length > 0 && (
            <p className="small soft">
              Still to mend: {problems.length === 1 ? problems[0] : `${problems.length} things in the form.`}
            </p>
          )}
          <div className="buttons">
            <button
              type="button"
              className="button"
              disabled={busy || (address !== null && looking)}
              onClick={() => void post()}
            >
              {address === null ? 'Connect a wallet' : busy ? 'Preparing' : 'Review and post'}
            </button>
          </div>
          <p className="small soft">
            {chain === 'solana:mainnet'
              ? 'Real money. This software is not audited.'
              : 'Next you see the transaction in words, and sign or not.'}
          </p>
        </div>
      </section>
    </aside>
  );
}

function Matches({
  found,
  draft,
  chosen,
  set,
  total,
}: {
  found: MatchRecord;
  draft: Draft;
  chosen: OfferRecord | null;
  set: (change: Partial<Draft>) => void;
  total: number;
}) {
  const wanted = draft.offer !== '' && !asksCeiling(draft) && chosen !== null && chosen.address !== draft.offer;
  return (
    <div className="stack tight">
      {wanted && (
        <Note tone="warn" title="The offer that you chose does not fit now.">
          <p>The cheapest that fits is taken instead.</p>
        </Note>
      )}
      {found.matches.length === 0 ? (
        <Empty title={total === 0 ? 'There is no offer yet' : 'No standing offer fits'}>
          {draft.kind === 'array'
            ? 'Nobody would take a task now: raise the ceiling or ask for less, or wait for an offer.'
            : draft.matching === 'auction'
              ? 'Providers may still bid.'
              : draft.kind === 'service'
                ? 'Few offers are open to services. Ask for less, or ask for bids.'
                : 'Ask for less, or ask for bids.'}
        </Empty>
      ) : (
        <fieldset>
          <legend className="hidden">Offer to take</legend>
          <div className="stack tight">
            {found.matches.slice(0, 5).map((offer) => (
              <label key={offer.address} className="choice">
                <input
                  type="radio"
                  name="offer"
                  disabled={asksCeiling(draft)}
                  checked={chosen?.address === offer.address}
                  onChange={() => set({ offer: offer.address })}
                />
                <b>
                  <Hourly perSecond={offer.price_per_second} mint={offer.mint} />
                </b>
                <span className="small">
                  <bdi>{offer.gpu_model || 'GPU'}</bdi> by <code>{short(offer.owner)}</code>
                  {offer.region !== 0 && `, ${regionName(offer.region)}`}
                </span>
                {offer.simulated && <Mark tone="warn">simulated device</Mark>}
              </label>
            ))}
          </div>
        </fieldset>
      )}
      {found.refused.length > 0 && (
        <details>
          <summary>
            {found.refused.length} {found.refused.length === 1 ? 'offer does' : 'offers do'} not fit: why
          </summary>
          <ul className="small" style={{ paddingLeft: '1.1rem', margin: '0.5rem 0 0' }}>
            {found.refused.slice(0, 30).map((refused) => (
              <li key={refused.offer}>
                <Link to="/">
                  <code>{short(refused.offer)}</code>
                </Link>
                :{' '}
                {refused.failing
                  .map((failing) => requirementWords(failing.requirement, failing.needed, failing.found))
                  .join('; ')}
              </li>
            ))}
          </ul>
        </details>
      )}
    </div>
  );
}
