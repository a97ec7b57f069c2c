/**
 * The files of an array are handed to each provider that has taken a task, as long as the page of the array is open in the
 * browser that posted it: the gateway takes them for one job at a time.
 */
import { ask } from '../gateway/client';
import { GatewayFault } from '../gateway/faults';
import { deliveryRecord } from '../gateway/records';
import { anything } from '../gateway/wire';
import { TASK_TRANSFERS } from '../limits';
import { storedSession } from '../wallet/session';
import { alone, one } from './database';
import { keepDelivery, type Delivery } from './deliveries';

/** A task whose provider waits for its files. */
export interface WaitingTask {
  readonly task: number;
  readonly attempt: number;
  readonly job: string;
}

/** Tasks that were taken and not handed their files in this life. */
export function waitingTasks(
  tasks: readonly { readonly task: number; readonly state: string; readonly issued: number; readonly job: string }[],
  handed: Readonly<Record<string, number>>,
): readonly WaitingTask[] {
  return tasks
    .filter(({ task, state, issued }) => state === 'matched' && handed[String(task)] !== issued)
    .map(({ task, issued, job }) => ({ task, attempt: issued, job }));
}

async function handOne({ spec, input }: Delivery, { job }: WaitingTask, token: string): Promise<void> {
  const path = `/v1/jobs/${job}`;
  if (spec !== null) await ask(`${path}/spec`, anything, { method: 'PUT', bytes: spec, token, patience: 60_000 });
  if (input !== null) await ask(`${path}/input`, anything, { method: 'PUT', bytes: input, token, patience: 600_000 });
  const after = await ask(`${path}/delivery`, deliveryRecord, { token });
  if (after.error !== null)
    throw new GatewayFault('refused', { what: after.error, next: 'It is tried again.' }, 'delivery');
}

export type Handing = 'nothing' | 'sign_in' | 'waiting' | 'done';

/** Hands out what tasks wait for. One tab at a time does it; a provider that cannot be reached now is tried again. */
export async function handOutTasks(array: string, waiting: readonly WaitingTask[]): Promise<Handing> {
  let outcome: Handing = 'nothing';
  if (waiting.length === 0) return outcome;
  await alone(`deliver.${array}`, async () => {
    const kept = await one<Delivery>('deliveries', array);
    if (kept?.array === undefined || kept.spec === null) return;
    const session = storedSession(kept.tenant, Date.now() / 1_000);
    if (session === null) {
      outcome = 'sign_in';
      return;
    }
    outcome = 'done';
    const handed: Record<string, number> = { ...kept.array.handed };
    let problem: string | null = null;
    const left = waiting.filter(({ task, attempt }) => handed[String(task)] !== attempt);
    for (let from = 0; from < left.length; from += TASK_TRANSFERS) {
      await Promise.all(
        left.slice(from, from + TASK_TRANSFERS).map(async (each) => {
          try {
            await handOne(kept, each, session.token);
            handed[String(each.task)] = each.attempt;
          } catch (error) {
            if (!(error instanceof GatewayFault)) throw error;
            problem = `task ${each.task}: ${error.words.what}`;
            outcome = 'waiting';
          }
        }),
      );
    }
    await keepDelivery({ ...kept, problem, array: { ...kept.array, handed } });
  });
  return outcome;
}
