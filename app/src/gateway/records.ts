/** The gateway's records, as its OpenAPI document says. */
import {
  address,
  amount,
  count,
  flag,
  hex32,
  integer,
  list,
  nullable,
  page,
  scalar,
  shape,
  table,
  text,
  word,
  type Read,
  type Shape,
} from './wire';

const TIER_WORDS: readonly string[] = ['any', 'consumer', 'prosumer', 'datacenter'];

/** A tier: the gateway's word as the chain's number. */
const tier: Read<number> = (value, at) => {
  const found = TIER_WORDS.indexOf(word(value, at));
  return found < 0 ? TIER_WORDS.length : found;
};

export function tierWord(tier: number): string {
  return TIER_WORDS[tier] ?? 'unknown';
}

export const mintRecord = shape({
  mint: address,
  decimals: integer,
  enabled: flag,
  lock_bps: integer,
  escrow_min: amount,
  audit_price_max: amount,
  token_program: address,
});
export type MintRecord = Shape<typeof mintRecord>;

export const networkRecord = shape({
  version: text,
  genesis_hash: text,
  market: address,
  arbiter: address,
  stake_mint: nullable(address),
  mints: list(mintRecord, 100),
  chain_slot: count,
  indexed_slot: count,
  paused: flag,
  allow_simulated: flag,
  faucet: flag,
  node_key: nullable(hex32),
  local: flag,
});
export type NetworkRecord = Shape<typeof networkRecord>;

export const stakeRecord = shape({
  owner: address,
  address,
  mint: address,
  bonded: amount,
  locked: amount,
  free: amount,
  unbonding: amount,
  releasable_at: integer,
  pending: amount,
  slashed_total: amount,
  active_jobs: integer,
});
export type StakeRecord = Shape<typeof stakeRecord>;

const certificateRecord = shape({ measured_at: integer, tier, vram_mib: integer, gops: count });

export const providerRecord = shape({
  owner: address,
  address,
  active: flag,
  node_key: hex32,
  endpoint: nullable(text),
  tier,
  region: integer,
  gpu_count: integer,
  vram_mib: integer,
  gpu_model: text,
  gpu_class: hex32,
  simulated: flag,
  capacity: integer,
  jobs_accepted: integer,
  jobs_rejected: integer,
  jobs_failed: integer,
  consecutive_accepted: integer,
  uptime_bps: integer,
  uptime_measured: flag,
  certificate: nullable(certificateRecord),
  stake: nullable(stakeRecord),
  rewarded_epoch: integer,
  registered_at: integer,
});
export type ProviderRecord = Shape<typeof providerRecord>;

export const offerRecord = shape({
  address,
  provider: address,
  owner: address,
  index: integer,
  mint: address,
  price_per_second: amount,
  seconds_max: integer,
  capacity: integer,
  active_jobs: integer,
  valid_until: integer,
  published_at: integer,
  services: flag,
  tier,
  region: integer,
  gpu_count: integer,
  vram_mib: integer,
  gpu_model: text,
  simulated: flag,
  fits_now: flag,
});
export type OfferRecord = Shape<typeof offerRecord>;

export const jobRecord = shape({
  address,
  tenant: address,
  index: nullable(amount),
  array: nullable(address),
  task_index: nullable(integer),
  kind: nullable(word),
  class: nullable(word),
  state: word,
  outcome: nullable(word),
  mint: address,
  provider: nullable(address),
  attempt: integer,
  attempts_max: nullable(integer),
  matched_by: nullable(word),
  price_per_second: nullable(amount),
  price_ceiling_per_second: nullable(amount),
  max_seconds: nullable(integer),
  escrowed: amount,
  paid: amount,
  refunded: amount,
  fee: amount,
  slashed: amount,
  lock: amount,
  claimed: list(word, 8),
  metered_ms: count,
  streamed: amount,
  paused_ms: count,
  bids: nullable(integer),
  best_bid_per_second: nullable(amount),
  spec_hash: nullable(hex32),
  image_digest: nullable(hex32),
  input_root: nullable(hex32),
  output_root: nullable(hex32),
  exit_code: nullable(integer),
  termination: nullable(word),
  audit_bps: nullable(integer),
  fee_bps: nullable(integer),
  posted_at: nullable(integer),
  bids_until: nullable(integer),
  matched_at: nullable(integer),
  started_at: nullable(integer),
  submitted_at: nullable(integer),
  paused_at: nullable(integer),
  settled_at: nullable(integer),
  start_by: nullable(integer),
  receipt_by: nullable(integer),
  verdict_by: nullable(integer),
  tenant_node_key: nullable(hex32),
  tier: nullable(tier),
  vram_mib: nullable(integer),
  gpu_count: nullable(integer),
  region: nullable(integer),
  uptime_bps: nullable(integer),
  allow_simulated: nullable(flag),
  closed: flag,
});
export type JobRecord = Shape<typeof jobRecord>;

