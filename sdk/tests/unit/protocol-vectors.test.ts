/** What the programs' crate decides, this client decides: the cases of crates/protocol/tests/client_vectors.rs. */
import { readFileSync } from "node:fs";
import { ed25519 } from "@noble/curves/ed25519.js";
import { getAddressDecoder } from "@solana/kit";
import { expect, test } from "vitest";
import {
  acceptUsage,
  AmountError,
  auditBps,
  availabilityBps,
  checkUsage,
  coSignUsage,
  decodeUsage,
  dryAt,
  encodeUsage,
  envelope,
  escrow,
  expiresAfter,
  fromHex,
  hex32,
  InputError,
  isDead,
  isDry,
  lock,
  lockBps,
  metered,
  meteredMsMax,
  nextBidMax,
  OUTCOME,
  pauseOverAfter,
  paysProvider,
  portion,
  ProofmillError,
  runningMs,
  scale,
  settle,
  share,
  silentAfter,
  slaDue,
  splitFee,
  streamable,
  taskJobIndex,
  tasksOf,
  taskView,
  toHex,
  topUp,
  unmet,
  usageMessage,
  usageMsMax,
  type Capability,
  type JobAddress,
  type market,
  type Meter,
  type ProviderNeed,
} from "../../src/index.js";

const read = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`../../../crates/protocol/vectors/${name}.json`, import.meta.url), "utf8"));

type Answer = { readonly is?: string | string[]; readonly refused?: string };
type Row = { readonly of: readonly (string | number | boolean)[]; readonly found: Answer };

/** Rust's names of the laws of arithmetic. */
const AMOUNT_CODES: Readonly<Record<string, string>> = {
  Overflow: "overflow",
  Underflow: "underflow",
  ShareAboveOne: "share_above_one",
};

function answered(work: () => bigint | readonly bigint[]): Answer {
  try {
    const found = work();
    return { is: typeof found === "bigint" ? found.toString() : found.map(String) };
  } catch (error) {
    if (!(error instanceof AmountError)) throw error;
    return { refused: Object.keys(AMOUNT_CODES).find((name) => AMOUNT_CODES[name] === error.code) ?? error.code };
  }
}

const money = read("money") as {
  [name in "share" | "scale" | "metered" | "escrow" | "portion" | "split_fee" | "lock"]: Row[];
} & {
  metered_ms_max: { of: [string, string, number]; found: string }[];
  settle: {
    outcome: number;
    pays_provider: boolean;
    escrowed: string;
    price_per_second: string;
    metered_ms: string;
    fee_bps: number;
    is: string[];
  }[];
  next_bid_max: { best: string; most: string }[];
  audit_bps: { of: [number, number, number]; found: number }[];
  lock_bps: { of: [number, number]; found: number }[];
};

const big = (value: string | number | boolean | undefined): bigint => BigInt(String(value));

test.each([
  ["share", ([a, b]: Row["of"]) => share(big(a), Number(b))],
  ["scale", ([a, b]: Row["of"]) => scale(big(a), Number(b))],
  ["metered", ([a, b]: Row["of"]) => metered(big(a), big(b))],
  ["escrow", ([a, b]: Row["of"]) => escrow(big(a), Number(b))],
  ["portion", ([a, b, c]: Row["of"]) => portion(big(a), big(b), big(c))],
  ["lock", ([a, b, c]: Row["of"]) => lock(big(a), Number(b), Number(c))],
  [
    "split_fee",
    ([a, b, c]: Row["of"]) => {
      const parts = splitFee(big(a), Number(b), Number(c));
      return [parts.burnt, parts.audits, parts.treasury];
    },
  ],
] as const)("%s_is_what_the_programs_reckon_and_refuses_as_they_do", (name, work) => {
  expect(money[name].length).toBeGreaterThan(8);
  expect(money[name].some(({ found }) => found.refused !== undefined)).toBe(true);
  for (const row of money[name])
    expect(
      answered(() => work(row.of)),
      `${name}(${row.of.join(", ")})`,
    ).toEqual(row.found);
});

