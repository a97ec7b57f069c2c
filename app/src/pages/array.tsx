/** One array: where each task stands, what was paid for it, and what its tenant can do. Read from the chain. */
import { useEffect, useRef, useState } from 'react';
import type { ArrayTask, ArrayView } from '../chain/array';
import type { JobRecord } from '../gateway/records';
import { useNetwork } from '../network';
import { useNow } from '../parts/clock';
import { Address, Bone, Mark, Note, Show, When } from '../parts/marks';
import { Hourly, Money } from '../parts/money';
import { ProposeButton } from '../parts/propose-button';
import { Link } from '../routing';
import { handOutTasks, waitingTasks, type Handing } from '../store/array-deliveries';
import { useDeliveries, type Delivery } from '../store/deliveries';
import { useOutbox } from '../store/outbox';
import { useArray, useJobs } from '../store/questions';
import { decimal } from '../text/amount';
import { named, OUTCOMES, TASK_STATES } from '../text/known';
import { clock, duration } from '../text/time';
import { useWallet } from '../wallet/context';
import { useSignIn } from '../wallet/sign-in';

export function ArrayPage({ parameter: address }: { parameter: string }) {
  const array = useArray(address);
  const delivery = useDeliveries().find((one) => one.job === address) ?? null;
  const sent = useOutbox().find((one) => one.job === address) ?? null;
  return (
    <Show known={array} bones={<Bone width="100%" height="20rem" />}>
      {(found) =>
        found === null ? (
          <Gone address={address} fate={sent?.fate ?? null} failure={sent?.failure ?? null} />
        ) : (
          <Body array={found} delivery={delivery} />
        )
      }
    </Show>
  );
}

function Gone({ address, fate, failure }: { address: string; fate: string | null; failure: string | null }) {
  return (
    <div className="stack">
      <h1>Array</h1>
      <Address of={address} whole what="array" />
      {fate === 'expired' || fate === 'failed' ? (
        <Note tone="bad" title="The array was not posted." live>
          <p>{failure ?? 'The transaction can no longer take effect.'} No money moved. Launch it again.</p>
        </Note>
      ) : fate === 'signed' ? (
        <Note tone="plain" title="Signed, and not confirmed yet." live>
          <p>Its specification and input are kept in this browser.</p>
        </Note>
      ) : (
        <Note tone="plain" title="There is no such array on the chain.">
          <p>It never was, or it is closed: then everything that its tasks were not paid went back to its tenant.</p>
        </Note>
      )}
    </div>
  );
}

function Body({ array, delivery }: { array: ArrayView; delivery: Delivery | null }) {
  const { address } = useWallet();
  const mine = address === array.tenant;
  // What the gateway remembers of tasks whose jobs are closed; the chain no longer says it one by one.
  const jobs = useJobs({ tenant: array.tenant });
  const records = (jobs.data ?? []).filter((job) => job.array === array.address);
  return (
    <>
      <div className="page-head">
        <div>
          <h1>{delivery?.name ?? `Array ${array.address.slice(0, 8)}`}</h1>
          <p>
            <Address of={array.address} whole what="array" />
          </p>
        </div>
        <div className="buttons">
          {array.cancelled && <Mark tone="warn">Cancelled</Mark>}
          {!array.cancelled && array.over && <Mark tone="good">Over</Mark>}
          {!array.over && <Mark tone="busy">Tasks may be taken</Mark>}
        </div>
      </div>
      <div className="stack">
        {mine && <HandOut array={array} delivery={delivery} />}
        <div className="split">
          <div className="stack">
            <Tasks array={array} records={records} />
          </div>
          <div className="stack">
            <Totals array={array} records={records} mine={mine} />
            <Agreed array={array} />
          </div>
        </div>
      </div>
    </>
  );
}

/** Providers that have taken a task wait for its files; this hands them out while the page is open. */
function HandOut({ array, delivery }: { array: ArrayView; delivery: Delivery | null }) {
  const { signIn, busy, problem } = useSignIn();
  const [state, setState] = useState<Handing>('nothing');
  const waiting = waitingTasks(array.tasks, delivery?.array?.handed ?? {});
  const key = waiting.map(({ task, attempt }) => `${task}.${attempt}`).join();
  useEffect(() => {
    const left = { behind: false };
    const go = async (): Promise<void> => {
      const found = await handOutTasks(array.address, waiting).catch((): Handing => 'waiting');
      if (!left.behind) setState(found);
    };
    void go();
    const timer = setInterval(() => void go(), 2_000);
    return () => {
      left.behind = true;
      clearInterval(timer);
    };
    // eslint-disable-next-line react-hooks/exhaustive-deps -- the key says which tasks wait
  }, [array.address, key]);
  if (array.taken === 0 && array.over) return null;
  if (delivery?.array === undefined) {
    return (
      <Note tone="warn" title="This browser does not hold the files of this array.">
        <p>
          Whoever takes a task is given its files by the browser or the command line that posted it. Keep that one open:
          a task whose files do not come in time is given back, and costs you nothing.
        </p>
      </Note>
    );
  }
  if (state === 'sign_in') {
    return (
      <Note tone="warn" title="Sign in to hand the files to the providers." live>
        {problem !== null && <p className="small bad">{problem.what}</p>}
        <div className="buttons">
          <button type="button" className="button" data-size="small" disabled={busy} onClick={() => void signIn()}>
            Sign in
          </button>
        </div>
      </Note>
    );
  }
  return (
    <Note tone="plain" title="Keep this page open while tasks are taken." live>
      <p>
        {waiting.length === 0
          ? 'Each provider that takes a task is handed its files from this browser.'
          : `Handing the files of ${waiting.length} ${waiting.length === 1 ? 'task' : 'tasks'} over.`}
        {delivery.problem !== null && ` Last answer: ${delivery.problem}`}
      </p>
    </Note>
  );
}