export const eventRecord = shape({
  sequence: count,
  slot: count,
  signature: text,
  program: word,
  name: text,
  at: nullable(integer),
  job: nullable(address),
  data: table(scalar),
});
export type EventRecord = Shape<typeof eventRecord>;

export const roundRecord = shape({
  address,
  index: integer,
  attempt: nullable(integer),
  state: word,
  threshold: nullable(integer),
  reveals_min: nullable(integer),
  committee: list(nullable(address), 16),
  committed: list(flag, 16),
  missed: list(flag, 16),
  revealed: list(shape({ seat: integer, validator: nullable(address), verdict: word, reason: text }), 16),
  re_executor: nullable(address),
  re_executed: flag,
  opened_at: nullable(integer),
  commit_until: nullable(integer),
  reveal_until: nullable(integer),
  verdict: nullable(word),
});
export type RoundRecord = Shape<typeof roundRecord>;
export const roundsRecord: Read<readonly RoundRecord[]> = list(roundRecord, 32);

export const bidRecord = shape({
  address,
  job: address,
  provider: address,
  price_per_second: amount,
  deposit_lamports: amount,
  withdrawn: flag,
  accepted_attempt: integer,
  placed_at: integer,
});
export type BidRecord = Shape<typeof bidRecord>;

export const validatorRecord = shape({
  owner: address,
  delegate: address,
  node_key: hex32,
  endpoint: nullable(text),
  weight: amount,
  weighed_at: integer,
  stake: nullable(stakeRecord),
  in_set: flag,
  in_next_set: flag,
});
export type ValidatorRecord = Shape<typeof validatorRecord>;

const memberRecord = shape({ seat: integer, owner: address, weight: amount });
export const epochRecord = shape({
  epoch: integer,
  started_at: integer,
  epoch_seconds: integer,
  frozen: list(memberRecord, 64),
  next: nullable(shape({ epoch: integer, frozen_at: integer, members: list(memberRecord, 64) })),
});
export type EpochRecord = Shape<typeof epochRecord>;

export const caseRecord = shape({
  address,
  stake: address,
  owner: nullable(address),
  job: address,
  attempt: integer,
  kind: word,
  state: word,
  amount,
  remaining: amount,
  bond: amount,
  slashed: amount,
  opened_at: integer,
  due_at: integer,
  decide_by: nullable(integer),
});
export type CaseRecord = Shape<typeof caseRecord>;

export const rewardPoolRecord = shape({
  address,
  epoch: integer,
  mint: address,
  funded: amount,
  paid: amount,
  started: flag,
  weight_total: amount,
});
export type RewardPoolRecord = Shape<typeof rewardPoolRecord>;

const percentiles = shape({ p10: nullable(amount), p50: nullable(amount), p90: nullable(amount), count });
export const percentilesRecord = shape({ offers: percentiles, matched_24h: percentiles });
export type PercentilesRecord = Shape<typeof percentilesRecord>;

const bucketRecord = shape({ at: integer, min: amount, median: amount, max: amount, count });
export type PriceBucket = Shape<typeof bucketRecord>;
export const historyRecord: Read<readonly PriceBucket[]> = list(bucketRecord, 2_000);

export const matchRecord = shape({
  matches: list(offerRecord, 200),
  refused: list(
    shape({
      offer: address,
      provider: address,
      failing: list(shape({ requirement: word, needed: scalar, found: scalar }), 32),
    }),
    400,
  ),
  estimate: nullable(
    shape({ escrow: nullable(amount), fee: nullable(amount), cheapest_price_per_second: nullable(amount) }),
  ),
});
export type MatchRecord = Shape<typeof matchRecord>;

export const configRecord = shape({
  market: nullable(table(scalar)),
  arbiter: nullable(table(scalar)),
  queued_market: nullable(table(scalar)),
  queued_arbiter: nullable(table(scalar)),
});
export type ConfigRecord = Shape<typeof configRecord>;

export const deliveryRecord = shape({ spec: word, input: word, error: nullable(text) });
export type DeliveryRecord = Shape<typeof deliveryRecord>;

export const providersPage = page(providerRecord);
export const offersPage = page(offerRecord);
export const jobsPage = page(jobRecord);
export const eventsPage = page(eventRecord);
export const bidsPage = page(bidRecord);
export const casesPage = page(caseRecord);

export const validatorsRecord = list(validatorRecord);
export const rewardsPage = page(rewardPoolRecord);
