/** Which offer fits: each requirement by itself, named like the program's error; and following a job. */
import { expect, test } from "vitest";
import {
  isProofmillError,
  jobAddress,
  market,
  mismatches,
  pledge,
  ProgramError,
  programErrorOf,
  waitForJob,
  watchJob,
  type Accounts,
  type OfferFacts,
  type Requirements,
} from "../../src/index.js";

const need: Requirements = {
  mint: "M",
  maxSeconds: 60,
  priceCeilingPerSecond: 100n,
  tier: 1,
  gpuCount: 1,
  vramMib: 8_192,
  region: 756,
  uptimeBps: 9_600,
  certificateAgeSecondsMax: 100,
  allowSimulated: false,
};
const facts = {
  now: 1_000n,
  offer: { mint: "M", expiresAt: 1_001n, secondsMax: 60, pricePerSecond: 100n },
  provider: {
    active: 1,
    simulated: 0,
    capacity: 2,
    tier: 1,
    gpuCount: 1,
    vramMib: 8_192,
    region: 756,
    uptimeBps: 9_600,
    certifiedAt: 900n,
    certifiedTier: 1,
    certifiedVramMib: 8_192,
    consecutiveAccepted: 0,
  },
  stake: { activeJobs: 1, bonded: 12_000n, locked: 0n },
  rule: { lockBps: 20_000 },
  config: { allowSimulated: 0, uptimeMinBps: 9_500, provenAfter: 3, auditFloorBps: 500, providerStakeMin: 1_000n },
};
const change = (part: keyof typeof facts, fields: object): OfferFacts =>
  ({ ...facts, [part]: { ...(facts[part] as object), ...fields } }) as unknown as OfferFacts;

test("an offer that meets every requirement exactly fits", () => {
  expect(mismatches(need, facts as unknown as OfferFacts)).toEqual([]);
});

test.each([
  ["OfferMintDiffers", change("offer", { mint: "N" })],
  ["OfferExpired", change("offer", { expiresAt: 1_000n })],
  ["OfferTooShort", change("offer", { secondsMax: 59 })],
  ["ProviderOffline", change("provider", { active: 0 })],
  ["SimulatedDevice", change("provider", { simulated: 1 })],
  ["CapacityExhausted", change("stake", { activeJobs: 2 })],
  ["TierTooLow", change("provider", { tier: 0 })],
  ["GpuCountTooSmall", change("provider", { gpuCount: 0 })],
  ["InsufficientCompute", change("provider", { vramMib: 8_191 })],
  ["InsufficientCompute", change("provider", { certifiedVramMib: 8_191 })],
  ["CertificateMissing", change("provider", { certifiedAt: 0n })],
  ["CertificateTooOld", change("provider", { certifiedAt: 899n })],
  ["RegionDiffers", change("provider", { region: 276 })],
  ["UptimeTooLow", change("provider", { uptimeBps: 9_599 })],
  ["PriceAboveCeiling", change("offer", { pricePerSecond: 101n })],
  ["FreeStakeTooSmall", change("stake", { locked: 1n })],
  ["FreeStakeTooSmall", change("config", { providerStakeMin: 12_001n })],
] as const)("%s is named", (name, have) => {
  expect(mismatches(need, have).map((found) => found.requirement)).toContain(name);
  // It is the name of an error of the program.
  expect(market.MARKET_ERRORS.map((row) => row.name)).toContain(name);
});

const asService = { ...need, kind: 3, slaBond: 500n, slaUptimeBps: 9_900 };
const forServices = { services: 1, slaBondMax: 500n, slaUptimeMaxBps: 9_900 };

test("a service is taken only by an offer for services that pledges its bond and its availability", () => {
  // The mint's rule alone and the bond: usage is not audited, so rare audits do not raise the lock of a service.
  const have = change("stake", { bonded: 12_500n });
  const offered = (fields: object): OfferFacts => ({ ...have, offer: { ...have.offer, ...forServices, ...fields } });
  const names = (fields: object): string[] => mismatches(asService, offered(fields)).map((found) => found.requirement);
  expect(names({})).toEqual([]);
  expect(names({ services: 0 })).toEqual(["OfferNotForServices"]);
  expect(names({ slaBondMax: 499n })).toEqual(["OfferBondTooSmall"]);
  expect(names({ slaUptimeMaxBps: 9_899 })).toEqual(["OfferUptimeTooLow"]);
  expect(mismatches(need, offered({ services: 0 }))).toEqual([]);
  const short = { ...offered({}), stake: { ...have.stake, bonded: 12_499n } };
  expect(mismatches(asService, short)).toEqual([{ requirement: "FreeStakeTooSmall", needed: "12500", found: "12499" }]);
});

test("the lock of a batch job rises as its audits become rare, and that of a service does not", () => {
  const proven = change("provider", { consecutiveAccepted: 4_000_000 });
  expect(pledge(need, proven)).toBe(120_316n); // 6,000 atoms of price, audited at 5 %: 20.0527 prices
  expect(pledge(asService, proven)).toBe(12_000n);
  expect(pledge(need, facts as unknown as OfferFacts)).toBe(12_000n);
});

const JOB = jobAddress("4TQc8DiQNyPEpCeuBcm21Efr1m4Fnb1gXsaik97T4hF2");
const scripted = (answers: readonly (object | undefined | Error)[]): Accounts => {
  let at = 0;
  return {
    findJob: () => {
      const answer = answers[Math.min(at, answers.length - 1)];
      at += 1;
      return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
    },
  } as unknown as Accounts;
};

test("a job is told whenever it changes, over a lost connection, until it is closed", async () => {
  const open = { state: 1, outcome: 0 };
  const settled = { state: 5, outcome: 6 };
  const accounts = scripted([open, open, new TypeError("fetch failed"), settled, undefined]);
  const seen: string[] = [];
  for await (const view of watchJob(accounts, JOB, { pollMs: 1 })) seen.push(`${view.state} ${String(view.outcome)}`);
  expect(seen).toEqual(["open null", "settled cancelled", "closed cancelled"]);
});

test("waiting for a job that never was, or with a network that is gone, ends with an error", async () => {
  await expect(waitForJob(scripted([undefined]), JOB)).rejects.toMatchObject({ code: "account_missing" });
  await expect(waitForJob(scripted([new TypeError("fetch failed")]), JOB, { pollMs: 1 })).rejects.toThrow(
    "fetch failed",
  );
  const stop = AbortSignal.timeout(20);
  await expect(
    waitForJob(scripted([{ state: 1, outcome: 0 }]), JOB, { pollMs: 5, abortSignal: stop }),
  ).rejects.toMatchObject({ kind: "aborted" });
});

test("an error of the client is told from another", () => {
  const error = programErrorOf(market.MARKET_PROGRAM_ADDRESS, 507);
  expect(error).toBeInstanceOf(ProgramError);
  expect(isProofmillError(error)).toBe(true);
  expect(isProofmillError(new Error("x"))).toBe(false);
});
