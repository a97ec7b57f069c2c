/** One job of many tasks, as `crates/protocol/src/arrays.rs` has it: which task is where, and how its job is numbered. */
import * as address from "./address.js";
import { escrow, u64 } from "./amount.js";
import { InputError } from "./errors.js";
import type { JobArray } from "./generated/market/accounts/jobArray.js";
import type { JobAddress } from "./ids.js";
import { TASK_INDEX_FLOOR, TASKS_MAX } from "./limits.js";

/** Where a task stands by the array's own maps; what a taken one does is in its job. */
export type TaskState = "free" | "taken" | "done" | "failed";

/** One task. */
export type TaskView = {
  readonly task: number;
  readonly state: TaskState;
  /** How often it was issued, the present time included. */
  readonly issued: number;
};

/** The maps of an array's account. */
export type TaskMaps = Pick<JobArray, "tasksTotal" | "attemptsMax" | "taken" | "done" | "issued">;

/** Where one task stands. @throws {@link InputError} if the array has no such task */
export function taskView(array: TaskMaps, task: number): TaskView {
  if (!Number.isInteger(task) || task < 0 || task >= Math.min(array.tasksTotal, TASKS_MAX))
    throw new InputError("no_such_task", `the array has no task ${task}`, `Tasks are 0 to ${array.tasksTotal - 1}.`);
  const has = (map: readonly bigint[]): boolean =>
    (((map[Math.floor(task / 64)] ?? 0n) >> BigInt(task % 64)) & 1n) === 1n;
  const issued = array.issued[task] ?? 0;
  const state = has(array.done) ? "done" : has(array.taken) ? "taken" : issued >= array.attemptsMax ? "failed" : "free";
  return { task, state, issued };
}

/** Every task of an array, in order. */
export const tasksOf = (array: TaskMaps): TaskView[] =>
  Array.from({ length: Math.min(array.tasksTotal, TASKS_MAX) }, (_, task) => taskView(array, task));

/** Index of the job of a task: above every index that a tenant may choose. @throws {@link InputError} */
export function taskJobIndex(array: number, task: number): bigint {
  const whole = (value: number, most: number): boolean => Number.isInteger(value) && value >= 0 && value <= most;
  if (!whole(array, 0xffff_ffff) || !whole(task, 0xffff))
    throw new InputError("task_index", `array ${array}, task ${task}`, "Use 32 bits for the array, 16 for the task.");
  return TASK_INDEX_FLOOR | (BigInt(array) << 16n) | BigInt(task);
}

/** Address of the job of a task, while it is taken. */
export const taskJob = (array: Pick<JobArray, "tenant" | "index">, task: number): Promise<JobAddress> =>
  address.job(array.tenant, taskJobIndex(array.index, task));

/** What an array of `tasks` locks, atoms. @throws {@link InputError}, {@link AmountError} */
export function arrayEscrow(pricePerSecond: bigint, secondsOfTask: number, tasks: number): bigint {
  if (!Number.isInteger(tasks) || tasks < 1 || tasks > TASKS_MAX)
    throw new InputError("tasks_total", `${tasks} tasks`, `An array has 1 to ${TASKS_MAX} tasks.`);
  return u64(escrow(pricePerSecond, secondsOfTask) * BigInt(tasks), "the escrow");
}

/** Whether no further task is taken: cancelled, past its deadline, or none is left to take. */
export function arrayIsOver(
  array: Pick<JobArray, "cancelled" | "deadlineAt" | "doneCount" | "failedCount" | "tasksTotal">,
  now: bigint,
): boolean {
  return array.cancelled !== 0 || now >= array.deadlineAt || array.doneCount + array.failedCount >= array.tasksTotal;
}

/** Whether anyone may close it: it is over, and no task is held. */
export const arrayMayClose = (
  array: Pick<JobArray, "cancelled" | "deadlineAt" | "doneCount" | "failedCount" | "tasksTotal" | "takenCount">,
  now: bigint,
): boolean => array.takenCount === 0 && arrayIsOver(array, now);