const says = (task: ArrayTask, attemptsMax: number): string =>
  `Task ${task.task}: ${named(TASK_STATES, task.state).name.toLowerCase()}, issued ${task.issued} of ${attemptsMax}`;

function Tasks({ array, records }: { array: ArrayView; records: readonly JobRecord[] }) {
  const [chosen, choose] = useState(0);
  const grid = useRef<HTMLDivElement>(null);
  const task = array.tasks[chosen];
  const counts = Object.entries(TASK_STATES)
    .map(([state, { name, tone }]) => ({ name, tone, count: array.tasks.filter((one) => one.state === state).length }))
    .filter(({ count }) => count > 0);
  const move = (step: number): void => {
    const next = Math.min(array.tasks.length - 1, Math.max(0, chosen + step));
    choose(next);
    grid.current?.querySelectorAll('button')[next]?.focus();
  };
  const across = (): number => {
    const buttons = [...(grid.current?.querySelectorAll('button') ?? [])];
    const top = buttons[0]?.offsetTop;
    return Math.max(1, buttons.filter((button) => button.offsetTop === top).length);
  };
  return (
    <section className="sheet">
      <header>
        <h2>Tasks</h2>
        <span className="nums soft">
          {array.done} of {array.tasksTotal} done
        </span>
      </header>
      <div className="stack tight">
        <div className="buttons">
          {counts.map(({ name, tone, count }) => (
            <Mark key={name} tone={tone}>
              {count} {name.toLowerCase()}
            </Mark>
          ))}
        </div>
        <div className="task-grid" ref={grid} role="group" aria-label="Every task; arrow keys move">
          {array.tasks.map((one) => (
            <button
              key={one.task}
              type="button"
              tabIndex={one.task === chosen ? 0 : -1}
              aria-pressed={one.task === chosen}
              aria-label={says(one, array.attemptsMax)}
              title={says(one, array.attemptsMax)}
              data-tone={named(TASK_STATES, one.state).tone}
              data-state={one.state}
              onClick={() => choose(one.task)}
              onKeyDown={(event) => {
                const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -across(), ArrowDown: across() }[event.key];
                if (step === undefined) return;
                event.preventDefault();
                move(step);
              }}
            />
          ))}
        </div>
        {task !== undefined && (
          <OneTask array={array} task={task} record={records.find((record) => record.address === task.job) ?? null} />
        )}
      </div>
    </section>
  );
}

function OneTask({ array, task, record }: { array: ArrayView; task: ArrayTask; record: JobRecord | null }) {
  const { address } = useWallet();
  const closed = task.held === null && record !== null && record.closed;
  return (
    <div className="stack tight" role="region" aria-label={`Task ${task.task}`}>
      <h3>
        Task {task.task} <Mark tone={named(TASK_STATES, task.state).tone}>{named(TASK_STATES, task.state).name}</Mark>
      </h3>
      <dl className="facts">
        <dt>Issued</dt>
        <dd className="nums">
          {task.issued} of {array.attemptsMax} times
        </dd>
        {task.held !== null && (
          <>
            <dt>Provider</dt>
            <dd>
              <Address of={task.held.provider} what="provider account" />
            </dd>
            <dt>Price</dt>
            <dd>
              <Hourly perSecond={task.held.pricePerSecond} mint={array.mint} />
            </dd>
            <dt>Receipt</dt>
            <dd>
              {task.held.receiptHash === null ? 'not yet' : <Address of={task.held.receiptHash} what="receipt hash" />}
            </dd>
            {task.held.outcome !== null && (
              <>
                <dt>Outcome</dt>
                <dd>
                  {named(OUTCOMES, task.held.outcome).name}, <Money atoms={task.held.paid} mint={array.mint} /> to the
                  provider
                </dd>
              </>
            )}
          </>
        )}
        {closed && (
          <>
            <dt>As the gateway remembers it</dt>
            <dd>
              {record.outcome === null ? '\u2013' : named(OUTCOMES, record.outcome).name},{' '}
              <Money atoms={record.paid} mint={array.mint} /> to the provider
            </dd>
          </>
        )}
      </dl>
      <div className="buttons">
        {(task.held !== null || record !== null) && (
          <Link to={`/jobs/${task.job}`} className="button" data-kind="quiet" data-size="small">
            Job of this task
          </Link>
        )}
        {task.state === 'settled' && address !== null && (
          <ProposeButton
            title={`Pay out and close task ${task.task}`}
            size="small"
            plan={async () => (await import('../chain/array-actions')).closeTask(array.address, task.job)}
          >
            Pay out and close
          </ProposeButton>
        )}
      </div>
    </div>
  );
}

