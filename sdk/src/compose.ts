/**
 * Several steps of a job's life in one list of instructions, as `crates/client/src/compose.rs` builds them. Pure: from what is
 * on chain to instructions; nothing is signed or sent here.
 */
import {
  AccountRole,
  type AccountMeta,
  type AccountSignerMeta,
  type Address,
  type Instruction,
  type TransactionSigner,
} from "@solana/kit";
import * as address from "./address.js";
import type { Coin } from "./address.js";
import { taskJob } from "./arrays.js";
import { CLAIMED } from "./codes.js";
import type { JobArray } from "./generated/market/accounts/jobArray.js";
import type { Job } from "./generated/market/accounts/job.js";
import * as market from "./generated/market/instructions/index.js";
import type { PostArrayInstructionDataInput } from "./generated/market/instructions/postArray.js";
import type { PostJobInstructionDataInput } from "./generated/market/instructions/postJob.js";
import type { PublishOfferInstructionDataInput } from "./generated/market/instructions/publishOffer.js";
import {
  NOBODY,
  type ArrayAddress,
  type BidAddress,
  type JobAddress,
  type MintAddress,
  type OfferAddress,
  type ProviderAddress,
  type TokenAccountAddress,
} from "./ids.js";
import type { SignedUsage } from "./usage.js";

/** What a job is paid in. */
export const coinOfJob = (job: Pick<Job, "mint" | "tokenProgram">): Coin => ({
  mint: job.mint as MintAddress,
  tokenProgram: address.tokenProgram(job.tokenProgram),
});

/** What stakes are kept in. */
export const coinOfStakes = (config: { readonly stakeMint: Address; readonly stakeTokenProgram: number }): Coin => ({
  mint: config.stakeMint as MintAddress,
  tokenProgram: address.tokenProgram(config.stakeTokenProgram),
});

/** The market's `JobTerms`. */
export type JobTerms = PostJobInstructionDataInput;

/** A standing offer to be taken. */
export type Take = {
  readonly offer: OfferAddress;
  readonly provider: ProviderAddress;
  /** The provider's owner, whose stake is locked. */
  readonly owner: Address;
};

/** Instructions, and the account that they are about. */
export type Composed<A extends Address> = { readonly address: A; readonly instructions: readonly Instruction[] };

/** Posts a job and, if there is an offer to take, takes it: both happen or neither. */
export async function postAndTake(
  tenant: TransactionSigner,
  coin: Coin,
  terms: JobTerms,
  take?: Take,
): Promise<Composed<JobAddress>> {
  const job = await address.job(tenant.address, BigInt(terms.index));
  const [config, mintRule, vault, source] = await Promise.all([
    address.marketConfig(),
    address.mintRule(coin.mint),
    address.vault(job),
    address.tokenAccount(tenant.address, coin),
  ]);
  const instructions: Instruction[] = [
    market.getPostJobInstruction({
      tenant,
      config,
      mint: coin.mint,
      mintRule,
      job,
      vault,
      source,
      tokenProgram: coin.tokenProgram,
      ...terms,
    }),
  ];
  if (take !== undefined) {
    instructions.push(
      market.getMatchJobInstruction({
        tenant,
        config,
        job,
        mintRule,
        offer: take.offer,
        provider: take.provider,
        stake: await address.stake(take.owner),
      }),
    );
  }
  return { address: job, instructions };
}

/** Withdraws an open job: all of its escrow comes back. */
export const cancelJob = (tenant: TransactionSigner, job: JobAddress): Instruction =>
  market.getCancelJobInstruction({ tenant, job });

/** A held job, and where its money goes. */
export type Emptying = {
  readonly address: JobAddress;
  readonly job: Job;
  /** Owner of the `Provider` that holds it; not needed for a job that nobody took. */
  readonly providerOwner?: Address;
  /** `Config.treasury`. */
  readonly treasury: Address;
};

const isTask = (job: Job): boolean => job.array !== NOBODY;

async function refundDestination(job: Job): Promise<TokenAccountAddress> {
  return isTask(job)
    ? address.arrayVault(job.array as Parameters<typeof address.arrayVault>[0])
    : address.tokenAccount(job.tenant, coinOfJob(job));
}

