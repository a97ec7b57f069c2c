/** The fee for priority: off, or what others paid, and never above the ceilings, whatever a node says. */
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  describeTransaction,
  prepareTransaction,
  priorityLamports,
  priorityPrice,
  requirePriority,
  type PrepareOptions,
  type Priority,
  type TransactRpc,
} from "../../src/index.js";
import { address, createNoopSigner } from "@solana/kit";

const prices = [5n, 1n, 4n, 2n, 3n, 6n, 7n, 8n, 9n, 10n];

test("half of the blocks, nine in ten of them, or nothing", () => {
  expect(priorityPrice(prices, "off", 100_000)).toBe(0n);
  expect(priorityPrice(prices, "auto", 100_000)).toBe(6n);
  expect(priorityPrice(prices, "fast", 100_000)).toBe(10n);
  expect(priorityPrice([], "fast", 100_000)).toBe(0n);
  expect(priorityPrice([-5n, 3n], "auto", 100_000)).toBe(3n);
});

test("whatever a node says that others paid, the ceilings hold", () => {
  fc.assert(
    fc.property(
      fc.array(fc.bigInt({ min: -(1n << 80n), max: 1n << 80n }), { maxLength: 150 }),
      fc.constantFrom<Priority>("auto", "fast"),
      fc.integer({ min: 0, max: 1_400_000 }),
      (recent, priority, units) => {
        const price = priorityPrice(recent, priority, units);
        expect(price >= 0n && price <= 1_000_000n).toBe(true);
        expect(priorityLamports(price, units) <= 500_000n).toBe(true);
      },
    ),
  );
  expect(priorityPrice([1n << 70n], "auto", 1_400_000)).toBe(357_142n);
  expect(priorityPrice([1n << 70n], "auto", 10_000)).toBe(1_000_000n);
});

test("a price of one's own is refused above one's own ceiling", () => {
  requirePriority(2_500_000n, 200_000);
  expect(() => {
    requirePriority(2_500_001n, 200_000);
  }).toThrow(expect.objectContaining({ code: "priority_fee" }) as Error);
  requirePriority(5_000_000n, 200_000, 1_000_000n);
  expect(() => {
    requirePriority(-1n, 1);
  }).toThrow(expect.objectContaining({ code: "priority_fee" }) as Error);
});

const payer = createNoopSigner(address("3hE8Jbnzd3LtVaP3aQDCbwQv2k7kqsLfeszBjeQLNNdd"));
let asked = 0;
const answer = (value: unknown) => ({ send: () => Promise.resolve(value) });
const rpc = {
  getLatestBlockhash: () =>
    answer({ value: { blockhash: "4TQc8DiQNyPEpCeuBcm21Efr1m4Fnb1gXsaik97T4hF2", lastValidBlockHeight: 1n } }),
  simulateTransaction: () => answer({ value: { err: null, logs: [], unitsConsumed: 99_000n } }),
  getRecentPrioritizationFees: () => {
    asked += 1;
    return answer([{ slot: 1n, prioritizationFee: 1n << 60n }]);
  },
} as unknown as TransactRpc;
const prepared = (options: PrepareOptions) => prepareTransaction(rpc, payer, [], options);

test("what is offered for priority is in the bytes, in the words and in the fee", async () => {
  const off = await prepared({ priority: "off" });
  expect(asked).toBe(0);
  expect(off.feeLamports).toBe(5_000n);
  const auto = await prepared({});
  expect(asked).toBe(1);
  // 119,800 units at the highest price that a client proposes.
  expect(auto.words.priorityFeeLamports).toBe(119_800n);
  expect(auto.feeLamports).toBe(124_800n);
  const said = describeTransaction(auto.transaction).instructions.find(({ name }) => name === "set_price");
  expect(said?.fields).toEqual([{ label: "At most in all", value: "0.0001198 SOL" }]);
  await expect(prepared({ priorityPrice: 10_000_000n })).rejects.toMatchObject({ code: "priority_fee" });
  const own = await prepared({ priorityPrice: 10_000_000n, priorityLamportsMax: 2_000_000n });
  expect(own.words.priorityFeeLamports).toBe(1_198_000n);
});
