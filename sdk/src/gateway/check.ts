/** Holds what a gateway says against the chain, read through an RPC of the caller's choice. */
import type { Accounts } from "../accounts.js";
import * as derive from "../address.js";
import { JOB_STATE, OUTCOME } from "../codes.js";
import { MismatchError } from "../errors.js";
import { ARBITER_PROGRAM_ADDRESS } from "../generated/arbiter/programs/arbiter.js";
import type { Job } from "../generated/market/accounts/job.js";
import type { Offer } from "../generated/market/accounts/offer.js";
import type { Provider } from "../generated/market/accounts/provider.js";
import { MARKET_PROGRAM_ADDRESS } from "../generated/market/programs/market.js";
import { NOBODY, toHex } from "../ids.js";
import type { JobRecord, NetworkRecord, OfferRecord } from "./records.js";

function same(field: string, claimed: unknown, found: unknown): void {
  if (claimed !== found) throw new MismatchError(field, String(claimed), String(found));
}

/**
 * Checks that a gateway speaks of the programs that this client knows and of the network that the RPC serves.
 * @throws {@link MismatchError}
 */
export function checkNetworkRecord(network: NetworkRecord, genesisHash: string): void {
  same("market", network.market, MARKET_PROGRAM_ADDRESS);
  same("arbiter", network.arbiter, ARBITER_PROGRAM_ADDRESS);
  same("genesis_hash", network.genesis_hash, genesisHash);
}

/**
 * Checks an offer before it is taken: its address follows from its provider and index, and its price, length, mint and expiry
 * are those of the account.
 * @returns the accounts as the chain has them, for the transaction
 * @throws {@link MismatchError} and the errors of reading
 */
export async function checkOfferRecord(
  accounts: Accounts,
  record: OfferRecord,
): Promise<{ readonly offer: Offer; readonly provider: Provider }> {
  same("provider", record.provider, await derive.provider(record.owner));
  same("address", record.address, await derive.offer(record.provider, record.index));
  const [offer, provider] = await Promise.all([accounts.offer(record.address), accounts.provider(record.provider)]);
  same("provider", record.provider, offer.provider);
  same("owner", record.owner, provider.owner);
  same("mint", record.mint, offer.mint);
  same("price_per_second", record.price_per_second, offer.pricePerSecond);
  same("seconds_max", record.seconds_max, offer.secondsMax);
  same("valid_until", BigInt(record.valid_until), offer.expiresAt);
  same("simulated", record.simulated, provider.simulated === 1);
  return { offer, provider };
}

/**
 * Checks an open job's record against its account. Amounts and parties never differ in an honest record of the same moment;
 * a record may be a little older, so its state may be behind: `stale` says so and is no lie by itself.
 * @throws {@link MismatchError}
 */
export async function checkJobRecord(
  accounts: Accounts,
  record: JobRecord,
): Promise<{ readonly job: Job | undefined; readonly stale: boolean }> {
  if (record.index !== null && record.array === null)
    same("address", record.address, await derive.job(record.tenant, record.index));
  const job = await accounts.findJob(record.address);
  if (job === undefined) return { job: undefined, stale: !record.closed };
  if (record.closed) throw new MismatchError("closed", "true", "the account is there");
  same("tenant", record.tenant, job.tenant);
  same("mint", record.mint, job.mint);
  if (record.spec_hash !== null) same("spec_hash", record.spec_hash, toHex(job.specHash));
  if (record.input_root !== null) same("input_root", record.input_root, toHex(job.inputRoot));
  if (record.image_digest !== null) same("image_digest", record.image_digest, toHex(job.imageDigest));
  if (record.max_seconds !== null) same("max_seconds", record.max_seconds, job.maxSeconds);
  const stale = record.state !== JOB_STATE.word(job.state) || record.attempt !== job.attempt;
  if (stale) return { job, stale };
  same("escrowed", record.escrowed, job.escrowed);
  same("provider", record.provider ?? NOBODY, job.provider);
  if (record.state !== "open") same("price_per_second", record.price_per_second, job.pricePerSecond);
  if (record.state === "settled") {
    same("outcome", record.outcome, OUTCOME.word(job.outcome));
    same("paid", record.paid, job.paid);
    same("refunded", record.refunded, job.refunded);
    same("fee", record.fee, job.fee);
    if (record.output_root !== null) same("output_root", record.output_root, toHex(job.outputRoot));
  }
  return { job, stale };
}
