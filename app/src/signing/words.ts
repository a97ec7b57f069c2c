/** What a transaction does, as the person reads it before signing. */
import type { Words } from '../gateway/faults';

/** One act of a transaction. */
export interface Act {
  readonly title: string;
  /** Sentences, each a fact decoded from the bytes themselves. */
  readonly lines: readonly string[];
  /** Something to look at twice. */
  readonly warning: string | null;
}

/** A transaction as it will be signed, and what it says. */
export interface Prepared {
  /** The signed part, byte for byte. */
  readonly message: Uint8Array<ArrayBuffer>;
  /** Signatures (empty) and message, as wallets take it. */
  readonly wire: Uint8Array<ArrayBuffer>;
  readonly lastValidBlockHeight: bigint;
  readonly acts: readonly Act[];
  /** The network's fee at most; of it, what is offered for priority. */
  readonly feeLamports: bigint;
  readonly priorityLamports: bigint;
  /** What the simulation says would change for the signer: words, one per balance. */
  readonly changes: readonly string[];
}

export class SigningFault extends Error {
  override readonly name = 'SigningFault';

  constructor(readonly words: Words) {
    super(words.what);
  }
}
