/** The records of the gateway's contract, and how each is read. Amounts are bigint, unknown words refused. */
import { CLASS, JOB_KIND, JOB_STATE, OPINION, OUTCOME, TERMINATION, TIER } from "../codes.js";
import type {
  ArrayAddress,
  BidAddress,
  JobAddress,
  MintAddress,
  OfferAddress,
  ProviderAddress,
  StakeAddress,
  WalletAddress,
} from "../ids.js";
import {
  address,
  amount,
  flag,
  hex,
  instant,
  integer,
  list,
  loose,
  nullable,
  oneOf,
  record,
  signature,
  text,
  token,
  u16,
  u32,
  u8,
  word,
  type Of,
} from "./read.js";

const wallet = address<WalletAddress>();
const job = address<JobAddress>();
const provider = address<ProviderAddress>();
const mint = address<MintAddress>();
const bps = integer(0, 10_000);
const slot = integer(0);

export const readNetwork = record({
  version: text,
  genesis_hash: address(),
  market: address(),
  arbiter: address(),
  stake_mint: nullable(mint),
  mints: list(
    record({
      mint,
      decimals: integer(0, 18),
      enabled: flag,
      lock_bps: u32,
      escrow_min: amount,
      audit_price_max: amount,
      token_program: address(),
    }),
    100,
  ),
  chain_slot: slot,
  indexed_slot: slot,
  paused: flag,
  allow_simulated: flag,
  faucet: flag,
  node_key: nullable(hex),
  local: flag,
});
/** The network as a gateway sees it. */
export type NetworkRecord = Of<typeof readNetwork>;

export const readStake = record({
  owner: wallet,
  address: address<StakeAddress>(),
  mint,
  bonded: amount,
  locked: amount,
  free: amount,
  unbonding: amount,
  releasable_at: instant,
  pending: amount,
  slashed_total: amount,
  active_jobs: u32,
});
/** A stake's balances, atoms. */
export type StakeRecord = Of<typeof readStake>;

export const readProvider = record({
  owner: wallet,
  address: provider,
  active: flag,
  node_key: hex,
  endpoint: nullable(text),
  tier: oneOf(TIER),
  region: u16,
  gpu_count: u8,
  vram_mib: u32,
  gpu_model: text,
  gpu_class: hex,
  simulated: flag,
  capacity: u16,
  jobs_accepted: u32,
  jobs_rejected: u32,
  jobs_failed: u32,
  consecutive_accepted: u32,
  uptime_bps: bps,
  uptime_measured: flag,
  certificate: nullable(record({ measured_at: instant, tier: oneOf(TIER), vram_mib: u32, gops: amount })),
  stake: nullable(readStake),
  rewarded_epoch: u32,
  registered_at: instant,
});
/** A provider. Names are its own words and unverified. */
export type ProviderRecord = Of<typeof readProvider>;

export const readOffer = record({
  address: address<OfferAddress>(),
  provider,
  owner: wallet,
  index: u16,
  mint,
  price_per_second: amount,
  seconds_max: u32,
  capacity: u16,
  active_jobs: u32,
  valid_until: instant,
  published_at: instant,
  services: flag,
  sla_bond_max: amount,
  sla_uptime_max_bps: bps,
  tier: oneOf(TIER),
  region: u16,
  gpu_count: u8,
  vram_mib: u32,
  gpu_model: text,
  simulated: flag,
  fits_now: flag,
});
/** A provider's standing price. */
export type OfferRecord = Of<typeof readOffer>;

