/** An array as the chain has it: its maps, its vault, and the jobs of the tasks that are held. */
import {
  JOB,
  JOB_ARRAY,
  JOB_STATE,
  OUTCOME,
  arrayIsOver,
  arrayMayClose,
  decodeAccount,
  taskJob,
  tasksOf,
  toHex,
  type market,
} from '@proofmill/client';
import type { Address } from '@solana/kit';
import { accounts, tokenBalance } from '../gateway/rpc';
import { findAll } from './accounts';

/** One task, as the chain has it now. */
export interface ArrayTask {
  readonly task: number;
  /** By the array's maps; of a task that is held, the state of its job. */
  readonly state: 'free' | 'done' | 'failed' | 'taken' | 'matched' | 'running' | 'submitted' | 'settled';
  readonly issued: number;
  /** Address that its job has whenever it has one. */
  readonly job: string;
  /** The job of a task that is held. */
  readonly held: {
    readonly provider: string;
    readonly attempt: number;
    readonly pricePerSecond: bigint;
    readonly outcome: string | null;
    readonly paid: bigint;
    readonly receiptHash: string | null;
  } | null;
}

export interface ArrayView {
  readonly address: string;
  readonly tenant: string;
  readonly mint: string;
  readonly cancelled: boolean;
  readonly over: boolean;
  readonly mayClose: boolean;
  readonly tasksTotal: number;
  readonly attemptsMax: number;
  readonly taken: number;
  readonly done: number;
  readonly failed: number;
  readonly maxSeconds: number;
  readonly pricePerSecondMax: bigint;
  readonly postedAt: number;
  readonly deadlineAt: number;
  readonly specHash: string;
  readonly inputRoot: string;
  readonly tenantNodeKey: string;
  readonly money: ArrayMoney;
  readonly tasks: readonly ArrayTask[];
}

/** Where the escrow of an array is, atoms. The four parts are the whole. */
export interface ArrayMoney {
  readonly escrowed: bigint;
  /** In the array's vault: what no task holds. */
  readonly free: bigint;
  /** In the vaults of the tasks that are held. */
  readonly held: bigint;
  /** Left the array for good: providers and fees of done tasks. */
  readonly paid: bigint;
}

/** Follows from the account and its vault alone. What strangers sent to the vault comes back to the tenant too. */
export function arrayMoney(
  array: Pick<market.JobArray, 'tasksTotal' | 'taskEscrow' | 'takenCount'>,
  vaultAtoms: bigint,
): ArrayMoney {
  const escrowed = array.taskEscrow * BigInt(array.tasksTotal);
  const held = array.taskEscrow * BigInt(array.takenCount);
  const free = vaultAtoms > escrowed - held ? escrowed - held : vaultAtoms;
  return { escrowed, free, held, paid: escrowed - held - free };
}

/** Null when there is no such array: it never was, or it is closed. */
export async function readArrayView(address: string, nowSeconds: number): Promise<ArrayView | null> {
  const [account] = await accounts([address]);
  if (account === null || account === undefined) return null;
  const array = decodeAccount(JOB_ARRAY, account.owner as Address, account.data);
  const now = BigInt(Math.floor(nowSeconds));
  const views = tasksOf(array);
  const addresses = await Promise.all(views.map(({ task }) => taskJob(array, task)));
  const taken = views.filter(({ state }) => state === 'taken');
  const jobs = await findAll(
    JOB,
    taken.map(({ task }) => addresses[task] ?? ''),
  );
  const held = new Map(taken.map(({ task }, at) => [task, jobs[at] ?? null]));
  return {
    address,
    tenant: array.tenant,
    mint: array.mint,
    cancelled: array.cancelled !== 0,
    over: arrayIsOver(array, now),
    mayClose: arrayMayClose(array, now),
    tasksTotal: array.tasksTotal,
    attemptsMax: array.attemptsMax,
    taken: array.takenCount,
    done: array.doneCount,
    failed: array.failedCount,
    maxSeconds: array.maxSeconds,
    pricePerSecondMax: array.priceCeilingPerSecond,
    postedAt: Number(array.postedAt),
    deadlineAt: Number(array.deadlineAt),
    specHash: toHex(array.specHash),
    inputRoot: toHex(array.inputRoot),
    tenantNodeKey: toHex(array.tenantNodeKey),
    money: arrayMoney(array, await tokenBalance(array.vault)),
    tasks: views.map(({ task, state, issued }) => {
      const job = held.get(task) ?? null;
      return {
        task,
        state: job === null || state !== 'taken' ? state : stateOf(job.state),
        issued,
        job: addresses[task] ?? '',
        held: job === null || job.array !== address ? null : heldOf(job),
      };
    }),
  };
}

/** A batch job is never paused nor ending; a state that this version does not know is only taken. */
function stateOf(code: number): ArrayTask['state'] {
  for (const state of ['matched', 'running', 'submitted', 'settled'] as const)
    if (JOB_STATE.code(state) === code) return state;
  return 'taken';
}

const heldOf = (job: market.Job): ArrayTask['held'] => ({
  provider: job.provider,
  attempt: job.attempt,
  pricePerSecond: job.pricePerSecond,
  outcome: job.outcome === 0 ? null : OUTCOME.word(job.outcome),
  paid: job.paid,
  receiptHash: job.receiptHash.some((byte) => byte !== 0) ? toHex(job.receiptHash) : null,
});
