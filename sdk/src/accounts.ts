/**
 * Accounts read from a chain of the caller's choice, each checked: owner, discriminator, length, version. What an RPC or a
 * gateway says of an address is believed only after that.
 */
import {
  getBase58Decoder,
  type Address,
  type Base58EncodedBytes,
  type Commitment,
  type Decoder,
  type GetAccountInfoApi,
  type GetMultipleAccountsApi,
  type GetProgramAccountsApi,
  type ReadonlyUint8Array,
  type Rpc,
} from "@solana/kit";
import * as address from "./address.js";
import { fromBase64 } from "./bytes.js";
import { BytesError, InputError, MissingError } from "./errors.js";
import {
  getArbiterConfigDecoder,
  ARBITER_CONFIG_DISCRIMINATOR,
  type ArbiterConfig,
} from "./generated/arbiter/accounts/arbiterConfig.js";
import { getRoundDecoder, ROUND_DISCRIMINATOR, type Round } from "./generated/arbiter/accounts/round.js";
import { getVerdictDecoder, VERDICT_DISCRIMINATOR, type Verdict } from "./generated/arbiter/accounts/verdict.js";
import { ARBITER_PROGRAM_ADDRESS } from "./generated/arbiter/programs/arbiter.js";
import { BID_DISCRIMINATOR, getBidDecoder, type Bid } from "./generated/market/accounts/bid.js";
import { CONFIG_DISCRIMINATOR, getConfigDecoder, type Config } from "./generated/market/accounts/config.js";
import { getJobDecoder, JOB_DISCRIMINATOR, type Job } from "./generated/market/accounts/job.js";
import { getJobArrayDecoder, JOB_ARRAY_DISCRIMINATOR, type JobArray } from "./generated/market/accounts/jobArray.js";
import { getMintRuleDecoder, MINT_RULE_DISCRIMINATOR, type MintRule } from "./generated/market/accounts/mintRule.js";
import { getOfferDecoder, OFFER_DISCRIMINATOR, type Offer } from "./generated/market/accounts/offer.js";
import { getProviderDecoder, PROVIDER_DISCRIMINATOR, type Provider } from "./generated/market/accounts/provider.js";
import { getStakeDecoder, STAKE_DISCRIMINATOR, type Stake } from "./generated/market/accounts/stake.js";
import { JOB_ARRAY_OFFSETS, JOB_OFFSETS } from "./generated/market/layout.js";
import { MARKET_PROGRAM_ADDRESS } from "./generated/market/programs/market.js";
import type {
  ArrayAddress,
  BidAddress,
  JobAddress,
  MintAddress,
  OfferAddress,
  ProviderAddress,
  StakeAddress,
} from "./ids.js";

/** The calls that reading needs; any RPC of kit has them. */
export type AccountRpc = Rpc<GetAccountInfoApi & GetMultipleAccountsApi & GetProgramAccountsApi>;

/** How an account of one kind is recognised and read. */
export type AccountKind<T> = {
  readonly name: string;
  readonly program: Address;
  readonly discriminator: ReadonlyUint8Array;
  readonly decoder: () => Decoder<T> & { readonly fixedSize: number };
};

/** Version of every layout that this client reads. */
export const LAYOUT_VERSION = 1;

