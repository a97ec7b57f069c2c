/** Every program-derived address, from the seeds in `crates/protocol/src/seeds.rs`. */
import {
  getAddressEncoder,
  getProgramDerivedAddress,
  getU16Encoder,
  getU32Encoder,
  getU64Encoder,
  getU8Encoder,
  type Address,
  type ReadonlyUint8Array,
} from "@solana/kit";
import { ARBITER_PROGRAM_ADDRESS } from "./generated/arbiter/programs/arbiter.js";
import { MARKET_PROGRAM_ADDRESS } from "./generated/market/programs/market.js";
import type {
  ArrayAddress,
  BidAddress,
  Bytes32,
  JobAddress,
  MintAddress,
  OfferAddress,
  ProviderAddress,
  StakeAddress,
  TokenAccountAddress,
} from "./ids.js";

/** The classic token program. */
export const TOKEN_PROGRAM = "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA" as Address;
/** The Token-2022 program. */
export const TOKEN_2022_PROGRAM = "TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb" as Address;
/** The associated token account program. */
export const ASSOCIATED_TOKEN_PROGRAM = "ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL" as Address;
/** The system program. */
export const SYSTEM_PROGRAM = "11111111111111111111111111111111" as Address;

type Seed = string | ReadonlyUint8Array;
const key = (address: Address): ReadonlyUint8Array => getAddressEncoder().encode(address);

async function derive<K extends Address>(program: Address, seeds: Seed[]): Promise<K> {
  const [address] = await getProgramDerivedAddress({ programAddress: program, seeds });
  return address as K;
}
const ofMarket = <K extends Address = Address>(...seeds: Seed[]): Promise<K> =>
  derive<K>(MARKET_PROGRAM_ADDRESS, seeds);
const ofArbiter = <K extends Address = Address>(...seeds: Seed[]): Promise<K> =>
  derive<K>(ARBITER_PROGRAM_ADDRESS, seeds);

/** The market's `Config`. */
export const marketConfig = () => ofMarket("config");
/** `QueuedConfig`, while a change waits. */
export const queuedConfig = () => ofMarket("queued_config");
/** `MintRule` of a payment mint. */
export const mintRule = (mint: Address) => ofMarket("mint_rule", key(mint));
/** Token account that pays re-executions in `mint`. */
export const auditBudget = (mint: Address) => ofMarket<TokenAccountAddress>("audit_budget", key(mint));
/** `Provider` of an owner. */
export const provider = (owner: Address) => ofMarket<ProviderAddress>("provider", key(owner));
/** `Stake` of an owner. */
export const stake = (owner: Address) => ofMarket<StakeAddress>("stake", key(owner));
/** Vault of a stake. */
export const stakeVault = (of: StakeAddress) => ofMarket<TokenAccountAddress>("stake_vault", key(of));
/** `Offer` number `index` of a `Provider` account. */
export const offer = (of: ProviderAddress, index: number) =>
  ofMarket<OfferAddress>("offer", key(of), getU16Encoder().encode(index));
/** `Job` number `index` of a tenant. */
export const job = (tenant: Address, index: bigint) =>
  ofMarket<JobAddress>("job", key(tenant), getU64Encoder().encode(index));
/** Vault of a job. */
export const vault = (of: JobAddress) => ofMarket<TokenAccountAddress>("vault", key(of));
/** `Bid` of a `Provider` account on a job. */
export const bid = (on: JobAddress, by: ProviderAddress) => ofMarket<BidAddress>("bid", key(on), key(by));
/** `JobArray` number `index` of a tenant. */
export const array = (tenant: Address, index: number) =>
  ofMarket<ArrayAddress>("array", key(tenant), getU32Encoder().encode(index));
/** Vault of an array. */
export const arrayVault = (of: ArrayAddress) => ofMarket<TokenAccountAddress>("array_vault", key(of));
/** `SlashCase` of a verdict on one attempt in one life (`nonce`) of a job's address. */
export const slashCase = (of: JobAddress, attempt: number, nonce: bigint) =>
  ofMarket("slash", key(of), getU16Encoder().encode(attempt), getU64Encoder().encode(nonce));
/** `SlashCase` of an `Evidence` account. */
export const evidenceCase = (evidence: Address) => ofMarket("slash", key(evidence));
/** `RewardPool` of an epoch. */
export const rewardPool = (epoch: number) => ofMarket("reward_pool", getU32Encoder().encode(epoch));
/** Vault of a reward pool. */
export const rewardVault = (pool: Address) => ofMarket<TokenAccountAddress>("reward_vault", key(pool));

/** The arbiter's configuration. */
export const arbiterConfig = () => ofArbiter("config");
/** The arbiter's roster. */
export const roster = () => ofArbiter("roster");
/** `ValidatorSet` of an epoch. */
export const validatorSet = (epoch: number) => ofArbiter("validator_set", getU32Encoder().encode(epoch));
/** `ExecutorList` of a class. */
export const executors = (classKey: Bytes32) => ofArbiter("executors", classKey);
/** `Round` 1 or 2 of a job's attempt. */
export const round = (of: JobAddress, attempt: number, index: 1 | 2) =>
  ofArbiter("round", key(of), getU16Encoder().encode(attempt), getU8Encoder().encode(index));
/** `Verdict` on a job's attempt. */
export const verdict = (of: JobAddress, attempt: number) =>
  ofArbiter("verdict", key(of), getU16Encoder().encode(attempt));
/** The arbiter's `Verdict` on an appeal. */
export const appealVerdict = (of: JobAddress, attempt: number) =>
  ofArbiter("appeal", key(of), getU16Encoder().encode(attempt));
/** `Beacon` of a round of the drand network. */
export const beacon = (number: bigint) => ofArbiter("beacon", getU64Encoder().encode(number));
/** `WitnessRoot` of a kind, an epoch and a sequence. */
export const witnessRoot = (kind: number, epoch: number, sequence: number) =>
  ofArbiter(
    "witness_root",
    getU8Encoder().encode(kind),
    getU32Encoder().encode(epoch),
    getU32Encoder().encode(sequence),
  );
/** `UsageWitness` of a service's attempt. */
export const usageWitness = (of: JobAddress, attempt: number) =>
  ofArbiter("usage", key(of), getU16Encoder().encode(attempt));

/** A mint and the token program that it belongs to. */
export type Coin = { readonly mint: MintAddress; readonly tokenProgram: Address };

/** The token program that a `Job`, `Stake`, `MintRule` or `Config` names by its code. */
export const tokenProgram = (code: number): Address => (code === 1 ? TOKEN_2022_PROGRAM : TOKEN_PROGRAM);

/** Associated token account of `owner` for a coin. */
export const tokenAccount = (owner: Address, coin: Coin) =>
  derive<TokenAccountAddress>(ASSOCIATED_TOKEN_PROGRAM, [key(owner), key(coin.tokenProgram), key(coin.mint)]);
