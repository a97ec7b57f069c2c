/** What a job has used of its escrow at an instant: the law of crates/protocol's settlement, rounding for the escrow. */
import type { JobRecord } from '../gateway/records';

export interface Used {
  /** Most that can have been used, atoms; exact once there is a receipt. */
  readonly used: bigint;
}

/** Price times milliseconds, rounded down: rounding favours the escrow. */
export function earned(pricePerSecond: bigint, milliseconds: bigint, escrowed: bigint): bigint {
  const gross = (pricePerSecond * milliseconds) / 1_000n;
  return gross > escrowed ? escrowed : gross;
}

export function moneyOf(
  job: Pick<
    JobRecord,
    'state' | 'escrowed' | 'paid' | 'fee' | 'price_per_second' | 'metered_ms' | 'started_at' | 'max_seconds'
  >,
  now: number,
): Used {
  if (job.state === 'settled') return { used: job.paid + job.fee };
  const price = job.price_per_second ?? 0n;
  if (job.state === 'submitted' || job.metered_ms > 0n) return { used: earned(price, job.metered_ms, job.escrowed) };
  if (job.state === 'running' && job.started_at !== null) {
    const seconds = Math.min(Math.max(0, now - job.started_at), job.max_seconds ?? Number.MAX_SAFE_INTEGER);
    return { used: earned(price, BigInt(Math.floor(seconds * 1_000)), job.escrowed) };
  }
  return { used: 0n };
}
