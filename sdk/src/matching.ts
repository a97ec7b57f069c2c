/** Whether an offer fits a job, by the rules and in the order of `crates/protocol/src/matching.rs` and the market program. */
import { auditBps, lock, lockBps } from "./amount.js";
import { JOB_KIND } from "./codes.js";
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
  /** Code of {@link JOB_KIND}; a batch job if left out. */
  readonly kind?: number;
  /** Of a service: the bond that the provider pledges for its availability, and the availability. */
  readonly slaBond?: bigint;
  readonly slaUptimeBps?: number;
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

/** What a job asks of a provider, whatever the offer. */
export type ProviderNeed = Omit<Requirements, "mint" | "maxSeconds" | "kind" | "slaBond" | "slaUptimeBps">;

/** What a provider has and asks; the mirror of `Capability` in `crates/protocol/src/matching.rs`. */
export type Capability = {
  readonly active: boolean;
  readonly tier: number;
  readonly gpuCount: number;
  readonly vramMib: number;
  readonly region: number;
  readonly uptimeBps: number;
  readonly simulated: boolean;
  readonly pricePerSecond: bigint;
  /** Stake that can still be locked, and what this job needs, atoms of the stake mint. */
  readonly freeStake: bigint;
  readonly lock: bigint;
  readonly certificate: { readonly ageSeconds: bigint; readonly tier: number; readonly vramMib: number } | undefined;
};

/** Every requirement that a provider fails, in the program's order: the first is the one that the program names. */
export function unmet(need: ProviderNeed, have: Capability): readonly Mismatch[] {
  const out: Mismatch[] = [];
  const refuse = (requirement: string, needed: unknown, found: unknown): void => {
    out.push({ requirement, needed: String(needed), found: String(found) });
  };
  if (!have.active) refuse("ProviderOffline", "active", "inactive");
  if (have.simulated && !need.allowSimulated) refuse("SimulatedDevice", "a real device", "a simulated one");
  if (have.tier < need.tier) refuse("TierTooLow", need.tier, have.tier);
  if (have.gpuCount < need.gpuCount) refuse("GpuCountTooSmall", need.gpuCount, have.gpuCount);
  if (have.vramMib < need.vramMib) refuse("InsufficientCompute", need.vramMib, have.vramMib);
  if (need.certificateAgeSecondsMax > 0) {
    const found = have.certificate;
    if (found === undefined) refuse("CertificateMissing", "a certificate", "none");
    else {
      if (found.ageSeconds > BigInt(need.certificateAgeSecondsMax))
        refuse("CertificateTooOld", need.certificateAgeSecondsMax, found.ageSeconds);
      if (found.tier < need.tier) refuse("TierTooLow", need.tier, found.tier);
      if (found.vramMib < need.vramMib) refuse("InsufficientCompute", need.vramMib, found.vramMib);
    }
  }
  if (need.region !== 0 && have.region !== need.region) refuse("RegionDiffers", need.region, have.region);
  if (have.uptimeBps < need.uptimeBps) refuse("UptimeTooLow", need.uptimeBps, have.uptimeBps);
  if (have.pricePerSecond > need.priceCeilingPerSecond)
    refuse("PriceAboveCeiling", need.priceCeilingPerSecond, have.pricePerSecond);
  if (have.freeStake < have.lock) refuse("FreeStakeTooSmall", have.lock, have.freeStake);
  return out;
}

/** Every requirement that fails; none if the offer fits. */
export function mismatches(need: Requirements, have: OfferFacts): readonly Mismatch[] {
  const { offer, provider, stake, config, now } = have;
  const out: Mismatch[] = [];
  const refuse = (requirement: string, needed: unknown, found: unknown): void => {
    out.push({ requirement, needed: String(needed), found: String(found) });
  };
  const service = need.kind === JOB_KIND.code("service");
  const bond = need.slaBond ?? 0n;
  if (offer.mint !== need.mint) refuse("OfferMintDiffers", need.mint, offer.mint);
  if (offer.expiresAt <= now) refuse("OfferExpired", `after ${now}`, offer.expiresAt);
  if (offer.secondsMax < need.maxSeconds) refuse("OfferTooShort", need.maxSeconds, offer.secondsMax);
  if (service) {
    if (offer.services !== 1) refuse("OfferNotForServices", "an offer for services", "one for batch jobs");
    if (bond > offer.slaBondMax) refuse("OfferBondTooSmall", bond, offer.slaBondMax);
    const uptime = need.slaUptimeBps ?? 0;
    if (uptime > offer.slaUptimeMaxBps) refuse("OfferUptimeTooLow", uptime, offer.slaUptimeMaxBps);
  }
  if (stake.activeJobs >= provider.capacity)
    refuse("CapacityExhausted", `fewer than ${provider.capacity} jobs`, stake.activeJobs);
  const pledged = pledge(need, have) + (service ? bond : 0n);
  const certified = provider.certifiedAt > 0n;
  out.push(
    ...unmet(
      {
        ...need,
        uptimeBps: Math.max(need.uptimeBps, config.uptimeMinBps),
        allowSimulated: need.allowSimulated && config.allowSimulated === 1,
      },
      {
        ...provider,
        active: provider.active === 1,
        simulated: provider.simulated === 1,
        pricePerSecond: offer.pricePerSecond,
        freeStake: stake.bonded > stake.locked ? stake.bonded - stake.locked : 0n,
        lock: pledged > config.providerStakeMin ? pledged : config.providerStakeMin,
        certificate: certified
          ? {
              ageSeconds: now > provider.certifiedAt ? now - provider.certifiedAt : 0n,
              tier: provider.certifiedTier,
              vramMib: provider.certifiedVramMib,
            }
          : undefined,
      },
    ),
  );
  return out;
}

/**
 * Stake that a match locks for the work. A batch job's rises as its audits become rare; the usage of a service is signed or
 * witnessed, not audited, and locks the mint's rule. @throws {@link AmountError}
 */
export function pledge(
  need: Pick<Requirements, "maxSeconds" | "kind">,
  have: Pick<OfferFacts, "offer" | "provider" | "rule" | "config">,
): bigint {
  const { offer, provider, rule, config } = have;
  const audited = auditBps(provider.consecutiveAccepted, config.provenAfter, config.auditFloorBps);
  const perAtom = need.kind === JOB_KIND.code("service") ? rule.lockBps : lockBps(rule.lockBps, audited);
  return lock(offer.pricePerSecond, need.maxSeconds, perAtom);
}
