/** From a wish to a running job: what to run, on what, for how much; then everything in words, then one signature. */
import { useEffect, useId, useMemo, useState } from 'react';
import type { MatchRecord, OfferRecord } from '../gateway/records';
import { regionName, regions } from '../geography/land';
import { useNetwork } from '../network';
import { Check, SelectField, TextField } from '../parts/field';
import { Bone, Empty, Fault, Mark, Note, Show, short, Tier } from '../parts/marks';
import { Hourly, Money, mintName } from '../parts/money';
import { go, Link, useSearch } from '../routing';
import { useSigning } from '../signing/context';
import { SigningFault } from '../signing/words';
import { dropDelivery, keepDelivery } from '../store/deliveries';
import { useMatch, useOffers, type MatchQuestion } from '../store/questions';
import { useBalances } from '../store/balances';
import { bytes, parseDecimal } from '../text/amount';
import { EMPTY, problemsOf, readEnv, seconds, splitCommand, type Draft } from '../text/draft';
import { TIERS } from '../text/known';
import { requirementWords } from '../text/requirements';
import { duration } from '../text/time';
import { U64_MAX } from '../limits';
import type { Words } from '../gateway/faults';
import { GatewayFault } from '../gateway/faults';
import { useWallet } from '../wallet/context';
import { useSignIn } from '../wallet/sign-in';

const KEPT = 'proofmill.draft';

function keptDraft(): Draft {
  try {
    return { ...EMPTY, ...(JSON.parse(sessionStorage.getItem(KEPT) ?? '{}') as Partial<Draft>) };
  } catch {
    return EMPTY;
  }
}

export function Launch() {
  const { network, paymentMint } = useNetwork();
  const search = useSearch();
  const [draft, setDraft] = useState<Draft>(() => {
    const offer = search.get('offer');
    return offer === null ? keptDraft() : { ...keptDraft(), offer, matching: 'offer' };
  });
  const [files, setFiles] = useState<readonly File[]>([]);
  const [asked, setAsked] = useState(false);
  const decimals = paymentMint?.decimals ?? 6;
  const problems = problemsOf(draft, decimals, files);
  const set = (change: Partial<Draft>): void => setDraft((before) => ({ ...before, ...change }));
  useEffect(() => sessionStorage.setItem(KEPT, JSON.stringify(draft)), [draft]);
  const shown = (name: keyof typeof problems): string | null =>
    asked || draft[name as keyof Draft] !== EMPTY[name as keyof Draft] ? (problems[name] ?? null) : null;

  return (
    <>
      <div className="page-head">
        <div>
          <h1>Launch a job</h1>
          <p>
            Say what to run and on what. You see the price and who fits before you sign, and the escrow that is not used
            comes back by itself.
          </p>
        </div>
      </div>
      <div className="split">
        <form className="stack" aria-label="The job" onSubmit={(event) => event.preventDefault()}>
          <Work
            draft={draft}
            set={set}
            shown={shown}
            files={files}
            setFiles={setFiles}
            filesProblem={problems.files ?? null}
          />
          <Machine draft={draft} set={set} shown={shown} simulatedAllowed={network?.allow_simulated ?? false} />
          <Price draft={draft} set={set} shown={shown} />
        </form>
        <Summary
          draft={draft}
          set={set}
          files={files}
          problems={Object.values(problems)}
          onAsked={() => setAsked(true)}
        />
      </div>
    </>
  );
}

interface PartProps {
  readonly draft: Draft;
  readonly set: (change: Partial<Draft>) => void;
  readonly shown: (name: keyof Draft) => string | null;
}

function Work({
  draft,
  set,
  shown,
  files,
  setFiles,
  filesProblem,
}: PartProps & { files: readonly File[]; setFiles: (files: readonly File[]) => void; filesProblem: string | null }) {
  const id = useId();
  const [problem, setProblem] = useState<string | null>(null);
  const load = async (file: File): Promise<void> => {
    setProblem(null);
    try {
      const { draftOfDocument } = await import('../text/document');
      set(draftOfDocument(await file.text(), draft));
    } catch (error) {
      setProblem(error instanceof Error ? error.message : 'This is no job document.');
    }
  };
  return (
    <section className="sheet">
      <header>
        <h2>What to run</h2>
        <label className="text-button">
          Fill in from a job.json
          <input
            type="file"
            accept="application/json,.json"
            className="hidden"
            onChange={(event) => {
              const file = event.target.files?.[0];
              if (file !== undefined) void load(file);
              event.target.value = '';
            }}
          />
        </label>
      </header>
      <div className="stack">
        {problem !== null && (
          <Fault words={{ what: problem, next: 'Nothing was changed. Choose another file, or fill in the form.' }} />
        )}
        <div className="grid-fields">
          <TextField
            label="Name"
            value={draft.name}
            onChange={(name) => set({ name })}
            problem={shown('name')}
            hint="For you; it is not on the chain."
          />
        </div>
        <TextField
          label="Container image"
          value={draft.image}
          onChange={(image) => set({ image })}
          problem={shown('image')}
          mono
          placeholder="sha256:…"
          hint="By digest, so that everybody runs the same bytes."
        />
        <TextField
          label="Command"
          value={draft.command}
          onChange={(command) => set({ command })}
          problem={shown('command')}
          mono
          hint="Empty runs what the image says."
        />
        <TextField
          label="Environment"
          value={draft.env}
          onChange={(env) => set({ env })}
          problem={shown('env')}
          mono
          multiline
          hint="One KEY=VALUE on each line. Providers read it: put no secret here."
        />
        <div className="field">
          <label htmlFor={`${id}-files`}>Input files</label>
          <input
            id={`${id}-files`}
            type="file"
            multiple
            aria-invalid={filesProblem !== null}
            aria-describedby={`${id}-hint`}
            onChange={(event) => setFiles([...(event.target.files ?? [])])}
          />
          <span className="hint" id={`${id}-hint`}>
            {files.length === 0
              ? 'They appear in /in. Packed and hashed in this browser; the chain holds their root only.'
              : `${files.length} ${files.length === 1 ? 'file' : 'files'}, ${bytes(files.reduce((sum, file) => sum + file.size, 0))}`}
          </span>
          {filesProblem !== null && <span className="problem">{filesProblem}</span>}
        </div>
      </div>
    </section>
  );
}

