/** Laws of money, over random numbers. */
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  AmountError,
  formatTokens,
  metered,
  meteredMsMax,
  nextBidMax,
  OUTCOME,
  parseTokens,
  portion,
  scale,
  settle,
  share,
  splitFee,
  accrued,
  arrayEscrow,
  arrayMayClose,
  auditBps,
  escrow,
  lockBps,
  usageMsMax,
} from "../../src/index.js";

const U64 = fc.bigInt({ min: 0n, max: (1n << 64n) - 1n });

test("paid, refunded and fee are exactly the escrow", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...OUTCOME.words),
      U64,
      fc.bigInt({ min: 0n, max: 1n << 40n }),
      fc.bigInt({ min: 0n, max: 86_400_000n }),
      fc.integer({ min: 0, max: 10_000 }),
      (outcome, escrowed, pricePerSecond, meteredMs, feeBps) => {
        const parts = settle({ outcome, escrowed, pricePerSecond, meteredMs, feeBps });
        expect(parts.paid + parts.refunded + parts.fee).toBe(escrowed);
      },
    ),
  );
});

test("a fee is split to the atom", () => {
  fc.assert(
    fc.property(U64, fc.integer({ min: 0, max: 10_000 }), fc.integer({ min: 0, max: 10_000 }), (fee, burn, audits) => {
      const auditBps = Math.min(audits, 10_000 - burn);
      const parts = splitFee(fee, burn, auditBps);
      expect(parts.burnt + parts.audits + parts.treasury).toBe(fee);
    }),
  );
  expect(() => splitFee(100n, 5_100, 5_000)).toThrow(AmountError);
});

test("boundaries of 64 bits hold", () => {
  const most = (1n << 64n) - 1n;
  expect(share(most, 10_000)).toBe(most);
  expect(() => share(1n, 10_001)).toThrow(expect.objectContaining({ code: "share_above_one" }) as Error);
  expect(escrow(most, 1)).toBe(most);
  expect(() => escrow(most, 2)).toThrow(expect.objectContaining({ code: "overflow" }) as Error);
  expect(() => metered(most, 1_001n)).toThrow(expect.objectContaining({ code: "overflow" }) as Error);
  expect(() => scale(most, 10_001)).toThrow(expect.objectContaining({ code: "overflow" }) as Error);
  expect(portion(most, 1n << 63n, most)).toBe(1n << 63n);
  expect(() => portion(1n, 2n, 1n)).toThrow(AmountError);
  expect(() => escrow(-1n, 2)).toThrow(expect.objectContaining({ code: "underflow" }) as Error);
});

test("metered time is bounded by the clock and the reservation", () => {
  expect(meteredMsMax(100n, 105n, 60)).toBe(6_000n);
  expect(meteredMsMax(100n, 1_000n, 60)).toBe(60_000n);
  expect(meteredMsMax(105n, 100n, 60)).toBe(1_000n);
});

test("each bid is lower by the step, and at least by an atom", () => {
  expect(nextBidMax(undefined)).toBe((1n << 64n) - 2n);
  expect(nextBidMax(10_000n)).toBe(9_750n);
  expect(nextBidMax(3n)).toBe(2n);
});

test("an amount survives being written and read", () => {
  fc.assert(
    fc.property(U64, fc.integer({ min: 0, max: 18 }), fc.boolean(), (atoms, decimals, grouped) => {
      expect(parseTokens(formatTokens(atoms, decimals, { grouped }), decimals)).toBe(atoms);
    }),
  );
  expect(formatTokens(1_234_500_000n, 6)).toBe("1,234.5");
});

test("what is no exact amount is refused, and never rounded", () => {
  for (const [text, code] of [
    ["1.0000001", "too_many_decimals"],
    ["1e3", "not_a_number"],
    ["-1", "not_a_number"],
    ["", "not_a_number"],
    ["1,23", "not_a_number"],
    ["0x10", "not_a_number"],
    ["١", "not_a_number"],
    ["18446744073709.551616", "overflow"],
  ] as const) {
    expect(() => parseTokens(text, 6), text).toThrow(expect.objectContaining({ code }) as Error);
  }
});

test("the audit rate falls with accepted work, and the lock rises to deter", () => {
  expect(auditBps(2, 3, 500)).toBe(10_000);
  expect(auditBps(23, 3, 500)).toBe(5_000);
  expect(auditBps(4_294_967_295, 3, 500)).toBe(500);
  expect(lockBps(20_000, 10_000)).toBe(20_000);
  const rare = lockBps(0, 500);
  // At the deterring lock an invented result gains nothing on average; one basis point less and it does.
  const caught = 0.05 * (9_500 / 10_000);
  expect(1 - caught - caught * (rare / 10_000)).toBeLessThanOrEqual(1e-9);
  expect(1 - caught - caught * ((rare - 1) / 10_000)).toBeGreaterThan(0);
});

