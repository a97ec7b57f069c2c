/** Follows a job. The chain is asked; a gateway's stream only says when it is worth asking. */
import type { Accounts } from "./accounts.js";
import { JOB_STATE, OUTCOME, type JobState, type Outcome } from "./codes.js";
import { AbortedError, isProofmillError, MissingError } from "./errors.js";
import type { GatewayClient } from "./gateway/client.js";
import type { Job } from "./generated/market/accounts/job.js";
import type { JobAddress } from "./ids.js";
import { POLL_MS } from "./limits.js";
import { pause } from "./pause.js";

/** A job as the chain has it, in words. */
export type JobView = {
  readonly address: JobAddress;
  readonly state: JobState | "closed";
  readonly outcome: Outcome | null;
  /** The account; of a closed job, as it was last seen. */
  readonly job: Job;
};

/** How a job is followed. */
export type WatchOptions = {
  readonly abortSignal?: AbortSignal;
  /** Between two looks at the chain, milliseconds. */
  readonly pollMs?: number;
  /** Its stream wakes the next look earlier; it is never believed. */
  readonly gateway?: GatewayClient;
};

/** A job's account in words. */
export function jobView(address: JobAddress, job: Job): JobView {
  return {
    address,
    state: JOB_STATE.word(job.state),
    outcome: job.outcome === 0 ? null : OUTCOME.word(job.outcome),
    job,
  };
}

/**
 * Yields the job at once and whenever its account changes, until it is closed or the signal ends it. A look that fails is
 * repeated; the tenth in a row throws.
 */
export async function* watchJob(
  accounts: Accounts,
  address: JobAddress,
  options: WatchOptions = {},
): AsyncGenerator<JobView, void, void> {
  const wake = new Waker();
  const listening = new AbortController();
  const ended = (): boolean => options.abortSignal?.aborted === true;
  const stop = (): void => {
    listening.abort();
    wake.wake();
  };
  options.abortSignal?.addEventListener("abort", stop);
  if (options.gateway !== undefined) void listen(options.gateway, address, wake, listening.signal);
  let last: Job | undefined;
  let failures = 0;
  try {
    while (!ended()) {
      let job: Job | undefined;
      try {
        job = await accounts.findJob(address);
        failures = 0;
      } catch (error) {
        failures += 1;
        // What is no job will not become one.
        if (isProofmillError(error) || failures >= FAILURES_MAX) throw error;
        await wake.sleep(options.pollMs ?? POLL_MS);
        continue;
      }
      if (job === undefined) {
        if (last === undefined)
          throw new MissingError(
            "account_missing",
            `there is no job at ${address}`,
            "Check the address; a closed job is gone.",
          );
        yield { address, state: "closed", outcome: last.outcome === 0 ? null : OUTCOME.word(last.outcome), job: last };
        return;
      }
      if (last === undefined || !sameJob(last, job)) {
        last = job;
        yield jobView(address, job);
      }
      if (!ended()) await wake.sleep(options.pollMs ?? POLL_MS);
    }
  } finally {
    options.abortSignal?.removeEventListener("abort", stop);
    listening.abort();
  }
}

/** Waits until the job is settled or closed, or `until` says so. @throws {@link AbortedError} */
export async function waitForJob(
  accounts: Accounts,
  address: JobAddress,
  options: WatchOptions & { readonly until?: (view: JobView) => boolean } = {},
): Promise<JobView> {
  const done = options.until ?? ((view: JobView) => view.state === "settled");
  for await (const view of watchJob(accounts, address, options)) if (view.state === "closed" || done(view)) return view;
  throw new AbortedError();
}

const FAILURES_MAX = 10;

function sameJob(a: Job, b: Job): boolean {
  const text = (job: Job): string =>
    JSON.stringify(job, (_, value: unknown) => (typeof value === "bigint" ? value.toString() : value));
  return text(a) === text(b);
}

async function listen(gateway: GatewayClient, job: JobAddress, wake: Waker, signal: AbortSignal): Promise<void> {
  try {
    for await (const change of gateway.stream({ job, topics: ["jobs", "rounds"], abortSignal: signal }))
      if (change.topic !== "slot") wake.wake();
  } catch {
    // Without it the chain is looked at at its own pace.
  }
}

/** A sleep that can be ended early. */
class Waker {
  #end: AbortController | undefined;
  wake(): void {
    this.#end?.abort();
  }
  async sleep(milliseconds: number): Promise<void> {
    this.#end = new AbortController();
    await pause(milliseconds, this.#end.signal);
    this.#end = undefined;
  }
}