function Machine({ draft, set, shown, simulatedAllowed }: PartProps & { simulatedAllowed: boolean }) {
  return (
    <section className="sheet">
      <header>
        <h2>On what</h2>
      </header>
      <div className="stack">
        <fieldset>
          <legend>Least tier</legend>
          <div className="choices" style={{ marginTop: '0.4rem' }}>
            {TIERS.map((tier, index) => (
              <label key={tier.word} className="choice">
                <input
                  type="radio"
                  name="tier"
                  value={tier.word}
                  checked={draft.tier === tier.word}
                  onChange={() => set({ tier: tier.word })}
                />
                <b>{index === 0 ? tier.name : <Tier tier={index} />}</b>
                <span className="small soft">{tier.says}</span>
              </label>
            ))}
          </div>
        </fieldset>
        <div className="grid-fields">
          <TextField
            label="GPUs"
            value={draft.gpus}
            onChange={(gpus) => set({ gpus })}
            problem={shown('gpus')}
            inputMode="numeric"
            hint="0: the job uses none."
          />
          <TextField
            label="GPU memory, GiB each"
            value={draft.vramGib}
            onChange={(vramGib) => set({ vramGib })}
            problem={shown('vramGib')}
            inputMode="numeric"
          />
          <TextField
            label="CPU cores"
            value={draft.cpus}
            onChange={(cpus) => set({ cpus })}
            problem={shown('cpus')}
            inputMode="decimal"
          />
          <TextField
            label="Memory, MiB"
            value={draft.memoryMib}
            onChange={(memoryMib) => set({ memoryMib })}
            problem={shown('memoryMib')}
            inputMode="numeric"
          />
          <TextField
            label="Output at most, MiB"
            value={draft.outputMib}
            onChange={(outputMib) => set({ outputMib })}
            problem={shown('outputMib')}
            inputMode="numeric"
          />
        </div>
        <details>
          <summary>Where, how steady, how well measured</summary>
          <div className="grid-fields" style={{ marginTop: '0.8rem' }}>
            <SelectField
              label="Region"
              value={draft.region}
              onChange={(region) => set({ region })}
              options={[
                { value: '0', label: 'Anywhere' },
                ...regions().map(({ code, name }) => ({ value: String(code), label: name })),
              ]}
            />
            <TextField
              label="Least uptime, %"
              value={draft.uptime}
              onChange={(uptime) => set({ uptime })}
              problem={shown('uptime')}
              inputMode="decimal"
            />
            <TextField
              label="Certificate no older than, hours"
              value={draft.certificateHours}
              onChange={(certificateHours) => set({ certificateHours })}
              problem={shown('certificateHours')}
              inputMode="numeric"
              hint="0 asks for none."
            />
          </div>
        </details>
        {simulatedAllowed && (
          <Check checked={draft.simulated} onChange={(simulated) => set({ simulated })}>
            A simulated device will do.{' '}
            <span className="soft">This network allows them; they are marked on the chain.</span>
          </Check>
        )}
      </div>
    </section>
  );
}

