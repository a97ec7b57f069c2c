/**
 * The usage of a service: a cumulative total that the provider's node key and the tenant's both sign, 92 bytes, as
 * `crates/protocol/src/usage.rs` writes them. Whoever holds both signatures may send it.
 */
import { getAddressDecoder, getAddressEncoder } from "@solana/kit";
import { ByteReader, ByteWriter } from "./bytes.js";
import { envelope, verifyEnvelope } from "./envelope.js";
import { BytesError, VerificationError } from "./errors.js";
import type { Job } from "./generated/market/accounts/job.js";
import { bytes32, hex32, toHex, type Hex32, type JobAddress } from "./ids.js";
import { JOB_STATE } from "./codes.js";
import { acceptUsage, isService, meterOf } from "./service.js";

export const USAGE_VERSION = 1;
export const USAGE_BYTES = 92;

/** A cumulative total since the service was healthy. */
export type UsageReport = {
  /** `sha256(genesis hash | market program)`: the network it counts on. */
  readonly domain: Hex32;
  readonly job: JobAddress;
  readonly attempt: number;
  /** The job's nonce: binds it to this life of the job's address. */
  readonly nonce: bigint;
  /** Milliseconds that the service was healthy, pauses left out. */
  readonly usageMs: bigint;
  /** Unix seconds of the chain's clock at which the total held. */
  readonly measuredAt: bigint;
};

/** The canonical bytes. */
export function encodeUsage(report: UsageReport): Uint8Array {
  return new ByteWriter(USAGE_BYTES)
    .u16(USAGE_VERSION)
    .u16(report.attempt)
    .put(bytes32(report.domain))
    .put(getAddressEncoder().encode(report.job))
    .u64(report.nonce)
    .u64(report.usageMs)
    .i64(report.measuredAt).bytes;
}

/** Reads the canonical bytes. @throws {@link BytesError} */
export function decodeUsage(bytes: Uint8Array): UsageReport {
  if (bytes.length !== USAGE_BYTES)
    throw new BytesError("usage_length", `${bytes.length} bytes, a report has ${USAGE_BYTES}`, "Ask for it again.");
  const reader = new ByteReader(bytes);
  const version = reader.u16();
  if (version !== USAGE_VERSION)
    throw new BytesError("usage_version", `a report of version ${version}`, "Update the client.");
  const attempt = reader.u16();
  return {
    attempt,
    domain: hex32(reader.take(32)),
    job: getAddressDecoder().decode(reader.take(32)) as JobAddress,
    nonce: reader.u64(),
    usageMs: reader.u64(),
    measuredAt: reader.i64(),
  };
}

/** What both node keys sign. */
export const usageMessage = (report: UsageReport): Uint8Array => envelope("usage", encodeUsage(report));

/** The node's signed report, and what it is about. */
export type UsageOffer = {
  readonly report: UsageReport;
  /** The provider's node key over {@link usageMessage}. */
  readonly nodeSignature: Uint8Array;
};

/** What a report is held against: the job as the chain has it, and the chain's clock. */
export type UsageBasis = {
  readonly address: JobAddress;
  readonly job: Job;
  /** `Config.domain` of the market. */
  readonly domain: ArrayLike<number>;
  /** The chain's clock, unix seconds. */
  readonly now: bigint;
  /**
   * Milliseconds that the tenant itself counted the service as healthy, if it counts. A total above it by more than
   * `toleranceMs` is not signed.
   */
  readonly countedMs?: bigint;
  /** By default one second, the resolution of the chain's clock. */
  readonly toleranceMs?: bigint;
};

/**
 * Holds a report against the job before it is co-signed: of this network, job, attempt and life; signed by the job's node; no
 * more than the clock and the escrow allow, nor than the tenant counted; not less than what is accepted already.
 * @throws {@link VerificationError} which names the field that differs, {@link AmountError} `usage_too_much`
 */
export function checkUsage(offer: UsageOffer, basis: UsageBasis): void {
  const { report } = offer;
  const { job } = basis;
  const refuse = (code: string, why: string, next: string): never => {
    throw new VerificationError(code, why, next);
  };
  const same = (field: string, claimed: unknown, held: unknown): void => {
    if (claimed !== held)
      refuse(`usage_${field}`, `the report has ${field} ${String(claimed)}, the chain has ${String(held)}`, NOT_YOURS);
  };
  same("domain", report.domain, toHex(basis.domain));
  same("job", report.job, basis.address);
  same("attempt", report.attempt, job.attempt);
  same("nonce", report.nonce, job.nonce);
  const state = JOB_STATE.word(job.state);
  if (!isService(job) || !["running", "paused", "ending"].includes(state))
    refuse("usage_state", `the job is ${state}${isService(job) ? "" : " and no service"}`, "There is nothing to sign.");
  verifyEnvelope("usage", encodeUsage(report), offer.nodeSignature, Uint8Array.from(job.nodeKey));
  if (report.measuredAt > basis.now + 1n)
    refuse("usage_future", `it was measured at ${report.measuredAt}, and it is ${basis.now}`, "Ask again later.");
  if (report.usageMs < job.meteredMs)
    refuse("usage_less", `it says ${report.usageMs} ms, ${job.meteredMs} are accepted already`, "Ask for a newer one.");
  acceptUsage(meterOf(job), report.usageMs, report.measuredAt, basis.now);
  const tolerance = basis.toleranceMs ?? 1_000n;
  if (basis.countedMs !== undefined && report.usageMs > basis.countedMs + tolerance)
    refuse(
      "usage_above_count",
      `it says ${report.usageMs} ms, you counted ${basis.countedMs}`,
      "Do not sign it. Stop the service if the provider insists.",
    );
}
const NOT_YOURS = "This report is not this job's. Do not sign it.";

/** The arguments of `report_usage`, with both signatures. */
export type SignedUsage = {
  readonly usageMs: bigint;
  readonly measuredAt: bigint;
  readonly nodeSignature: Uint8Array;
  readonly tenantSignature: Uint8Array;
};

/**
 * Co-signs a report with the tenant's node key, after {@link checkUsage}; what comes out is checked under the key in the job.
 * @param sign signs 64 bytes over a message with the tenant's node key, wherever that key is kept
 * @throws what {@link checkUsage} throws; {@link VerificationError} `signature_invalid` if the key is not the job's
 */
export async function coSignUsage(
  offer: UsageOffer,
  basis: UsageBasis,
  sign: (message: Uint8Array) => Uint8Array | Promise<Uint8Array>,
): Promise<SignedUsage> {
  checkUsage(offer, basis);
  const tenantSignature = await sign(usageMessage(offer.report));
  verifyEnvelope("usage", encodeUsage(offer.report), tenantSignature, Uint8Array.from(basis.job.tenantNodeKey));
  const { usageMs, measuredAt } = offer.report;
  return { usageMs, measuredAt, nodeSignature: offer.nodeSignature, tenantSignature };
}
