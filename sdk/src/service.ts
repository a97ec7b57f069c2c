/**
 * The meter of a service, as `crates/protocol/src/service.rs` has it: what the chain's clock allows, when the escrow runs dry,
 * when silence counts as death, what missed availability costs. Instants are unix seconds of the chain's clock.
 */
import { escrow, metered, share, u64 } from "./amount.js";
import { JOB_KIND, type JobState } from "./codes.js";
import { AmountError, InputError } from "./errors.js";
import type { Job } from "./generated/market/accounts/job.js";
import {
  BPS,
  PAUSE_SECONDS_MAX,
  SERVICE_SECONDS_MAX,
  SLA_OBSERVATION_SECONDS_MIN,
  U64_MAX,
  USAGE_GRACE_SECONDS,
} from "./limits.js";

/** What is known of the time of one service; zero is "not yet". */
export type Meter = {
  readonly startedAt: bigint;
  /** When the present pause began; stays if the service ends in it. */
  readonly pausedAt: bigint;
  readonly endedAt: bigint;
  /** Milliseconds of the pauses that are over. */
  readonly pausedMs: bigint;
  /** Seconds that the escrow covers. */
  readonly maxSeconds: number;
  /** Accepted cumulative usage, milliseconds. */
  readonly usageMs: bigint;
  readonly usageAt: bigint;
  /** Seconds of silence that count as death. */
  readonly usageTimeoutSeconds: number;
};

/** The meter in a service's account. */
export const meterOf = (
  job: Pick<
    Job,
    "startedAt" | "pausedAt" | "receiptAt" | "pausedMs" | "maxSeconds" | "meteredMs" | "usageAt" | "usageTimeoutSeconds"
  >,
): Meter => ({
  startedAt: job.startedAt,
  pausedAt: job.pausedAt,
  endedAt: job.receiptAt,
  pausedMs: job.pausedMs,
  maxSeconds: job.maxSeconds,
  usageMs: job.meteredMs,
  usageAt: job.usageAt,
  usageTimeoutSeconds: job.usageTimeoutSeconds,
});

/** Whether a job is a service. */
export const isService = (job: Pick<Job, "kind">): boolean => job.kind === JOB_KIND.code("service");

const I64_MAX = (1n << 63n) - 1n;
const I64_MIN = -(1n << 63n);
const lesser = (a: bigint, b: bigint): bigint => (a < b ? a : b);
const greater = (a: bigint, b: bigint): bigint => (a > b ? a : b);
/** The programs' instants stop at the ends of 64 bits instead of wrapping. */
const instant = (value: bigint): bigint => lesser(greater(value, I64_MIN), I64_MAX);
const count = (value: bigint): bigint => lesser(greater(value, 0n), U64_MAX);

/** The instant at which the usage that the clock allows has consumed the escrow, if the service runs on. */
export const dryAt = (meter: Meter): bigint =>
  instant(instant(meter.startedAt + meter.pausedMs / 1_000n) + BigInt(meter.maxSeconds));

/** Whether the clock has consumed the escrow. */
export const isDry = (meter: Meter, now: bigint): boolean => now >= dryAt(meter);

/** The last instant that counts: the pause, the end, or now; never beyond the escrow. */
function until(meter: Meter, now: bigint): bigint {
  if (meter.pausedAt !== 0n) return meter.pausedAt;
  return lesser(meter.endedAt === 0n ? now : meter.endedAt, dryAt(meter));
}

/** Milliseconds from the start, pauses left out; none before it. */
export function runningMs(meter: Meter, now: bigint): bigint {
  if (meter.startedAt === 0n) return 0n;
  const elapsed = greater(instant(until(meter, now) - meter.startedAt), 0n);
  return count(count(elapsed * 1_000n) - meter.pausedMs);
}

/** The most usage that may be claimed at `now`, milliseconds: the running time and the clock's resolution, within the escrow. */
export function usageMsMax(meter: Meter, now: bigint): bigint {
  const resolution = meter.pausedAt === 0n ? 1_000n : 0n;
  return lesser(count(runningMs(meter, now) + resolution), BigInt(meter.maxSeconds) * 1_000n);
}

/**
 * Takes in a report, as the program would: what the meter says afterwards, and whether the report said anything new.
 * @throws {@link AmountError} `usage_too_much` if it claims more than the clock and the escrow allow
 */
export function acceptUsage(
  meter: Meter,
  usageMs: bigint,
  measuredAt: bigint,
  now: bigint,
): { readonly meter: Meter; readonly fresh: boolean } {
  const most = usageMsMax(meter, now);
  if (usageMs > greater(most, meter.usageMs))
    throw new AmountError(
      "usage_too_much",
      `${usageMs} ms of usage are claimed, the clock and the escrow allow ${most}`,
      "Do not sign it; read the job again and compare the start.",
    );
  const measured = lesser(measuredAt, now);
  if (usageMs < meter.usageMs || (usageMs === meter.usageMs && measured <= meter.usageAt))
    return { meter, fresh: false };
  return { meter: { ...meter, usageMs, usageAt: greater(meter.usageAt, measured) }, fresh: true };
}

/** The instant after which a running service without new usage counts as dead. */
export const silentAfter = (meter: Meter): bigint =>
  instant(greater(meter.usageAt, meter.startedAt) + BigInt(meter.usageTimeoutSeconds));