test("every_outcome_pays_whom_the_program_pays", () => {
  expect(money.settle).toHaveLength(OUTCOME.words.length);
  for (const row of money.settle) {
    const outcome = OUTCOME.word(row.outcome);
    expect(paysProvider(outcome), outcome).toBe(row.pays_provider);
    const parts = settle({
      outcome,
      escrowed: big(row.escrowed),
      pricePerSecond: big(row.price_per_second),
      meteredMs: big(row.metered_ms),
      feeBps: row.fee_bps,
    });
    expect([parts.paid, parts.refunded, parts.fee].map(String), outcome).toEqual(row.is);
  }
});

test("metered_time_bids_audits_and_locks_are_those_of_the_program", () => {
  for (const { of, found } of money.metered_ms_max)
    expect(meteredMsMax(big(of[0]), big(of[1]), of[2]).toString(), of.join(", ")).toBe(found);
  for (const { best, most } of money.next_bid_max) expect(nextBidMax(big(best)).toString(), best).toBe(most);
  for (const { of, found } of money.audit_bps) expect(auditBps(...of), of.join(", ")).toBe(found);
  for (const { of, found } of money.lock_bps) expect(lockBps(...of), of.join(", ")).toBe(found);
});

/** The program's error for each mismatch: `error::mismatch` of the market. */
const REQUIREMENTS: Readonly<Record<string, string>> = {
  ProviderInactive: "ProviderOffline",
  VramTooSmall: "InsufficientCompute",
};

test("an_offer_is_refused_for_the_requirement_that_the_program_names_first", () => {
  const { cases } = read("matching") as {
    cases: {
      need: Record<string, number | string | boolean>;
      have: Record<string, number | string | boolean | null | Record<string, number | string>>;
      refused: { name: string; required: string | null; found: string | null } | null;
    }[];
  };
  expect(cases.length).toBeGreaterThan(60);
  const named = new Set<string>();
  for (const { need, have, refused } of cases) {
    const certificate = have["certificate"] as { age_seconds: string; tier: number; vram_mib: number } | null;
    const wanted: ProviderNeed = {
      tier: Number(need["tier"]),
      gpuCount: Number(need["gpu_count"]),
      vramMib: Number(need["vram_mib"]),
      region: Number(need["region"]),
      uptimeBps: Number(need["uptime_bps"]),
      allowSimulated: need["allow_simulated"] === true,
      priceCeilingPerSecond: big(String(need["price_ceiling_per_second"])),
      certificateAgeSecondsMax: Number(need["certificate_age_seconds_max"]),
    };
    const offered: Capability = {
      active: have["active"] === true,
      tier: Number(have["tier"]),
      gpuCount: Number(have["gpu_count"]),
      vramMib: Number(have["vram_mib"]),
      region: Number(have["region"]),
      uptimeBps: Number(have["uptime_bps"]),
      simulated: have["simulated"] === true,
      pricePerSecond: big(have["price_per_second"] as string),
      freeStake: big(have["free_stake"] as string),
      lock: big(have["lock"] as string),
      certificate:
        certificate === null
          ? undefined
          : { ageSeconds: big(certificate.age_seconds), tier: certificate.tier, vramMib: certificate.vram_mib },
    };
    const [first] = unmet(wanted, offered);
    const where = JSON.stringify({ need, have });
    expect(first?.requirement ?? null, where).toBe(
      refused === null ? null : (REQUIREMENTS[refused.name] ?? refused.name),
    );
    if (refused === null) continue;
    named.add(refused.name);
    if (refused.required !== null)
      expect([first?.needed, first?.found], where).toEqual([refused.required, refused.found]);
  }
  // Every requirement there is has a case.
  expect([...named].sort()).toEqual([
    "CertificateMissing",
    "CertificateTooOld",
    "FreeStakeTooSmall",
    "GpuCountTooSmall",
    "PriceAboveCeiling",
    "ProviderInactive",
    "RegionDiffers",
    "SimulatedDevice",
    "TierTooLow",
    "UptimeTooLow",
    "VramTooSmall",
  ]);
});

