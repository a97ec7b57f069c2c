/** Whether an offer fits a job, by the rules and in the order of `crates/protocol/src/matching.rs` and the market program. */
import { auditBps, lock, lockBps } from "./amount.js";
import type { Config } from "./generated/market/accounts/config.js";
import type { MintRule } from "./generated/market/accounts/mintRule.js";
import type { Offer } from "./generated/market/accounts/offer.js";
import type { Provider } from "./generated/market/accounts/provider.js";
import type { Stake } from "./generated/market/accounts/stake.js";

/** What a job asks for. */
export type Requirements = {
  readonly mint: string;
  readonly maxSeconds: number;
  readonly priceCeilingPerSecond: bigint;
  readonly tier: number;
  readonly gpuCount: number;
  readonly vramMib: number;
  readonly region: number;
  readonly uptimeBps: number;
  readonly certificateAgeSecondsMax: number;
  readonly allowSimulated: boolean;
};

/** One requirement that fails, named like the program's error. */
export type Mismatch = { readonly requirement: string; readonly needed: string; readonly found: string };

/** What the chain says of an offer. */
export type OfferFacts = {
  readonly offer: Offer;
  readonly provider: Provider;
  readonly stake: Stake;
  readonly rule: MintRule;
  readonly config: Config;
  /** The chain's clock, unix seconds. */
  readonly now: bigint;
};

/** Every requirement that fails; none if the offer fits. */
export function mismatches(need: Requirements, have: OfferFacts): readonly Mismatch[] {
  const { offer, provider, stake, rule, config, now } = have;
  const out: Mismatch[] = [];
  const refuse = (requirement: string, needed: unknown, found: unknown): void => {
    out.push({ requirement, needed: String(needed), found: String(found) });
  };
  if (offer.mint !== need.mint) refuse("OfferMintDiffers", need.mint, offer.mint);
  if (offer.expiresAt <= now) refuse("OfferExpired", `after ${now}`, offer.expiresAt);
  if (offer.secondsMax < need.maxSeconds) refuse("OfferTooShort", need.maxSeconds, offer.secondsMax);
  if (provider.active !== 1) refuse("ProviderOffline", "active", "inactive");
  if (provider.simulated === 1 && (config.allowSimulated !== 1 || !need.allowSimulated))
    refuse("SimulatedDevice", "a real device", "a simulated one");
  if (stake.activeJobs >= provider.capacity)
    refuse("CapacityExhausted", `fewer than ${provider.capacity} jobs`, stake.activeJobs);
  if (provider.tier < need.tier) refuse("TierTooLow", need.tier, provider.tier);
  if (provider.gpuCount < need.gpuCount) refuse("GpuCountTooSmall", need.gpuCount, provider.gpuCount);
  if (provider.vramMib < need.vramMib) refuse("InsufficientCompute", need.vramMib, provider.vramMib);
  if (need.certificateAgeSecondsMax > 0) certified(need, have, refuse);
  if (need.region !== 0 && provider.region !== need.region) refuse("RegionDiffers", need.region, provider.region);
  const uptime = Math.max(need.uptimeBps, config.uptimeMinBps);
  if (provider.uptimeBps < uptime) refuse("UptimeTooLow", uptime, provider.uptimeBps);
  if (offer.pricePerSecond > need.priceCeilingPerSecond)
    refuse("PriceAboveCeiling", need.priceCeilingPerSecond, offer.pricePerSecond);
  const audited = auditBps(provider.consecutiveAccepted, config.provenAfter, config.auditFloorBps);
  const pledged = lock(offer.pricePerSecond, need.maxSeconds, lockBps(rule.lockBps, audited));
  const needed = pledged > config.providerStakeMin ? pledged : config.providerStakeMin;
  const free = stake.bonded > stake.locked ? stake.bonded - stake.locked : 0n;
  if (free < needed) refuse("FreeStakeTooSmall", needed, free);
  return out;
}

function certified(
  need: Requirements,
  { provider, now }: OfferFacts,
  refuse: (requirement: string, needed: unknown, found: unknown) => void,
): void {
  if (provider.certifiedAt === 0n) {
    refuse("CertificateMissing", "a certificate", "none");
    return;
  }
  const age = now > provider.certifiedAt ? now - provider.certifiedAt : 0n;
  if (age > BigInt(need.certificateAgeSecondsMax)) refuse("CertificateTooOld", need.certificateAgeSecondsMax, age);
  if (provider.certifiedTier < need.tier) refuse("TierTooLow", need.tier, provider.certifiedTier);
  if (provider.certifiedVramMib < need.vramMib) refuse("InsufficientCompute", need.vramMib, provider.certifiedVramMib);
}