export const JOB: AccountKind<Job> = {
  name: "job",
  program: MARKET_PROGRAM_ADDRESS,
  discriminator: JOB_DISCRIMINATOR,
  decoder: getJobDecoder,
};
export const JOB_ARRAY: AccountKind<JobArray> = {
  name: "array",
  program: MARKET_PROGRAM_ADDRESS,
  discriminator: JOB_ARRAY_DISCRIMINATOR,
  decoder: getJobArrayDecoder,
};
export const OFFER: AccountKind<Offer> = {
  name: "offer",
  program: MARKET_PROGRAM_ADDRESS,
  discriminator: OFFER_DISCRIMINATOR,
  decoder: getOfferDecoder,
};
export const PROVIDER: AccountKind<Provider> = {
  name: "provider",
  program: MARKET_PROGRAM_ADDRESS,
  discriminator: PROVIDER_DISCRIMINATOR,
  decoder: getProviderDecoder,
};
export const BID: AccountKind<Bid> = {
  name: "bid",
  program: MARKET_PROGRAM_ADDRESS,
  discriminator: BID_DISCRIMINATOR,
  decoder: getBidDecoder,
};
export const STAKE: AccountKind<Stake> = {
  name: "stake",
  program: MARKET_PROGRAM_ADDRESS,
  discriminator: STAKE_DISCRIMINATOR,
  decoder: getStakeDecoder,
};
export const CONFIG: AccountKind<Config> = {
  name: "market configuration",
  program: MARKET_PROGRAM_ADDRESS,
  discriminator: CONFIG_DISCRIMINATOR,
  decoder: getConfigDecoder,
};
export const MINT_RULE: AccountKind<MintRule> = {
  name: "mint rule",
  program: MARKET_PROGRAM_ADDRESS,
  discriminator: MINT_RULE_DISCRIMINATOR,
  decoder: getMintRuleDecoder,
};
export const ARBITER_CONFIG: AccountKind<ArbiterConfig> = {
  name: "arbiter configuration",
  program: ARBITER_PROGRAM_ADDRESS,
  discriminator: ARBITER_CONFIG_DISCRIMINATOR,
  decoder: getArbiterConfigDecoder,
};
export const ROUND: AccountKind<Round> = {
  name: "round",
  program: ARBITER_PROGRAM_ADDRESS,
  discriminator: ROUND_DISCRIMINATOR,
  decoder: getRoundDecoder,
};
export const VERDICT: AccountKind<Verdict> = {
  name: "verdict",
  program: ARBITER_PROGRAM_ADDRESS,
  discriminator: VERDICT_DISCRIMINATOR,
  decoder: getVerdictDecoder,
};

/** Reads the data of an account of a kind. @throws {@link BytesError} */
export function decodeAccount<T>(kind: AccountKind<T>, owner: Address, data: Uint8Array): T {
  const wrong = (code: string, why: string, next = "Check the address, and the network that you read from."): never => {
    throw new BytesError(code, `this is no ${kind.name}: ${why}`, next);
  };
  if (owner !== kind.program) wrong("account_owner", `it belongs to ${owner}`);
  if (kind.discriminator.some((byte, at) => data[at] !== byte))
    wrong("account_kind", "its first eight bytes are another account's");
  const decoder = kind.decoder();
  if (data.length !== decoder.fixedSize) wrong("account_length", `${data.length} bytes, not ${decoder.fixedSize}`);
  if (data[8] !== LAYOUT_VERSION)
    wrong("account_version", `layout ${String(data[8])}, this client reads ${LAYOUT_VERSION}`, "Update the client.");
  return decoder.decode(data);
}

/** A reader of the two programs' accounts. */
export type Accounts = ReturnType<typeof accountsOf>;

/** Options of reading. */
export type ReadOptions = { readonly commitment?: Commitment; readonly abortSignal?: AbortSignal };