type MeterRow = Record<"started_at" | "paused_at" | "ended_at" | "paused_ms" | "usage_ms" | "usage_at", string> & {
  max_seconds: number;
  usage_timeout_seconds: number;
};
const meterOfRow = (row: MeterRow): Meter => ({
  startedAt: big(row.started_at),
  pausedAt: big(row.paused_at),
  endedAt: big(row.ended_at),
  pausedMs: big(row.paused_ms),
  maxSeconds: row.max_seconds,
  usageMs: big(row.usage_ms),
  usageAt: big(row.usage_at),
  usageTimeoutSeconds: row.usage_timeout_seconds,
});
const service = read("service") as {
  instants: (Record<
    | "now"
    | "dry_at"
    | "running_ms"
    | "usage_ms_max"
    | "silent_after"
    | "pause_over_after"
    | "expires_after"
    | "sla_due"
    | "sla_due_of_all",
    string
  > & { meter: MeterRow; is_dry: boolean; is_dead: boolean; availability_bps: number | null })[];
  reports_from: MeterRow;
  reports: {
    of: [string, string, string];
    found: { fresh?: boolean; usage_ms?: string; usage_at?: string; refused?: string; most?: string };
  }[];
  top_up: {
    of: [string, string, number, number, boolean];
    found: { atoms?: string; max_seconds?: number; refused?: string; most?: number };
  }[];
  streamable: { of: [string, string, string, number, string]; found: Answer }[];
};

test("every_instant_of_a_service_is_the_programs", () => {
  expect(service.instants.length).toBeGreaterThan(200);
  for (const row of service.instants) {
    const meter = meterOfRow(row.meter);
    const now = big(row.now);
    expect(
      {
        dry_at: dryAt(meter).toString(),
        is_dry: isDry(meter, now),
        running_ms: runningMs(meter, now).toString(),
        usage_ms_max: usageMsMax(meter, now).toString(),
        silent_after: silentAfter(meter).toString(),
        is_dead: isDead(meter, now),
        pause_over_after: pauseOverAfter(meter).toString(),
        expires_after: expiresAfter(meter).toString(),
        availability_bps: availabilityBps(meter, now) ?? null,
        sla_due: slaDue(meter, now, 1_000_003n, 9_500).toString(),
        sla_due_of_all: slaDue(meter, now, (1n << 64n) - 1n, 10_000).toString(),
        meter: row.meter,
        now: row.now,
      },
      JSON.stringify(row.meter),
    ).toEqual(row);
  }
});

test("a_report_is_accepted_or_refused_as_the_program_does", () => {
  const start = meterOfRow(service.reports_from);
  for (const { of, found } of service.reports) {
    const [usageMs, measuredAt, now] = of.map(big) as [bigint, bigint, bigint];
    const work = () => acceptUsage(start, usageMs, measuredAt, now);
    if (found.refused !== undefined) {
      expect(found.refused).toBe("TooMuch");
      expect(work, of.join(", ")).toThrow(expect.objectContaining({ code: "usage_too_much" }) as Error);
      expect(usageMsMax(start, now).toString()).toBe(found.most);
      continue;
    }
    const after = work();
    expect(
      { fresh: after.fresh, usage_ms: after.meter.usageMs.toString(), usage_at: after.meter.usageAt.toString() },
      of.join(", "),
    ).toEqual(found);
  }
});

