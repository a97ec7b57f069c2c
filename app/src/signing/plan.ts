import type { Instruction } from '@solana/kit';

/** What somebody wants to sign. */
export interface Plan {
  readonly instructions: readonly Instruction[];
}