/** Pays the tenant, or the array whose task this is. Anyone may send it. */
export async function claimRefund(at: JobAddress, job: Job): Promise<Instruction> {
  const coin = coinOfJob(job);
  return market.getClaimRefundInstruction({
    job: at,
    vault: job.vault,
    mint: coin.mint,
    destination: await refundDestination(job),
    ...(isTask(job) ? { array: job.array } : {}),
    tokenProgram: coin.tokenProgram,
  });
}

/** Pays the provider, into its owner's associated account. Anyone may send it. */
export async function claimReward(at: JobAddress, job: Job, providerOwner: Address): Promise<Instruction> {
  const coin = coinOfJob(job);
  return market.getClaimRewardInstruction({
    job: at,
    vault: job.vault,
    provider: job.provider,
    mint: coin.mint,
    destination: await address.tokenAccount(providerOwner, coin),
    tokenProgram: coin.tokenProgram,
  });
}

/** Splits the fee. Anyone may send it. */
export async function sweepFees(at: JobAddress, job: Job, treasury: Address): Promise<Instruction> {
  const coin = coinOfJob(job);
  const [config, mintRule, auditBudget, destination] = await Promise.all([
    address.marketConfig(),
    address.mintRule(coin.mint),
    address.auditBudget(coin.mint),
    address.tokenAccount(treasury, coin),
  ]);
  return market.getSweepFeesInstruction({
    config,
    job: at,
    vault: job.vault,
    mint: coin.mint,
    mintRule,
    auditBudget,
    treasury: destination,
    tokenProgram: coin.tokenProgram,
  });
}

/** Closes a job that owes nobody: its rent goes to who paid it, dust to the tenant. Anyone may send it. */
export async function closeJob(at: JobAddress, job: Job): Promise<Instruction> {
  const coin = coinOfJob(job);
  const [config, verdict, dustDestination] = await Promise.all([
    address.marketConfig(),
    address.verdict(at, job.attempt),
    refundDestination(job),
  ]);
  return market.getCloseJobInstruction({
    config,
    rentPayer: job.rentPayer,
    job: at,
    vault: job.vault,
    mint: coin.mint,
    verdict,
    dustDestination,
    ...(isTask(job) ? { array: job.array } : {}),
    tokenProgram: coin.tokenProgram,
  });
}

/** Settles a receipt that was not drawn for an audit, after its window. Anyone may send it. */
export async function settleUnchallenged(at: JobAddress, job: Job, providerOwner: Address): Promise<Instruction> {
  const [config, stake, round] = await Promise.all([
    address.marketConfig(),
    address.stake(providerOwner),
    address.round(at, job.attempt, 1),
  ]);
  return market.getSettleUnchallengedInstruction({ config, job: at, provider: job.provider, stake, round });
}

/** Pays everybody whom a settled job still owes. A part of zero is owed to nobody, and its account need not exist. */
export async function payOut(of: Emptying): Promise<readonly Instruction[]> {
  const open = (bit: number): boolean => (of.job.claimed & bit) === 0;
  const all: Instruction[] = [];
  if (open(CLAIMED.reward) && of.job.paid > 0n && of.providerOwner !== undefined) {
    all.push(await claimReward(of.address, of.job, of.providerOwner));
  }
  if (open(CLAIMED.refund) && of.job.refunded > 0n) all.push(await claimRefund(of.address, of.job));
  if (open(CLAIMED.fee) && of.job.fee > 0n) all.push(await sweepFees(of.address, of.job, of.treasury));
  return all;
}

/** Pays everybody and closes: afterwards neither job nor vault exists. */
export async function payOutAndClose(of: Emptying): Promise<readonly Instruction[]> {
  return [...(await payOut(of)), await closeJob(of.address, of.job)];
}