/** Whether a running service is dead. One that ran dry before its silence was long enough is not. */
export const isDead = (meter: Meter, now: bigint): boolean => lesser(now, dryAt(meter)) > silentAfter(meter);

/** The instant after which anyone may end a paused service. */
export const pauseOverAfter = (meter: Meter): bigint =>
  instant((meter.pausedAt === 0n ? dryAt(meter) : meter.pausedAt) + PAUSE_SECONDS_MAX);

/** The instant after which anyone may end a running or paused service. */
export const expiresAfter = (meter: Meter): bigint =>
  meter.pausedAt === 0n && silentAfter(meter) < dryAt(meter) ? silentAfter(meter) : pauseOverAfter(meter);

/** Availability over the whole run, basis points, or `undefined` if it was too short to judge. */
export function availabilityBps(meter: Meter, now: bigint): number | undefined {
  const running = runningMs(meter, now);
  if (running < SLA_OBSERVATION_SECONDS_MIN * 1_000n) return undefined;
  if (meter.usageMs >= running) return Number(BPS);
  const scaled = meter.usageMs * BPS;
  return Number(lesser(scaled > U64_MAX ? meter.usageMs / (running / BPS) : scaled / running, BPS));
}

/** Part of `bond` that is due to the tenant, atoms of the stake mint: `bond * shortfall / required`, rounded down. */
export function slaDue(meter: Meter, now: bigint, bond: bigint, requiredBps: number): bigint {
  const available = availabilityBps(meter, now);
  if (available === undefined || available >= requiredBps) return 0n;
  return (bond * BigInt(requiredBps - available)) / BigInt(requiredBps);
}

/**
 * What `seconds` more cost, and the new length. The tenant spends what the escrow, made at its ceiling, holds beyond the price
 * first; anybody else pays the whole.
 * @throws {@link InputError} `top_up_seconds`, {@link AmountError}
 */
export function topUp(
  of: { readonly escrowed: bigint; readonly pricePerSecond: bigint; readonly maxSeconds: number },
  seconds: number,
  byTenant: boolean,
): { readonly atoms: bigint; readonly maxSeconds: number } {
  const most = Math.max(0, SERVICE_SECONDS_MAX - of.maxSeconds);
  if (!Number.isSafeInteger(seconds) || seconds < 1 || seconds > most)
    throw new InputError(
      "top_up_seconds",
      `${seconds} s cannot be added: at least 1 and at most ${most}`,
      "Add whole seconds; a service lives a year at most.",
    );
  const maxSeconds = of.maxSeconds + seconds;
  const price = escrow(of.pricePerSecond, byTenant ? maxSeconds : seconds);
  const atoms = byTenant ? greater(price - of.escrowed, 0n) : price;
  u64(of.escrowed + atoms, "the escrow");
  return { atoms, maxSeconds };
}

/** What the provider may draw while the service runs: its net of the accepted usage, less what it drew before. @throws {@link AmountError} */
export function streamable(of: {
  readonly escrowed: bigint;
  readonly pricePerSecond: bigint;
  readonly usageMs: bigint;
  readonly feeBps: number;
  readonly streamed: bigint;
}): bigint {
  const gross = lesser(metered(of.pricePerSecond, of.usageMs), of.escrowed);
  return u64(u64(gross - share(gross, of.feeBps)) - of.streamed);
}

/** What a service has cost: the part that is accepted on the chain, and the part that only the clock says. */
export type Accrued = {
  /** Accepted usage, milliseconds and atoms. */
  readonly signedMs: bigint;
  readonly signed: bigint;
  /** Beyond it, if it was healthy ever since: an estimate, never above what the clock and the escrow allow. */
  readonly estimatedMs: bigint;
  readonly estimated: bigint;
};

/**
 * What a service has cost at `nowMs`, a finer clock than the chain's. The estimate grows only while usage may still be
 * reported: while it runs, and for the program's grace after it was ended.
 */
export function accrued(
  meter: Meter,
  terms: { readonly state: JobState; readonly pricePerSecond: bigint; readonly escrowed: bigint },
  nowMs: bigint,
): Accrued {
  const now = nowMs / 1_000n;
  const cost = (ms: bigint): bigint => lesser(metered(terms.pricePerSecond, ms), terms.escrowed);
  const open =
    terms.state === "running" ||
    terms.state === "paused" ||
    (terms.state === "ending" && now <= meter.endedAt + USAGE_GRACE_SECONDS);
  const signedMs = meter.usageMs;
  const signed = cost(signedMs);
  if (!open || meter.startedAt === 0n) return { signedMs, signed, estimatedMs: 0n, estimated: 0n };
  // The part of a second that has passed belongs to a service that still runs; the chain knows whole ones.
  const part = terms.state === "running" && !isDry(meter, now) ? nowMs % 1_000n : 0n;
  const counted = lesser(runningMs(meter, now) + part, usageMsMax(meter, now));
  // A resumption counts as a measurement, so no pause lies after `usageAt`.
  const measured = greater(meter.usageAt, meter.startedAt) - meter.startedAt;
  const before = greater(measured * 1_000n - meter.pausedMs, 0n);
  const total = lesser(signedMs + greater(counted - before, 0n), greater(counted, signedMs));
  return { signedMs, signed, estimatedMs: total - signedMs, estimated: cost(total) - signed };
}
