/** Accounts of the chain, read by RPC and checked: owner, kind, length, version. What a gateway says of them is not asked. */
import type { Address } from '@solana/kit';
import {
  derive,
  CONFIG,
  decodeAccount,
  JOB,
  JOB_ARRAY,
  MINT_RULE,
  OFFER,
  PROVIDER,
  STAKE,
  VERDICT,
  type AccountKind,
  type Coin,
  type MintAddress,
} from '@proofmill/client';
import { accounts } from '../gateway/rpc';
import { SigningFault } from '../signing/words';

async function find<T>(kind: AccountKind<T>, at: string): Promise<T | null> {
  const [account] = await accounts([at]);
  return account === null || account === undefined ? null : decodeAccount(kind, account.owner as Address, account.data);
}

/** Accounts read at once at most: the most that a node answers. */
const AT_ONCE = 100;

/** Accounts of one kind, in the order asked for; null where there is none. */
export async function findAll<T>(kind: AccountKind<T>, at: readonly string[]): Promise<readonly (T | null)[]> {
  const found: (T | null)[] = [];
  for (let from = 0; from < at.length; from += AT_ONCE) {
    for (const account of await accounts(at.slice(from, from + AT_ONCE)))
      found.push(account === null ? null : decodeAccount(kind, account.owner as Address, account.data));
  }
  return found;
}

async function get<T>(kind: AccountKind<T>, at: string): Promise<T> {
  const found = await find(kind, at);
  if (found === null) {
    throw new SigningFault({
      what: `There is no ${kind.name} at ${at} on the chain.`,
      next: 'Nothing was signed. Load the page again; if the gateway still shows it, use another one.',
    });
  }
  return found;
}

export const readJob = (at: string) => get(JOB, at);
export const findJob = (at: string) => find(JOB, at);
export const readArray = (at: string) => get(JOB_ARRAY, at);
export const readOffer = (at: string) => get(OFFER, at);
export const readProvider = (at: string) => get(PROVIDER, at);
export const findStake = async (owner: string) => find(STAKE, await derive.stake(owner as Address));
export const readConfig = async () => get(CONFIG, await derive.marketConfig());
export const findVerdict = async (job: string, attempt: number) =>
  find(VERDICT, await derive.verdict(job as Parameters<typeof derive.verdict>[0], attempt));

/** A mint with the token program that the market's rule on it names. */
export async function coinOf(mint: string): Promise<Coin & { readonly decimals: number }> {
  const rule = await get(MINT_RULE, await derive.mintRule(mint as Address));
  return { mint: mint as MintAddress, tokenProgram: derive.tokenProgram(rule.tokenProgram), decimals: rule.decimals };
}

/** The associated token account of an owner; of the classic program unless told otherwise. */
export async function tokenAccount(owner: string, mint: string, program: string | null): Promise<string> {
  return derive.tokenAccount(owner as Address, {
    mint: mint as MintAddress,
    tokenProgram: (program ?? derive.TOKEN_PROGRAM) as Address,
  });
}
