/** The receipt: a provider's signed claim of one attempt's work, 512 bytes, and its 132-byte core that is signed. */
import { sha256 } from "@noble/hashes/sha2.js";
import { getAddressDecoder, getAddressEncoder, type Address } from "@solana/kit";
import { ByteReader, ByteWriter } from "./bytes.js";
import { TERMINATION, type Termination } from "./codes.js";
import { verifyEnvelope } from "./envelope.js";
import { BytesError, VerificationError } from "./errors.js";
import type { Job } from "./generated/market/accounts/job.js";
import { hex32, sameBytes, toHex, type Hex32, type JobAddress, type ProviderAddress } from "./ids.js";

export const RECEIPT_VERSION = 1;
export const RECEIPT_BYTES = 512;
export const RECEIPT_CORE_BYTES = 132;
const RESERVED_BYTES = RECEIPT_BYTES - 476;

/** A provider's claim of one attempt. Times are unix seconds of the chain's clock. */
export type Receipt = {
  /** `sha256(genesis hash | market program)`: the network it counts on. */
  readonly domain: Hex32;
  readonly job: JobAddress;
  readonly attempt: number;
  /** The job's nonce: binds it to this life of the job's address. */
  readonly nonce: bigint;
  readonly provider: ProviderAddress;
  readonly nodeKey: Hex32;
  readonly imageDigest: Hex32;
  readonly specHash: Hex32;
  readonly inputRoot: Hex32;
  readonly outputRoot: Hex32;
  readonly outputBytes: bigint;
  readonly outputFiles: number;
  readonly logRoot: Hex32;
  readonly logTruncated: boolean;
  readonly exitCode: number;
  readonly termination: Termination;
  readonly startedAt: bigint;
  readonly endedAt: bigint;
  /** Time the container ran, milliseconds: what is billed, up to the cap. */
  readonly meteredMs: bigint;
  readonly classKey: Hex32;
  readonly envHash: Hex32;
  readonly gpuSetHash: Hex32;
  readonly gpuCount: number;
  /** The device is a simulated stand-in. */
  readonly simulated: boolean;
  readonly peakMemoryMib: number;
  /** Random: hides low-entropy outputs until the audit closes. */
  readonly blind: Hex32;
};

/** The canonical bytes. */
export function encodeReceipt(receipt: Receipt): Uint8Array {
  const key = (address: Address) => getAddressEncoder().encode(address);
  const hash = (value: Hex32) => Uint8Array.from(value.match(/../gu) ?? [], (pair) => Number.parseInt(pair, 16));
  return new ByteWriter(RECEIPT_BYTES)
    .u16(RECEIPT_VERSION)
    .u16(receipt.attempt)
    .put(hash(receipt.domain))
    .put(key(receipt.job))
    .u64(receipt.nonce)
    .put(key(receipt.provider))
    .put(hash(receipt.nodeKey))
    .put(hash(receipt.imageDigest))
    .put(hash(receipt.specHash))
    .put(hash(receipt.inputRoot))
    .put(hash(receipt.outputRoot))
    .u64(receipt.outputBytes)
    .u32(receipt.outputFiles)
    .put(hash(receipt.logRoot))
    .u8(receipt.logTruncated ? 1 : 0)
    .i32(receipt.exitCode)
    .u8(TERMINATION.code(receipt.termination))
    .i64(receipt.startedAt)
    .i64(receipt.endedAt)
    .u64(receipt.meteredMs)
    .put(hash(receipt.classKey))
    .put(hash(receipt.envHash))
    .put(hash(receipt.gpuSetHash))
    .u8(receipt.gpuCount)
    .u8(receipt.simulated ? 1 : 0)
    .u32(receipt.peakMemoryMib)
    .put(hash(receipt.blind)).bytes;
}

/**
 * Reads the canonical bytes; anything that {@link encodeReceipt} would not have written is refused.
 * @throws {@link BytesError}
 */