test("a_top_up_costs_and_a_draw_pays_what_the_program_says", () => {
  for (const { of, found } of service.top_up) {
    const [escrowed, price, maxSeconds, seconds, byTenant] = of;
    const work = () => topUp({ escrowed: big(escrowed), pricePerSecond: big(price), maxSeconds }, seconds, byTenant);
    const where = of.join(", ");
    if (found.refused === "Seconds") {
      expect(work, where).toThrow(expect.objectContaining({ code: "top_up_seconds" }) as InputError);
      expect(work, where).toThrow(String(found.most));
    } else if (found.refused !== undefined) {
      expect(work, where).toThrow(expect.objectContaining({ code: AMOUNT_CODES[found.refused] }) as AmountError);
    } else {
      const made = work();
      expect({ atoms: made.atoms.toString(), max_seconds: made.maxSeconds }, where).toEqual(found);
    }
  }
  for (const { of, found } of service.streamable) {
    const [escrowed, pricePerSecond, usageMs, feeBps, streamed] = of;
    const work = () =>
      streamable({
        escrowed: big(escrowed),
        pricePerSecond: big(pricePerSecond),
        usageMs: big(usageMs),
        feeBps,
        streamed: big(streamed),
      });
    expect(answered(work), of.join(", ")).toEqual(found);
  }
});

test("a_task_stands_where_the_programs_board_has_it", () => {
  const found = read("arrays") as {
    tasks_total: number;
    attempts_max: number;
    taken: string[];
    done: string[];
    issued: string;
    standing: Record<string, { state: string; issued: number }>;
    job_indices: { array: number; task: number; job_index: string }[];
  };
  const maps = {
    tasksTotal: found.tasks_total,
    attemptsMax: found.attempts_max,
    taken: found.taken.map(BigInt),
    done: found.done.map(BigInt),
    issued: fromHex(found.issued),
  };
  const states = new Set<string>();
  for (const { task, state, issued } of tasksOf(maps)) {
    expect({ state, issued }, String(task)).toEqual(found.standing[String(task)] ?? { state: "free", issued: 0 });
    states.add(state);
  }
  expect([...states].sort()).toEqual(["done", "failed", "free", "taken"]);
  expect(() => taskView(maps, found.tasks_total)).toThrow(
    expect.objectContaining({ code: "no_such_task" }) as InputError,
  );
  for (const row of found.job_indices) expect(taskJobIndex(row.array, row.task).toString()).toBe(row.job_index);
  expect(() => taskJobIndex(1, 65_536)).toThrow(expect.objectContaining({ code: "task_index" }) as InputError);
});

const repeated = (byte: number): Uint8Array => new Uint8Array(32).fill(byte);

test("a_usage_report_has_the_bytes_and_the_signed_message_of_the_program", () => {
  const { reports } = read("usage") as {
    reports: { usage_ms: string; measured_at: string; nonce: string; report: string; signed_message: string }[];
  };
  expect(reports.length).toBeGreaterThan(2);
  for (const row of reports) {
    const report = {
      domain: hex32(repeated(1)),
      job: getAddressDecoder().decode(repeated(2)) as JobAddress,
      attempt: 3,
      nonce: big(row.nonce),
      usageMs: big(row.usage_ms),
      measuredAt: big(row.measured_at),
    };
    expect(toHex(encodeUsage(report))).toBe(row.report);
    expect(decodeUsage(fromHex(row.report))).toEqual(report);
    expect(toHex(usageMessage(report))).toBe(row.signed_message);
    const bytes = fromHex(row.report);
    expect(() => decodeUsage(bytes.slice(1))).toThrow(expect.objectContaining({ code: "usage_length" }) as Error);
    expect(() => decodeUsage(Uint8Array.of(2, ...bytes.slice(1)))).toThrow(
      expect.objectContaining({ code: "usage_version" }) as Error,
    );
  }
});