export const readJob = record({
  address: job,
  tenant: wallet,
  index: nullable(amount),
  kind: nullable(oneOf(JOB_KIND)),
  class: nullable(oneOf(CLASS)),
  state: oneOf(JOB_STATE),
  outcome: nullable(oneOf(OUTCOME)),
  mint,
  provider: nullable(provider),
  array: nullable(address<ArrayAddress>()),
  task_index: nullable(u32),
  attempt: u16,
  attempts_max: nullable(u8),
  matched_by: nullable(oneOf(["instant", "auction"] as const)),
  price_per_second: nullable(amount),
  price_ceiling_per_second: nullable(amount),
  max_seconds: nullable(u32),
  escrowed: amount,
  paid: amount,
  refunded: amount,
  fee: amount,
  slashed: amount,
  lock: amount,
  claimed: list(oneOf(["reward", "refund", "fee", "sla"] as const), 4),
  metered_ms: amount,
  streamed: amount,
  paused_ms: amount,
  sla_bond: nullable(amount),
  sla_uptime_bps: nullable(bps),
  bids: nullable(u8),
  best_bid_per_second: nullable(amount),
  spec_hash: nullable(hex),
  image_digest: nullable(hex),
  input_root: nullable(hex),
  output_root: nullable(hex),
  receipt_hash: nullable(hex),
  node_key: nullable(hex),
  exit_code: nullable(integer(-2_147_483_648, 2_147_483_647)),
  termination: nullable(oneOf(TERMINATION)),
  audit_bps: nullable(bps),
  fee_bps: nullable(bps),
  posted_at: nullable(instant),
  posted_slot: slot,
  bids_until: nullable(instant),
  matched_at: nullable(instant),
  started_at: nullable(instant),
  submitted_at: nullable(instant),
  paused_at: nullable(instant),
  settled_at: nullable(instant),
  start_by: nullable(instant),
  receipt_by: nullable(instant),
  verdict_by: nullable(instant),
  tenant_node_key: nullable(hex),
  tier: nullable(oneOf(TIER)),
  vram_mib: nullable(u32),
  gpu_count: nullable(u8),
  region: nullable(u16),
  uptime_bps: nullable(bps),
  certificate_age_seconds_max: nullable(u32),
  allow_simulated: nullable(flag),
  service: nullable(
    record({
      usage_ms: amount,
      usage_at: nullable(instant),
      usage_timeout_seconds: u32,
      dry_at: nullable(instant),
      paused: flag,
      settles_after: nullable(instant),
      streamed: amount,
      streamable: amount,
      sla_due: amount,
    }),
  ),
  closed: flag,
});
/** A job. What a closed job's events do not say is null. */
export type JobRecord = Of<typeof readJob>;

export const readEvent = record({
  sequence: amount,
  slot,
  signature,
  index: u32,
  program: oneOf(["market", "arbiter"] as const),
  name: word,
  at: nullable(instant),
  job: nullable(job),
  data: loose,
});
/** Something that a program did. */
export type EventRecord = Of<typeof readEvent>;

export const readBid = record({
  address: address<BidAddress>(),
  job,
  provider,
  price_per_second: amount,
  deposit_lamports: amount,
  withdrawn: flag,
  accepted_attempt: u16,
  placed_at: instant,
});
/** A provider's answer to an open job. */
export type BidRecord = Of<typeof readBid>;

export const readRound = record({
  address: address(),
  index: integer(1, 3),
  attempt: nullable(u16),
  epoch: nullable(u32),
  state: oneOf(["open", "escalated", "final", "closed"] as const),
  threshold: nullable(u8),
  reveals_min: nullable(u8),
  committee: list(nullable(wallet), 16),
  committed: list(flag, 16),
  missed: list(flag, 16),
  revealed: list(
    record({
      seat: u8,
      validator: nullable(wallet),
      verdict: oneOf([...OPINION.words, "divergent"] as const),
      reason: text,
    }),
    16,
  ),
  re_executor: nullable(provider),
  re_executed: flag,
  opened_at: nullable(instant),
  commit_until: nullable(instant),
  reveal_until: nullable(instant),
  verdict: nullable(oneOf(OPINION)),
});
/** One judging of one receipt. */
export type RoundRecord = Of<typeof readRound>;

export const readValidator = record({
  owner: wallet,
  delegate: wallet,
  node_key: hex,
  endpoint: nullable(text),
  weight: amount,
  weighed_at: instant,
  stake: nullable(readStake),
  in_set: flag,
  in_next_set: flag,
});
/** A member of the oracle network. */
export type ValidatorRecord = Of<typeof readValidator>;

const readMember = record({ seat: u8, owner: wallet, delegate: wallet, node_key: hex, weight: amount });
export const readEpoch = record({
  epoch: u32,
  started_at: instant,
  epoch_seconds: u32,
  frozen: list(readMember, 64),
  next: nullable(record({ epoch: u32, frozen_at: instant, members: list(readMember, 64) })),
});
/** The life of the present validator set. */
export type EpochRecord = Of<typeof readEpoch>;