/** Adds running time to a service, out of the payer's account. */
export async function topUpJob(
  payer: TransactionSigner,
  at: JobAddress,
  job: Job,
  seconds: number,
): Promise<Instruction> {
  const coin = coinOfJob(job);
  return market.getTopUpJobInstruction({
    payer,
    config: await address.marketConfig(),
    job: at,
    vault: job.vault,
    mint: coin.mint,
    source: await address.tokenAccount(payer.address, coin),
    tokenProgram: coin.tokenProgram,
    seconds,
  });
}

/** Ends a service, by its tenant or its provider's operator. */
export async function stopJob(
  party: TransactionSigner,
  at: JobAddress,
  job: Job,
  provider: { readonly owner: Address; readonly operator: Address },
): Promise<Instruction> {
  return market.getStopJobInstruction({
    party,
    job: at,
    provider: job.provider,
    stake: await address.stake(provider.owner),
    operator: provider.operator,
  });
}

/** Says that a paused service is healthy again, by its provider's operator: the meter runs on. */
export const resumeJob = (operator: TransactionSigner, at: JobAddress, job: Job): Instruction =>
  market.getResumeJobInstruction({ operator, provider: job.provider, job: at });

/** Pauses a service whose escrow ran dry. Anyone may send it. */
export const pauseJob = (at: JobAddress): Instruction => market.getPauseJobInstruction({ job: at });

/** Draws what a service has earned by accepted usage, into the provider's owner's account. Anyone may send it. */
export async function claimStream(at: JobAddress, job: Job, providerOwner: Address): Promise<Instruction> {
  const coin = coinOfJob(job);
  return market.getClaimStreamInstruction({
    job: at,
    vault: job.vault,
    provider: job.provider,
    mint: coin.mint,
    destination: await address.tokenAccount(providerOwner, coin),
    tokenProgram: coin.tokenProgram,
  });
}

/** Pays the tenant what is due of the provider's bond, in the stake's coin. Anyone may send it. */
export async function claimSla(at: JobAddress, job: Job, providerOwner: Address, stakes: Coin): Promise<Instruction> {
  const stake = await address.stake(providerOwner);
  return market.getClaimSlaInstruction({
    job: at,
    provider: job.provider,
    stake,
    vault: await address.stakeVault(stake),
    mint: stakes.mint,
    destination: await address.tokenAccount(job.tenant, stakes),
    tokenProgram: stakes.tokenProgram,
  });
}

/** Tells the chain a service's cumulative usage, signed by both node keys (see {@link coSignUsage}). Anyone may send it. */
export async function reportUsage(at: JobAddress, usage: SignedUsage): Promise<Instruction> {
  return market.getReportUsageInstruction({ config: await address.marketConfig(), job: at, ...usage });
}

// Arrays.

/** The market's `ArrayTerms`. */
export type ArrayTerms = PostArrayInstructionDataInput;

/** Posts one document as many tasks, which providers take by themselves. */
export async function postArray(
  tenant: TransactionSigner,
  coin: Coin,
  terms: ArrayTerms,
): Promise<Composed<ArrayAddress>> {
  const array = await address.array(tenant.address, terms.index);
  const [config, mintRule, vault, source] = await Promise.all([
    address.marketConfig(),
    address.mintRule(coin.mint),
    address.arrayVault(array),
    address.tokenAccount(tenant.address, coin),
  ]);
  const instruction = market.getPostArrayInstruction({
    tenant,
    config,
    mint: coin.mint,
    mintRule,
    array,
    vault,
    source,
    tokenProgram: coin.tokenProgram,
    ...terms,
  });
  return { address: array, instructions: [instruction] };
}

/** What an array is paid in: its mint, and the program that owns it. */
export type OfArray = { readonly address: ArrayAddress; readonly array: JobArray; readonly tokenProgram: Address };

/** Takes a task, by the operator of a provider with a standing offer. */
export async function takeTask(
  operator: TransactionSigner,
  of: OfArray,
  task: number,
  take: Take,
): Promise<Composed<JobAddress>> {
  const job = await taskJob(of.array, task);
  const [config, mintRule, stake, vault] = await Promise.all([
    address.marketConfig(),
    address.mintRule(of.array.mint),
    address.stake(take.owner),
    address.vault(job),
  ]);
  const instruction = market.getTakeTaskInstruction({
    operator,
    config,
    array: of.address,
    arrayVault: of.array.vault,
    mint: of.array.mint,
    mintRule,
    offer: take.offer,
    provider: take.provider,
    stake,
    job,
    vault,
    tokenProgram: of.tokenProgram,
    task,
  });
  return { address: job, instructions: [instruction] };
}