const meter = {
  startedAt: 1_000n,
  pausedAt: 0n,
  endedAt: 0n,
  pausedMs: 0n,
  maxSeconds: 600,
  usageMs: 100_000n,
  usageAt: 1_110n,
  usageTimeoutSeconds: 60,
};
const running = { state: "running", pricePerSecond: 10n, escrowed: 6_000n } as const;

test("what a service costs is what is signed, and an estimate since the last report", () => {
  // Ten seconds were not healthy before the report; since then it is taken to be.
  expect(accrued(meter, running, 1_110_000n)).toEqual({
    signedMs: 100_000n,
    signed: 1_000n,
    estimatedMs: 0n,
    estimated: 0n,
  });
  expect(accrued(meter, running, 1_120_250n)).toMatchObject({ signed: 1_000n, estimatedMs: 10_250n, estimated: 102n });
  // Dry at 1,600: the estimate stands still.
  const dry = accrued(meter, running, 1_600_999n);
  expect(dry).toMatchObject({ estimatedMs: 490_000n, estimated: 4_900n });
  expect(accrued(meter, running, 9_000_000n)).toEqual(dry);
});

test("a pause ends the estimate, a settlement has none, and a service that never was healthy costs nothing", () => {
  const paused = { ...meter, pausedAt: 1_600n };
  expect(accrued(paused, { ...running, state: "paused" }, 5_000_000n)).toMatchObject({ estimatedMs: 490_000n });
  const resumed = { ...meter, pausedMs: 300_000n, usageMs: 400_000n, usageAt: 1_900n, maxSeconds: 1_200 };
  expect(accrued(resumed, { ...running, escrowed: 12_000n }, 1_910_500n)).toMatchObject({
    signed: 4_000n,
    estimatedMs: 10_500n,
  });
  expect(accrued({ ...meter, endedAt: 1_200n }, { ...running, state: "settled" }, 1_300_000n).estimated).toBe(0n);
  expect(accrued({ ...meter, endedAt: 1_200n }, { ...running, state: "ending" }, 1_500_999n).estimatedMs).toBe(90_000n);
  expect(accrued({ ...meter, endedAt: 1_200n }, { ...running, state: "ending" }, 1_501_000n).estimatedMs).toBe(0n);
  expect(
    accrued({ ...meter, startedAt: 0n, usageMs: 0n, usageAt: 0n }, { ...running, state: "matched" }, 1n).signed,
  ).toBe(0n);
});

test("however a report and the clock lie, a service is never shown to cost more than its escrow or the clock allow", () => {
  const small = fc.bigInt({ min: 0n, max: 10_000n });
  fc.assert(
    fc.property(
      small,
      small,
      small,
      small,
      fc.bigInt({ min: 0n, max: 20_000_000n }),
      (paused, ended, usage, at, now) => {
        const any = { ...meter, pausedAt: paused, endedAt: ended, usageMs: usage * 100n, usageAt: at };
        for (const state of ["running", "paused", "ending", "settled"] as const) {
          const found = accrued(any, { ...running, state }, now);
          expect(found.signed + found.estimated <= running.escrowed).toBe(true);
          expect(found.estimatedMs >= 0n && found.estimated >= 0n).toBe(true);
          const most = usageMsMax(any, now / 1_000n);
          expect(found.signedMs + found.estimatedMs <= (most > found.signedMs ? most : found.signedMs)).toBe(true);
        }
      },
    ),
  );
});

test("an array locks each task's escrow, and may be closed when none is held and none can be taken", () => {
  expect(arrayEscrow(10n, 60, 1_024)).toBe(614_400n);
  expect(() => arrayEscrow(10n, 60, 1_025)).toThrow(expect.objectContaining({ code: "tasks_total" }) as Error);
  expect(() => arrayEscrow(10n, 60, 0)).toThrow(expect.objectContaining({ code: "tasks_total" }) as Error);
  expect(() => arrayEscrow((1n << 64n) - 1n, 1, 2)).toThrow(expect.objectContaining({ code: "overflow" }) as Error);
  const array = { cancelled: 0, deadlineAt: 100n, doneCount: 1, failedCount: 0, tasksTotal: 3, takenCount: 0 };
  expect(arrayMayClose(array, 99n)).toBe(false);
  expect(arrayMayClose(array, 100n)).toBe(true);
  expect(arrayMayClose({ ...array, cancelled: 1 }, 0n)).toBe(true);
  expect(arrayMayClose({ ...array, doneCount: 2, failedCount: 1 }, 0n)).toBe(true);
  expect(arrayMayClose({ ...array, takenCount: 1 }, 100n)).toBe(false);
});
