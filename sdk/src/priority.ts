/**
 * What a transaction offers for priority: from what others paid lately, as a hostile RPC may lie about it, and therefore never
 * above two ceilings.
 */
import { InputError } from "./errors.js";
import { PRIORITY_LAMPORTS_MAX, PRIORITY_PRICE_MAX } from "./limits.js";

/** How much is offered: nothing, as much as half of the recent blocks asked for, or as nine in ten did. */
export type Priority = "off" | "auto" | "fast";

const SHARE: Readonly<Record<Priority, number>> = { off: 0, auto: 0.5, fast: 0.9 };
const MICRO = 1_000_000n;

/** Lamports that a price of so many micro-lamports per unit costs, rounded up as the network charges it. */
export const priorityLamports = (price: bigint, units: number): bigint => (price * BigInt(units) + MICRO - 1n) / MICRO;

/**
 * Micro-lamports per compute unit to offer for `units`, from the prices that recent blocks asked for the same accounts. Never
 * above {@link PRIORITY_PRICE_MAX}, nor above {@link PRIORITY_LAMPORTS_MAX} in all; a price that cannot be one counts as none.
 */
export function priorityPrice(recent: readonly bigint[], priority: Priority, units: number): bigint {
  if (priority === "off") return 0n;
  const prices = recent.filter((price) => price >= 0n).sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  const wanted = prices[Math.min(prices.length - 1, Math.floor(prices.length * SHARE[priority]))] ?? 0n;
  const affordable = (PRIORITY_LAMPORTS_MAX * MICRO) / BigInt(Math.max(1, units));
  const most = affordable < PRIORITY_PRICE_MAX ? affordable : PRIORITY_PRICE_MAX;
  return wanted < most ? wanted : most;
}

/** Refuses a price that the caller set by itself and that costs more than `most` lamports. @throws {@link InputError} */
export function requirePriority(price: bigint, units: number, most: bigint = PRIORITY_LAMPORTS_MAX): void {
  const cost = priorityLamports(price, units);
  if (price >= 0n && cost <= most) return;
  throw new InputError(
    "priority_fee",
    `${cost} lamports would be offered for priority, at most ${most} are allowed`,
    "Lower `priorityPrice`, or raise `priorityLamportsMax`.",
  );
}