/** Wants no further task to be taken; those that are taken end as they would. */
export const cancelArray = (tenant: TransactionSigner, array: ArrayAddress): Instruction =>
  market.getCancelArrayInstruction({ tenant, array });

/** Closes an array that is over and holds no task: what it did not pay goes to the tenant. Anyone may send it. */
export async function closeArray(of: OfArray): Promise<Instruction> {
  const coin = { mint: of.array.mint as MintAddress, tokenProgram: of.tokenProgram };
  return market.getCloseArrayInstruction({
    rentPayer: of.array.rentPayer,
    array: of.address,
    vault: of.array.vault,
    mint: coin.mint,
    destination: await address.tokenAccount(of.array.tenant, coin),
    tokenProgram: coin.tokenProgram,
  });
}

// Auctions.

/** Bids on an open job; the deposit comes back unless the bid wins and is not kept. */
export async function placeBid(
  operator: TransactionSigner,
  on: { readonly address: JobAddress; readonly job: Job },
  owner: Address,
  pricePerSecond: bigint,
): Promise<Composed<BidAddress>> {
  const provider = await address.provider(owner);
  const bid = await address.bid(on.address, provider);
  const instruction = market.getPlaceBidInstruction({
    operator,
    config: await address.marketConfig(),
    job: on.address,
    mintRule: await address.mintRule(on.job.mint),
    provider,
    stake: await address.stake(owner),
    bid,
    pricePerSecond,
  });
  return { address: bid, instructions: [instruction] };
}

/** Takes a bid back, while it is not the best one of a running auction. */
export const withdrawBid = (
  operator: TransactionSigner,
  on: JobAddress,
  provider: ProviderAddress,
  bid: BidAddress,
  rentPayer: Address,
): Instruction => market.getWithdrawBidInstruction({ operator, provider, job: on, bid, rentPayer });

/** Binds the lowest bid after the auction. Anyone may send it. */
export async function acceptBid(
  on: { readonly address: JobAddress; readonly job: Job },
  owner: Address,
): Promise<Instruction> {
  const provider = on.job.bestBidder as ProviderAddress;
  return market.getAcceptBidInstruction({
    config: await address.marketConfig(),
    job: on.address,
    mintRule: await address.mintRule(on.job.mint),
    bid: await address.bid(on.address, provider),
    provider,
    stake: await address.stake(owner),
  });
}

/** Refunds or reopens a job whose deadline passed. Of an open job only its address is needed. */
export async function expireJob(
  at: JobAddress,
  job: Job,
  provider?: { readonly owner: Address },
): Promise<Instruction> {
  return market.getExpireJobInstruction({
    job: at,
    ...(provider === undefined
      ? {}
      : {
          provider: job.provider,
          stake: await address.stake(provider.owner),
          config: await address.marketConfig(),
          verdict: await address.verdict(at, job.attempt),
          round: await address.round(at, job.attempt, 1),
        }),
  });
}

// Providers.

/** Publishes a standing offer; `index` is the provider's next, `Provider.offersTotal`. */
export async function publishOffer(
  operator: TransactionSigner,
  owner: Address,
  mint: MintAddress,
  terms: PublishOfferInstructionDataInput,
): Promise<Composed<OfferAddress>> {
  const provider = await address.provider(owner);
  const offer = await address.offer(provider, terms.index);
  const instruction = market.getPublishOfferInstruction({
    operator,
    config: await address.marketConfig(),
    provider,
    mint,
    mintRule: await address.mintRule(mint),
    offer,
    ...terms,
  });
  return { address: offer, instructions: [instruction] };
}

/** Withdraws a standing offer: no new job takes it, and its rent comes back. */
export const withdrawOffer = (
  operator: TransactionSigner,
  provider: ProviderAddress,
  offer: OfferAddress,
  rentPayer: Address,
): Instruction => market.getWithdrawOfferInstruction({ operator, provider, offer, rentPayer });