function Price({ draft, set, shown }: PartProps) {
  const { paymentMint, network } = useNetwork();
  const unit = paymentMint === null ? '' : mintName(paymentMint.mint, network?.local ?? false);
  return (
    <section className="sheet">
      <header>
        <h2>For how much</h2>
      </header>
      <div className="stack">
        <div className="grid-fields">
          <TextField
            label="Longest run, minutes"
            value={draft.minutes}
            onChange={(minutes) => set({ minutes })}
            problem={shown('minutes')}
            inputMode="decimal"
            hint="You pay for the seconds it takes; this much is reserved."
          />
        </div>
        <fieldset>
          <legend>How to find a provider</legend>
          <div className="choices" style={{ marginTop: '0.4rem' }}>
            <label className="choice">
              <input
                type="radio"
                name="matching"
                checked={draft.matching === 'offer'}
                onChange={() => set({ matching: 'offer' })}
              />
              <b>Take an offer</b>
              <span className="small soft">Posted and matched in one transaction; it starts at once.</span>
            </label>
            <label className="choice">
              <input
                type="radio"
                name="matching"
                checked={draft.matching === 'auction'}
                onChange={() => set({ matching: 'auction' })}
              />
              <b>Ask for bids</b>
              <span className="small soft">Providers underbid each other; the lowest that fits wins.</span>
            </label>
          </div>
        </fieldset>
        {draft.matching === 'auction' && (
          <div className="grid-fields">
            <TextField
              label="At most per hour"
              value={draft.ceiling}
              onChange={(ceiling) => set({ ceiling })}
              problem={shown('ceiling')}
              inputMode="decimal"
              hint={unit}
            />
            <TextField
              label="Auction, seconds"
              value={draft.auctionSeconds}
              onChange={(auctionSeconds) => set({ auctionSeconds })}
              problem={shown('auctionSeconds')}
              inputMode="numeric"
            />
          </div>
        )}
      </div>
    </section>
  );
}

/** The longest pause between typing and asking, milliseconds: short enough to feel live, long enough to ask once a word. */
const TYPING_MS = 350;

function Summary({
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
        draft.matching === 'auction' && ceilingPerSecond > 0n
          ? ceilingPerSecond.toString()
          : (U64_MAX / BigInt(run)).toString(),
      max_seconds: run,
      allow_simulated: draft.simulated && (network?.allow_simulated ?? false),
      sla_bond: '0',
    };
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
  const chosen: OfferRecord | null =
    draft.matching === 'auction'
      ? null
      : (fitting.find((offer) => offer.address === draft.offer) ?? fitting[0] ?? null);
  const price = draft.matching === 'auction' ? ceilingPerSecond : (chosen?.price_per_second ?? 0n);
  const escrow = price * BigInt(Math.max(0, run));
  const poor = paymentMint !== null && balances.data !== undefined && escrow > 0n && balances.data.payment < escrow;
  const noSol = balances.data !== undefined && balances.data.lamports < 20_000_000n;
  const bridged = network?.node_key ?? null;
  const can =
    problems.length === 0 &&
    paymentMint !== null &&
    bridged !== null &&
    price > 0n &&
    (draft.matching === 'auction' || chosen !== null);

  const post = async (): Promise<void> => {
    onAsked();
    setFault(null);
    if (address === null) {
      choose(true);
      return;
    }
    if (!can) return;
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
      const ending = await propose({
        title: 'Post this job',
        job: launch.job,
        plan: async (signer) => {
          const { postJob } = await import('../chain/actions');
          return postJob({
            signer,
            launch,
            mint: paymentMint.mint,
            nodeKey: bridged,
            offer: chosen === null ? null : { address: chosen.address, pricePerSecond: chosen.price_per_second },
            ceilingPerSecond: price,
            auctionSeconds: draft.matching === 'auction' ? Number(draft.auctionSeconds) : 0,
            escrowShown: escrow,
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
          }),
      });
      if (ending.kind === 'abandoned') await dropDelivery(launch.job);
      else go(`/jobs/${launch.job}`);
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
                <dt>Locked in escrow, at most paid</dt>
                <dd>{price === 0n ? '\u2013' : <Money atoms={escrow} mint={paymentMint.mint} />}</dd>
              </div>
            </dl>
            <dl className="facts">
              <dt>Price</dt>
              <dd>{price === 0n ? '\u2013' : <Hourly perSecond={price} mint={paymentMint.mint} />}</dd>
              <dt>Reserved</dt>
              <dd>{run > 0 ? duration(run) : '\u2013'}</dd>
              <dt>Fee</dt>
              <dd>{'within the price, taken from what the provider earns'}</dd>
              <dt>If it takes half the time</dt>
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
          {paymentMint !== null && escrow > 0n && escrow < paymentMint.escrow_min && (
            <Note tone="bad" title="The escrow is too small.">
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
            <button type="button" className="button" disabled={busy} onClick={() => void post()}>
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
  const wanted = draft.offer !== '' && draft.matching === 'offer' && chosen !== null && chosen.address !== draft.offer;
  return (
    <div className="stack tight">
      {wanted && (
        <Note tone="warn" title="The offer that you chose does not fit now.">
          <p>The cheapest that fits is taken instead.</p>
        </Note>
      )}
      {found.matches.length === 0 ? (
        <Empty title={total === 0 ? 'There is no offer yet' : 'No standing offer fits'}>
          {draft.matching === 'auction' ? 'Providers may still bid.' : 'Ask for less, or ask for bids.'}
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
                  disabled={draft.matching === 'auction'}
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