export const readCase = record({
  address: address(),
  stake: address<StakeAddress>(),
  owner: nullable(wallet),
  job,
  attempt: u16,
  kind: word,
  state: oneOf(["open", "appealed", "upheld", "taken", "returned"] as const),
  amount,
  remaining: amount,
  bond: amount,
  slashed: amount,
  bounty: amount,
  opened_at: instant,
  due_at: instant,
  decide_by: nullable(instant),
  reporter: nullable(wallet),
  evidence: nullable(address()),
});
/** A slash that waits, is appealed, or is over. */
export type CaseRecord = Of<typeof readCase>;

export const readRewardPool = record({
  address: address(),
  epoch: u32,
  mint,
  funded: amount,
  paid: amount,
  started: flag,
  weight_total: amount,
  root: nullable(hex),
});
/** Rewards of one epoch. */
export type RewardPoolRecord = Of<typeof readRewardPool>;

export const readMatch = record({
  matches: list(readOffer, 100),
  refused: list(
    record({
      offer: address<OfferAddress>(),
      provider,
      failing: list(record({ requirement: word, needed: text, found: text }), 32),
    }),
    1_000,
  ),
  estimate: record({
    escrow: amount,
    fee: amount,
    cheapest_price_per_second: nullable(amount),
    cheapest_total: nullable(amount),
    obstacle: nullable(text),
  }),
});
/** Which offers fit, and which requirement fails for the others. */
export type MatchRecord = Of<typeof readMatch>;

const readPercentiles = record({ p10: nullable(amount), p50: nullable(amount), p90: nullable(amount), count: u32 });
export const readPercentilesOf = record({ offers: readPercentiles, matched_24h: readPercentiles });
/** Prices as they are spread. */
export type PricePercentiles = Of<typeof readPercentilesOf>;

export const readPriceHistory = list(
  record({ at: instant, min: amount, median: amount, max: amount, count: u32 }),
  10_000,
);
/** Prices over time. */
export type PriceHistory = Of<typeof readPriceHistory>;

export const readDelivery = record({
  spec: oneOf(["missing", "held", "delivered"] as const),
  input: oneOf(["missing", "held", "delivered"] as const),
  error: nullable(text),
});
/** What of a job's data has reached the provider's node. */
export type DeliveryRecord = Of<typeof readDelivery>;

export const readReceiptAnswer = record({
  receipt: token,
  receipt_hash: hex,
  signature: nullable(token),
  node_key: hex,
});
/** A receipt in base64, and its signature where the gateway has seen it. */
export type ReceiptRecord = Of<typeof readReceiptAnswer>;

export const readChallenge = record({ message: message(), message_fields: nullable(loose) });
export const readSession = record({ token, expires_at: instant, address: wallet });
/** A signed-in session. */
export type SessionRecord = Of<typeof readSession>;

export const ROLES = ["owner", "operator", "viewer"] as const;
export type Role = (typeof ROLES)[number];
export const readSessionState = record({ address: wallet, role: oneOf(ROLES), expires_at: nullable(instant) });
export const readNewKey = record({ id: token, key: token });
export const readKey = record({
  id: token,
  name: text,
  role: oneOf(ROLES),
  created_at: instant,
  expires_at: nullable(instant),
});
/** An API key, without its secret. */
export type KeyRecord = Of<typeof readKey>;

export const readAudit = record({ sequence: amount, at: instant, actor: text, action: text, subject: text });
/** One line of the audit log. */
export type AuditRecord = Of<typeof readAudit>;

export const readFaucet = record({
  signature,
  lamports: amount,
  payment: nullable(amount),
  payment_mint: nullable(mint),
  stake: nullable(amount),
  stake_mint: nullable(mint),
});
/** What a local network's faucet gave. */
export type FaucetRecord = Of<typeof readFaucet>;

const parameters = nullable(loose);
export const readConfig = record({
  market: parameters,
  arbiter: parameters,
  queued_market: parameters,
  queued_arbiter: parameters,
});
/** Every parameter of both programs, and the changes that wait. */
export type ConfigRecord = Of<typeof readConfig>;

export const readFailure = record({ error: record({ code: word, message: text, next: text, field: nullable(text) }) });

/** A text to be signed keeps its line feeds: it is shown and signed to the byte. */
function message(): (value: unknown, at: string) => string {
  return (value, at) => {
    if (typeof value === "string" && value.length <= 2_000 && /^[\n\x20-\x7e]*$/u.test(value)) return value;
    return text(undefined, at);
  };
}
