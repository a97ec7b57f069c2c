/** What an Ed25519 key of Proofmill signs: 47 bytes, `0xFF | "proofml/v1" | kind | sha256(body)`. */
import { ed25519 } from "@noble/curves/ed25519.js";
import { sha256, sha512 } from "@noble/hashes/sha2.js";
import { VerificationError } from "./errors.js";

/** What a body is, and its four letters. */
export const ENVELOPE_KIND = {
  receipt: "RCPT",
  attestation: "VERD",
  reexecution: "REEX",
  request: "REQU",
  usage: "USAG",
  witness: "WITN",
} as const;
export type EnvelopeKind = keyof typeof ENVELOPE_KIND;

/** Bytes of every signed message. */
export const ENVELOPE_BYTES = 47;
const TAG = "proofml/v1";

/** The message to sign or verify for a body. Its first byte can begin no Solana transaction. */
export function envelope(kind: EnvelopeKind, body: Uint8Array): Uint8Array {
  const out = new Uint8Array(ENVELOPE_BYTES);
  out[0] = 0xff;
  out.set(new TextEncoder().encode(TAG + ENVELOPE_KIND[kind]), 1);
  out.set(sha256(body), 15);
  return out;
}

/**
 * Checks a signature over a body strictly: canonical encodings only, no key or nonce of small order, no cofactor. What the
 * programs refuse is refused here.
 * @throws {@link VerificationError} if it does not verify
 */
export function verifyEnvelope(kind: EnvelopeKind, body: Uint8Array, signature: Uint8Array, key: Uint8Array): void {
  const wrong = (why: string): never => {
    throw new VerificationError(
      "signature_invalid",
      `the signature on this ${kind} ${why}`,
      "Do not trust it. Ask for it again from somewhere else.",
    );
  };
  if (signature.length !== 64) wrong(`has ${signature.length} bytes, not 64`);
  if (key.length !== 32) wrong(`names a key of ${key.length} bytes, not 32`);
  if (!verifyStrict(signature, envelope(kind, body), key)) wrong("does not verify");
}

/** `[S]B = R + [k]A`, without the cofactor that the library's own verification multiplies by: as the programs do it. */
function verifyStrict(signature: Uint8Array, message: Uint8Array, key: Uint8Array): boolean {
  const { Point } = ed25519;
  const encodedR = signature.slice(0, 32);
  const s = littleEndian(signature.slice(32));
  if (s >= Point.Fn.ORDER) return false;
  try {
    const A = Point.fromBytes(key, false);
    const R = Point.fromBytes(encodedR, false);
    // A point of small order verifies signatures that nobody made.
    if (A.isSmallOrder() || R.isSmallOrder()) return false;
    const hash = sha512.create().update(encodedR).update(key).update(message).digest();
    const k = littleEndian(hash) % Point.Fn.ORDER;
    const left = s === 0n ? Point.ZERO : Point.BASE.multiplyUnsafe(s);
    return left.equals(k === 0n ? R : R.add(A.multiplyUnsafe(k)));
  } catch {
    // Not the canonical encoding of a point of the curve.
    return false;
  }
}

function littleEndian(bytes: Uint8Array): bigint {
  let value = 0n;
  for (let at = bytes.length - 1; at >= 0; at -= 1) value = (value << 8n) | BigInt(bytes[at] ?? 0);
  return value;
}
