/** From a wish to a running job: what to run, on what, for how much; then everything in words, then one signature. */
import { useEffect, useId, useState } from 'react';
import { regions } from '../geography/land';
import { useNetwork } from '../network';
import { Check, SelectField, TextField } from '../parts/field';
import { Fault, Note, Tier } from '../parts/marks';
import { mintName } from '../parts/money';
import { useSearch } from '../routing';
import { bytes } from '../text/amount';
import { asksCeiling, EMPTY, problemsOf, type Draft, type Kind } from '../text/draft';
import { TIERS } from '../text/known';
import { Summary } from './launch-summary';

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
    const kind = KINDS.find((one) => one.kind === search.get('kind'))?.kind;
    const draft = kind === undefined ? keptDraft() : { ...keptDraft(), kind };
    return offer === null ? draft : { ...draft, offer, matching: 'offer' };
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
          <KindChoice draft={draft} set={set} />
          <Work
            draft={draft}
            set={set}
            shown={shown}
            files={files}
            setFiles={setFiles}
            filesProblem={problems.files ?? null}
          />
          {draft.kind === 'service' && <Ports draft={draft} set={set} shown={shown} />}
          {draft.kind === 'array' && <Tasks draft={draft} set={set} shown={shown} />}
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

const KINDS: readonly { readonly kind: Kind; readonly name: string; readonly says: string }[] = [
  { kind: 'batch', name: 'Once', says: 'Runs to its end. You pay for the proven seconds.' },
  { kind: 'array', name: 'Many tasks', says: 'The same document as many tasks, on many providers at once.' },
  { kind: 'service', name: 'A service', says: 'Runs until you end it, paid by the second, with ports you can open.' },
];

function KindChoice({ draft, set }: { draft: Draft; set: (change: Partial<Draft>) => void }) {
  return (
    <section className="sheet">
      <fieldset>
        <legend>
          <h2>How it runs</h2>
        </legend>
        <div className="choices" style={{ marginTop: '0.6rem' }}>
          {KINDS.map(({ kind, name, says }) => (
            <label key={kind} className="choice">
              <input
                type="radio"
                name="kind"
                value={kind}
                checked={draft.kind === kind}
                onChange={() => set({ kind })}
              />
              <b>{name}</b>
              <span className="small soft">{says}</span>
            </label>
          ))}
        </div>
      </fieldset>
    </section>
  );
}

function Tasks({ draft, set, shown }: PartProps) {
  return (
    <section className="sheet">
      <header>
        <h2>Tasks</h2>
      </header>
      <div className="stack">
        <div className="grid-fields">
          <TextField
            label="Tasks"
            value={draft.tasks}
            onChange={(tasks) => set({ tasks })}
            problem={shown('tasks')}
            inputMode="numeric"
            hint="Each finds its number in PROOFMILL_TASK_INDEX, from 0, and the count in PROOFMILL_TASK_COUNT."
          />
          <TextField
            label="Issue a task at most, times"
            value={draft.issues}
            onChange={(issues) => set({ issues })}
            problem={shown('issues')}
            inputMode="numeric"
            hint="One that was not paid for is issued again until then."
          />
          <TextField
            label="Tasks may be taken for, hours"
            value={draft.takeHours}
            onChange={(takeHours) => set({ takeHours })}
            problem={shown('takeHours')}
            inputMode="decimal"
            hint="What nobody took by then is refunded."
          />
        </div>
        <Note tone="plain" title="Providers come by themselves.">
          <p>
            Whoever has a standing offer at or below your ceiling takes tasks, as many at once as its machines hold. You
            cannot set how many run at once: providers and their capacity do.
          </p>
        </Note>
      </div>
    </section>
  );
}

function Ports({ draft, set, shown }: PartProps) {
  return (
    <section className="sheet">
      <header>
        <h2>Ports and health</h2>
      </header>
      <div className="stack">
        <TextField
          label="Ports"
          value={draft.ports}
          onChange={(ports) => set({ ports })}
          problem={shown('ports')}
          mono
          multiline
          hint="One on each line: 8080 http, or 5432 tcp. Open an http port in the browser once it runs; others by the command line."
        />
        <TextField
          label="Health command"
          value={draft.health}
          onChange={(health) => set({ health })}
          problem={shown('health')}
          mono
          hint="Run in the container; exit code 0 is well. Empty: well once its first port answers. Billing begins when it is well."
        />
        <div className="grid-fields">
          <TextField
            label="Ask every, seconds"
            value={draft.healthSeconds}
            onChange={(healthSeconds) => set({ healthSeconds })}
            problem={shown('healthSeconds')}
            inputMode="numeric"
          />
          <TextField
            label="Failures that make it ill"
            value={draft.healthFailures}
            onChange={(healthFailures) => set({ healthFailures })}
            problem={shown('healthFailures')}
            inputMode="numeric"
          />
        </div>
        <details>
          <summary>Availability that the provider pledges stake for</summary>
          <div className="grid-fields" style={{ marginTop: '0.8rem' }}>
            <TextField
              label="Availability, %"
              value={draft.slaUptime}
              onChange={(slaUptime) => set({ slaUptime })}
              problem={shown('slaUptime')}
              inputMode="decimal"
              hint="Empty asks for none."
            />
            <TextField
              label="Bond, stake tokens"
              value={draft.slaBond}
              onChange={(slaBond) => set({ slaBond })}
              problem={shown('slaBond')}
              inputMode="decimal"
              hint="Due to you in part if it is missed, after ten minutes of running at least."
            />
          </div>
        </details>
        <Note tone="warn" title="A service is witnessed, never verified.">
          <p>
            Nobody runs it again. What counts is usage that both sides sign, or that validators witness. Trust no answer
            of it with more than you would trust its provider.
          </p>
        </Note>
      </div>
    </section>
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
            label={
              draft.kind === 'service'
                ? 'First escrow, minutes'
                : draft.kind === 'array'
                  ? 'Longest run of a task, minutes'
                  : 'Longest run, minutes'
            }
            value={draft.minutes}
            onChange={(minutes) => set({ minutes })}
            problem={shown('minutes')}
            inputMode="decimal"
            hint={
              draft.kind === 'service'
                ? 'It pauses when this has run dry, and goes on when you top it up. At most a day at first.'
                : 'You pay for the seconds it takes; this much is reserved.'
            }
          />
        </div>
        {draft.kind !== 'array' && (
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
        )}
        {asksCeiling(draft) && (
          <div className="grid-fields">
            <TextField
              label="At most per hour"
              value={draft.ceiling}
              onChange={(ceiling) => set({ ceiling })}
              problem={shown('ceiling')}
              inputMode="decimal"
              hint={unit}
            />
            {draft.kind !== 'array' && (
              <TextField
                label="Auction, seconds"
                value={draft.auctionSeconds}
                onChange={(auctionSeconds) => set({ auctionSeconds })}
                problem={shown('auctionSeconds')}
                inputMode="numeric"
              />
            )}
          </div>
        )}
      </div>
    </section>
  );
}