/** Reads accounts through `rpc`. Nothing is cached: what is read is what the chain says now. */
export function accountsOf(rpc: AccountRpc, defaults: ReadOptions = {}) {
  const commitment = defaults.commitment ?? "confirmed";

  async function find<T>(kind: AccountKind<T>, at: Address, options: ReadOptions = {}): Promise<T | undefined> {
    const { value } = await rpc
      .getAccountInfo(at, { encoding: "base64", commitment: options.commitment ?? commitment })
      .send(options.abortSignal === undefined ? {} : { abortSignal: options.abortSignal });
    if (value === null) return undefined;
    return decodeAccount(kind, value.owner, fromBase64(value.data[0]));
  }

  async function get<T>(kind: AccountKind<T>, at: Address, options?: ReadOptions): Promise<T> {
    const found = await find(kind, at, options);
    if (found === undefined) {
      throw new MissingError(
        "account_missing",
        `there is no ${kind.name} at ${at}`,
        "Check the address; a closed account is gone.",
      );
    }
    return found;
  }

  /** Every account of a kind, by an optional 32-byte field at an offset. Many public RPCs refuse this; ask a gateway there. */
  async function list<T>(
    kind: AccountKind<T>,
    where?: { readonly offset: number; readonly address: Address },
  ): Promise<{ readonly address: Address; readonly data: T }[]> {
    const base58 = (bytes: ReadonlyUint8Array) => getBase58Decoder().decode(bytes) as Base58EncodedBytes;
    const filters = [
      { memcmp: { offset: 0n, bytes: base58(kind.discriminator), encoding: "base58" as const } },
      ...(where === undefined
        ? []
        : [
            {
              memcmp: {
                offset: BigInt(where.offset),
                bytes: where.address as string as Base58EncodedBytes,
                encoding: "base58" as const,
              },
            },
          ]),
    ];
    const rows = await rpc.getProgramAccounts(kind.program, { encoding: "base64", commitment, filters }).send();
    return rows.map((row) => ({
      address: row.pubkey,
      data: decodeAccount(kind, row.account.owner, fromBase64(row.account.data[0])),
    }));
  }

  return {
    find,
    get,
    list,
    job: (at: JobAddress, options?: ReadOptions) => get(JOB, at, options),
    findJob: (at: JobAddress, options?: ReadOptions) => find(JOB, at, options),
    array: (at: ArrayAddress, options?: ReadOptions) => get(JOB_ARRAY, at, options),
    findArray: (at: ArrayAddress, options?: ReadOptions) => find(JOB_ARRAY, at, options),
    offer: (at: OfferAddress, options?: ReadOptions) => get(OFFER, at, options),
    provider: (at: ProviderAddress, options?: ReadOptions) => get(PROVIDER, at, options),
    stake: (at: StakeAddress, options?: ReadOptions) => get(STAKE, at, options),
    findStake: (at: StakeAddress, options?: ReadOptions) => find(STAKE, at, options),
    bid: (at: BidAddress, options?: ReadOptions) => get(BID, at, options),
    marketConfig: async (options?: ReadOptions) => get(CONFIG, await address.marketConfig(), options),
    arbiterConfig: async (options?: ReadOptions) => get(ARBITER_CONFIG, await address.arbiterConfig(), options),
    mintRule: async (mint: MintAddress, options?: ReadOptions) => get(MINT_RULE, await address.mintRule(mint), options),
    findVerdict: async (of: JobAddress, attempt: number, options?: ReadOptions) =>
      find(VERDICT, await address.verdict(of, attempt), options),
    round: async (of: JobAddress, attempt: number, index: 1 | 2, options?: ReadOptions) =>
      find(ROUND, await address.round(of, attempt, index), options),
    /** All offers, cheapest first. */
    offers: async () => (await list(OFFER)).sort((a, b) => (a.data.pricePerSecond < b.data.pricePerSecond ? -1 : 1)),
    /** The jobs of a tenant that are not closed. */
    jobsOf: (tenant: Address) => list(JOB, { offset: JOB_OFFSETS.tenant, address: tenant }),
    /** The arrays of a tenant that are not closed. */
    arraysOf: (tenant: Address) => list(JOB_ARRAY, { offset: JOB_ARRAY_OFFSETS.tenant, address: tenant }),
    /** The jobs of an array's tasks: those that are held, or settled and not closed. */
    taskJobsOf: (array: ArrayAddress) => list(JOB, { offset: JOB_OFFSETS.array, address: array }),
    /** A payment mint: decimals and token program, with the market's rule on it. */
    async coin(mint: MintAddress): Promise<CoinInfo> {
      const rule = await get(MINT_RULE, await address.mintRule(mint));
      if (rule.mint !== mint)
        throw new InputError("mint_rule_foreign", `the rule is for ${rule.mint}`, "Check the mint's address.");
      return {
        mint,
        tokenProgram: address.tokenProgram(rule.tokenProgram),
        decimals: rule.decimals,
        enabled: rule.enabled === 1,
        lockBps: rule.lockBps,
        escrowMin: rule.escrowMin,
      };
    },
  };
}

/** A coin, and the market's rule on it. */
export type CoinInfo = address.Coin & {
  readonly decimals: number;
  readonly enabled: boolean;
  readonly lockBps: number;
  readonly escrowMin: bigint;
};