// Stake.

/** Deposits stake, opening the account first if `open` says so. */
export async function depositStake(
  owner: TransactionSigner,
  coin: Coin,
  amount: bigint,
  open: boolean,
): Promise<readonly Instruction[]> {
  const stake = await address.stake(owner.address);
  const vault = await address.stakeVault(stake);
  const deposit = market.getDepositStakeInstruction({
    depositor: owner,
    stake,
    vault,
    mint: coin.mint,
    source: await address.tokenAccount(owner.address, coin),
    tokenProgram: coin.tokenProgram,
    amount,
  });
  if (!open) return [deposit];
  const config = await address.marketConfig();
  return [
    market.getOpenStakeInstruction({ owner, config, mint: coin.mint, stake, vault, tokenProgram: coin.tokenProgram }),
    deposit,
  ];
}

/** Begins to leave with a part of the free stake. It stays slashable until it is withdrawn. */
export async function unbondStake(owner: TransactionSigner, amount: bigint): Promise<Instruction> {
  return market.getUnbondStakeInstruction({
    owner,
    config: await address.marketConfig(),
    stake: await address.stake(owner.address),
    amount,
  });
}

/** Takes out what has finished unbonding. */
export async function withdrawStake(owner: TransactionSigner, coin: Coin): Promise<Instruction> {
  const stake = await address.stake(owner.address);
  return market.getWithdrawStakeInstruction({
    owner,
    stake,
    vault: await address.stakeVault(stake),
    mint: coin.mint,
    destination: await address.tokenAccount(owner.address, coin),
    tokenProgram: coin.tokenProgram,
  });
}

/** Contests a slash by a verdict, once, before it is due. */
export async function appealSlash(owner: TransactionSigner, slashCase: Address): Promise<Instruction> {
  return market.getAppealSlashInstruction({ owner, stake: await address.stake(owner.address), slashCase });
}

/** A weight under a rewards root, with its proof. */
export type RewardProof = {
  readonly weight: bigint;
  readonly index: number;
  readonly path: readonly Uint8Array[];
  readonly witnessRoot: Address;
};

/** Collects a provider's reward of an epoch. Anyone may send it; it goes to the owner. */
export async function claimEpochReward(
  owner: Address,
  epoch: number,
  coin: Coin,
  proof: RewardProof,
): Promise<Instruction> {
  const pool = await address.rewardPool(epoch);
  const nothing = Array.from({ length: PROOF_DEPTH_MAX - proof.path.length }, () => new Uint8Array(32));
  return market.getClaimEpochRewardInstruction({
    config: await address.marketConfig(),
    pool,
    provider: await address.provider(owner),
    witnessRoot: proof.witnessRoot,
    vault: await address.rewardVault(pool),
    mint: coin.mint,
    destination: await address.tokenAccount(owner, coin),
    tokenProgram: coin.tokenProgram,
    weight: proof.weight,
    index: proof.index,
    depth: proof.path.length,
    path: [...proof.path, ...nothing],
  });
}

/** Levels of a proof at most: the instruction's fixed width. */
const PROOF_DEPTH_MAX = 20;

/** Creates the associated token account of `owner`, unless it is there. */
export async function createTokenAccount(
  payer: TransactionSigner,
  owner: Address,
  coin: Coin,
): Promise<Instruction<string, readonly (AccountMeta | AccountSignerMeta)[]>> {
  return {
    programAddress: address.ASSOCIATED_TOKEN_PROGRAM,
    accounts: [
      { address: payer.address, role: AccountRole.WRITABLE_SIGNER, signer: payer },
      { address: await address.tokenAccount(owner, coin), role: AccountRole.WRITABLE },
      { address: owner, role: AccountRole.READONLY },
      { address: coin.mint, role: AccountRole.READONLY },
      { address: address.SYSTEM_PROGRAM, role: AccountRole.READONLY },
      { address: coin.tokenProgram, role: AccountRole.READONLY },
    ],
    data: Uint8Array.of(1),
  };
}
