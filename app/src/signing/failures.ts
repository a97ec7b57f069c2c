/** Why a transaction failed on the chain, in words. */
import { MARKET_ERRORS_BY_CODE } from '../chain/errors';

/** A transaction's error as the RPC writes it: `{"InstructionError":[1,{"Custom":535}]}`, or a word. */
export function failureWords(error: unknown): string {
  if (typeof error === 'string') return spaced(error);
  const found = error as { InstructionError?: readonly [unknown, unknown]; InsufficientFundsForRent?: unknown } | null;
  const inner = found?.InstructionError?.[1];
  if (typeof inner === 'string') return spaced(inner);
  const custom = (inner as { Custom?: unknown } | undefined)?.Custom;
  if (custom !== undefined) {
    const code = Number(custom);
    const known = MARKET_ERRORS_BY_CODE.get(code);
    if (known !== undefined) return `${known.message}.`;
    if (code === 1) return 'There is not enough money in the account.';
    return `A program refused with the number ${code}.`;
  }
  if (found?.InsufficientFundsForRent !== undefined)
    return 'The wallet holds too little SOL for the rent of the accounts.';
  return 'The chain refused it.';
}

const WORDS: Readonly<Record<string, string>> = {
  AccountNotFound: 'The wallet holds no SOL, so it cannot pay the network’s fee.',
  InsufficientFundsForFee: 'The wallet holds too little SOL for the network’s fee.',
  BlockhashNotFound: 'It was prepared too long ago.',
  AlreadyProcessed: 'It has taken effect already.',
};

const spaced = (word: string): string =>
  WORDS[word] ??
  `The chain refused it: ${word
    .slice(0, 80)
    .replaceAll(/([a-z])([A-Z])/gu, '$1 $2')
    .toLowerCase()}.`;