export function decodeReceipt(bytes: Uint8Array): Receipt {
  if (bytes.length !== RECEIPT_BYTES) {
    throw new BytesError(
      "receipt_length",
      `${bytes.length} bytes, a receipt has ${RECEIPT_BYTES}`,
      "Ask for it again.",
    );
  }
  const reader = new ByteReader(bytes);
  const version = reader.u16();
  if (version !== RECEIPT_VERSION) {
    throw new BytesError(
      "receipt_version",
      `a receipt of version ${version}, this client reads ${RECEIPT_VERSION}`,
      "Update the client.",
    );
  }
  const hash = (): Hex32 => hex32(reader.take(32));
  const key = <K extends Address>(): K => getAddressDecoder().decode(reader.take(32)) as K;
  const flag = (): boolean => {
    const value = reader.u8();
    if (value > 1) throw new BytesError("receipt_flag", `the flag ${value} is neither 0 nor 1`, "Ask for it again.");
    return value === 1;
  };
  const attempt = reader.u16();
  const receipt: Receipt = {
    attempt,
    domain: hash(),
    job: key<JobAddress>(),
    nonce: reader.u64(),
    provider: key<ProviderAddress>(),
    nodeKey: hash(),
    imageDigest: hash(),
    specHash: hash(),
    inputRoot: hash(),
    outputRoot: hash(),
    outputBytes: reader.u64(),
    outputFiles: reader.u32(),
    logRoot: hash(),
    logTruncated: flag(),
    exitCode: reader.i32(),
    termination: TERMINATION.word(reader.u8()),
    startedAt: reader.i64(),
    endedAt: reader.i64(),
    meteredMs: reader.u64(),
    classKey: hash(),
    envHash: hash(),
    gpuSetHash: hash(),
    gpuCount: reader.u8(),
    simulated: flag(),
    peakMemoryMib: reader.u32(),
    blind: hash(),
  };
  if (reader.take(RESERVED_BYTES).some((byte) => byte !== 0)) {
    throw new BytesError(
      "receipt_reserved",
      "bytes that version 1 keeps zero are not",
      "Update the client, or ask for it again.",
    );
  }
  return receipt;
}

/** SHA-256 of a receipt's bytes: what the chain holds. */
export const receiptHash = (bytes: Uint8Array): Hex32 => hex32(sha256(bytes));

/** The core that the node key signs, from the receipt's bytes. */
export function receiptCore(bytes: Uint8Array): Uint8Array {
  // Domain, job and node key lie at fixed places of the layout.
  return new ByteWriter(RECEIPT_CORE_BYTES)
    .u16(RECEIPT_VERSION)
    .put(bytes.slice(4, 36))
    .put(bytes.slice(36, 68))
    .put(bytes.slice(2, 4))
    .put(bytes.slice(108, 140))
    .put(sha256(bytes)).bytes;
}

/**
 * Checks that a receipt was signed by the node key that it names. Needs no network.
 * @throws {@link BytesError} or {@link VerificationError}
 */
export function verifyReceiptSignature(bytes: Uint8Array, signature: Uint8Array): Receipt {
  const receipt = decodeReceipt(bytes);
  verifyEnvelope("receipt", receiptCore(bytes), signature, bytes.slice(108, 140));
  return receipt;
}

/**
 * Checks a signed receipt against the job's account as read from the chain: same hash, job, attempt, life, provider, node,
 * document, image, input, time. Needs no network.
 * @param domain of the network, from the market's `Config`
 * @throws {@link BytesError} or {@link VerificationError}, which names the field that differs
 */
export function verifyReceipt(
  bytes: Uint8Array,
  signature: Uint8Array,
  address: JobAddress,
  job: Job,
  domain: ArrayLike<number>,
): Receipt {
  const receipt = verifyReceiptSignature(bytes, signature);
  const same = (field: string, claimed: unknown, held: unknown): void => {
    if (claimed !== held) {
      throw new VerificationError(
        `receipt_${field}`,
        `the receipt has ${field} ${String(claimed)}, the chain has ${String(held)}`,
        "This receipt is not this job's. Ask for it again.",
      );
    }
  };
  if (!sameBytes(sha256(bytes), job.receiptHash)) {
    same("hash", receiptHash(bytes), toHex(job.receiptHash));
  }
  same("job", receipt.job, address);
  same("attempt", receipt.attempt, job.attempt);
  same("nonce", receipt.nonce, job.nonce);
  same("provider", receipt.provider, job.provider);
  same("node_key", receipt.nodeKey, toHex(job.nodeKey));
  same("domain", receipt.domain, toHex(domain));
  same("spec_hash", receipt.specHash, toHex(job.specHash));
  same("image_digest", receipt.imageDigest, toHex(job.imageDigest));
  same("input_root", receipt.inputRoot, toHex(job.inputRoot));
  same("metered_ms", receipt.meteredMs, job.meteredMs);
  same("exit_code", receipt.exitCode, job.exitCode);
  same("class_key", receipt.classKey, toHex(job.classKey));
  return receipt;
}