function Totals({ array, records, mine }: { array: ArrayView; records: readonly JobRecord[]; mine: boolean }) {
  const { mint } = useNetwork();
  const now = useNow(1_000);
  const { escrowed, free, held, paid } = array.money;
  const decimals = mint(array.mint)?.decimals ?? 0;
  const claimed = records.filter((job) => job.closed).reduce((sum, job) => sum + job.paid + job.fee, 0n);
  const share = escrowed === 0n ? 0 : Number((paid * 1_000n) / escrowed) / 10;
  return (
    <section className="sheet">
      <header>
        <h2>Money</h2>
      </header>
      <div className="stack tight">
        <div
          className="meter-bar"
          role="img"
          aria-label={`${decimal(paid, decimals)} of ${decimal(escrowed, decimals)} escrowed paid for done tasks`}
        >
          <i style={{ width: `${share}%` }} />
        </div>
        <dl className="facts">
          <dt>Escrowed in all</dt>
          <dd>
            <Money atoms={escrowed} mint={array.mint} />
          </dd>
          <dt>Paid for done tasks, fee included</dt>
          <dd>
            <Money atoms={paid} mint={array.mint} />
          </dd>
          <dt>For each done task, on average</dt>
          <dd>{array.done === 0 ? '\u2013' : <Money atoms={paid / BigInt(array.done)} mint={array.mint} />}</dd>
          <dt>With tasks that are held</dt>
          <dd>
            <Money atoms={held} mint={array.mint} />
          </dd>
          <dt>Not taken by any task</dt>
          <dd>
            <b>
              <Money atoms={free} mint={array.mint} />
            </b>
          </dd>
        </dl>
        <p className="small soft">
          Read from the chain: what left the array’s vault and is not with a task was paid. Closing it sends you the
          rest.
        </p>
        {claimed > paid && (
          <Note tone="bad" title="The gateway says that more was paid than left the vault.">
            <p>
              It adds up to <Money atoms={claimed} mint={array.mint} />; the chain says{' '}
              <Money atoms={paid} mint={array.mint} />. Believe the chain, and use another gateway.
            </p>
          </Note>
        )}
        <div className="buttons">
          {mine && !array.cancelled && !array.over && (
            <ProposeButton
              title="Cancel this array"
              job={array.address}
              kind="danger"
              plan={async (signer) => (await import('../chain/array-actions')).cancelArray(signer, array.address)}
            >
              Let no further task be taken
            </ProposeButton>
          )}
          {mine && array.mayClose && (
            <ProposeButton
              title="Close this array"
              job={array.address}
              plan={async (signer) => (await import('../chain/array-actions')).closeArray(signer, array.address, now)}
            >
              Close it and take the rest back
            </ProposeButton>
          )}
        </div>
        {mine && array.over && !array.mayClose && (
          <p className="small soft">It can be closed once no task is held: {array.taken} still are.</p>
        )}
      </div>
    </section>
  );
}

function Agreed({ array }: { array: ArrayView }) {
  const now = useNow(1_000);
  const left = array.deadlineAt - now;
  return (
    <section className="sheet">
      <header>
        <h2>Agreed on the chain</h2>
      </header>
      <dl className="facts">
        <dt>Tenant</dt>
        <dd>
          <Address of={array.tenant} what="tenant" />
        </dd>
        <dt>At most</dt>
        <dd>
          <Hourly perSecond={array.pricePerSecondMax} mint={array.mint} />
        </dd>
        <dt>A task runs at most</dt>
        <dd>{duration(array.maxSeconds)}</dd>
        <dt>Posted</dt>
        <dd>
          <When at={array.postedAt} />
        </dd>
        <dt>Tasks may be taken until</dt>
        <dd>
          {clock(array.deadlineAt)}
          {left > 0 && !array.over && `, ${duration(left)} left`}
        </dd>
        <dt>Specification</dt>
        <dd>
          <Address of={array.specHash} what="hash of the specification" />
        </dd>
        <dt>Input</dt>
        <dd>
          <Address of={array.inputRoot} what="root of the input" />
        </dd>
      </dl>
    </section>
  );
}