/** A running service, and its node's report of it. */
function usageCase() {
  const node = repeated(7);
  const tenant = repeated(8);
  const address = getAddressDecoder().decode(repeated(2)) as JobAddress;
  const job = {
    kind: 3,
    state: 3,
    attempt: 1,
    nonce: 44n,
    nodeKey: ed25519.getPublicKey(node),
    tenantNodeKey: ed25519.getPublicKey(tenant),
    startedAt: 10_000n,
    pausedAt: 0n,
    receiptAt: 0n,
    pausedMs: 0n,
    maxSeconds: 1_000,
    meteredMs: 490_000n,
    usageAt: 10_500n,
    usageTimeoutSeconds: 120,
  } as unknown as market.Job;
  const report = {
    domain: hex32(repeated(1)),
    job: address,
    attempt: 1,
    nonce: 44n,
    usageMs: 595_000n,
    measuredAt: 10_600n,
  };
  const signed = (change: Partial<typeof report> = {}, by = node) => {
    const changed = { ...report, ...change };
    return { report: changed, nodeSignature: ed25519.sign(usageMessage(changed), by) };
  };
  return { tenant, job, signed, basis: { address, job, domain: repeated(1), now: 10_600n } };
}

test("a_total_is_co_signed_only_if_it_is_this_services_and_within_what_clock_escrow_and_tenant_counted", async () => {
  const { tenant, job, signed, basis } = usageCase();
  const sign = (message: Uint8Array) => ed25519.sign(message, tenant);
  const found = await coSignUsage(signed(), { ...basis, countedMs: 594_500n }, sign);
  expect(found.usageMs).toBe(595_000n);
  expect(
    ed25519.verify(
      found.tenantSignature,
      envelope("usage", encodeUsage(signed().report)),
      Uint8Array.from(job.tenantNodeKey),
    ),
  ).toBe(true);

  const code = (work: () => void): string => {
    try {
      work();
    } catch (error) {
      return error instanceof ProofmillError ? error.code : String(error);
    }
    return "signed";
  };
  const asked = (change: Parameters<typeof signed>[0], more: object = {}) =>
    code(() => {
      checkUsage(signed(change), { ...basis, ...more });
    });
  expect(asked({ domain: hex32(repeated(9)) })).toBe("usage_domain");
  expect(asked({ job: getAddressDecoder().decode(repeated(9)) as JobAddress })).toBe("usage_job");
  expect(asked({ attempt: 2 })).toBe("usage_attempt");
  expect(asked({ nonce: 45n })).toBe("usage_nonce");
  expect(asked({ measuredAt: 10_602n })).toBe("usage_future");
  expect(asked({ usageMs: 489_999n })).toBe("usage_less");
  expect(asked({ usageMs: 601_000n })).toBe("signed");
  expect(asked({ usageMs: 601_001n })).toBe("usage_too_much");
  expect(asked({}, { countedMs: 594_000n })).toBe("signed");
  expect(asked({}, { countedMs: 593_999n })).toBe("usage_above_count");
  expect(asked({}, { countedMs: 593_000n, toleranceMs: 2_000n })).toBe("signed");
  expect(asked({}, { job: { ...job, state: 5 } })).toBe("usage_state");
  expect(asked({}, { job: { ...job, kind: 1 } })).toBe("usage_state");
  expect(
    code(() => {
      checkUsage(signed({}, repeated(9)), basis);
    }),
  ).toBe("signature_invalid");
});

test("nothing_is_signed_before_the_total_is_checked_and_another_key_than_the_jobs_is_refused", async () => {
  const { signed, basis } = usageCase();
  let asked = 0;
  const sign = (message: Uint8Array) => {
    asked += 1;
    return ed25519.sign(message, repeated(9));
  };
  await expect(coSignUsage(signed({ usageMs: 700_000n }), basis, sign)).rejects.toMatchObject({
    code: "usage_too_much",
  });
  expect(asked).toBe(0);
  await expect(coSignUsage(signed(), basis, sign)).rejects.toMatchObject({ code: "signature_invalid" });
});
