/**
 * Money arithmetic, as `crates/protocol` and the programs do it: integers in the mint's atoms, checked, rounding down so
 * that dust stays in the escrow.
 */
import { paysProvider, type Outcome } from "./codes.js";
import { AmountError } from "./errors.js";
import { AUDIT_BPS_MIN, BID_STEP_BPS, BPS, DETECTION_BPS, U64_MAX } from "./limits.js";

/** An unsigned 64-bit integer, or an error. @throws {@link AmountError} */
export function u64(value: bigint, what = "the amount"): bigint {
  if (value < 0n)
    throw new AmountError("underflow", `${what} would be ${value}: more is taken than there is`, "Take less.");
  if (value > U64_MAX)
    throw new AmountError("overflow", `${what} would be ${value}: more than 64 bits hold`, "Use smaller numbers.");
  return value;
}

/** `floor(amount * bps / 10,000)` for at most one whole. @throws {@link AmountError} */
export function share(amount: bigint, bps: number): bigint {
  if (BigInt(bps) > BPS)
    throw new AmountError("share_above_one", `${bps} basis points are more than one whole`, "Use 10,000 at most.");
  return (u64(amount) * u64(BigInt(bps))) / BPS;
}

/** `floor(amount * bps / 10,000)` for any share. @throws {@link AmountError} */
export function scale(amount: bigint, bps: number): bigint {
  return u64((u64(amount) * u64(BigInt(bps))) / BPS);
}

/** `floor(amount * part / whole)`: a share of a pool. @throws {@link AmountError} if `part` exceeds `whole`, or that is zero. */
export function portion(amount: bigint, part: bigint, whole: bigint): bigint {
  if (part > whole || whole === 0n)
    throw new AmountError("share_above_one", `${part} of ${whole} is more than one whole`, "Check the weights.");
  return (u64(amount) * u64(part)) / u64(whole);
}

/** Price of a time: `floor(price * milliseconds / 1000)`. @throws {@link AmountError} */
export function metered(pricePerSecond: bigint, milliseconds: bigint): bigint {
  return u64((u64(pricePerSecond) * u64(milliseconds)) / 1_000n);
}

/** Escrow that covers `seconds` at a price. @throws {@link AmountError} */
export function escrow(pricePerSecond: bigint, seconds: number): bigint {
  return u64(u64(pricePerSecond) * u64(BigInt(seconds)), "the escrow");
}

/** Share of receipts that are audited, basis points: all of a new provider's, falling with each consecutive accepted one. */
export function auditBps(consecutiveAccepted: number, provenAfter: number, floorBps: number): number {
  if (consecutiveAccepted < provenAfter) return Number(BPS);
  const rate = Math.floor(200_000 / (20 + consecutiveAccepted - provenAfter));
  return Math.max(Math.min(rate, Number(BPS)), floorBps);
}

/** Stake locked per payment atom of a batch job, basis points: the mint's least, or as much as deters at this audit rate. */
export function lockBps(leastBps: number, auditedBps: number): number {
  const audited = BigInt(Math.min(Math.max(auditedBps, AUDIT_BPS_MIN), Number(BPS)));
  const caught = audited * DETECTION_BPS;
  const deterring = ((BPS * BPS - caught) * BPS + caught - 1n) / caught;
  return Math.max(Number(deterring), leastBps);
}

/** Stake that a match locks: the price of the longest run at the provider's price, times the mint's rule. @throws {@link AmountError} */
export function lock(pricePerSecond: bigint, seconds: number, lockBps: number): bigint {
  return scale(escrow(pricePerSecond, seconds), lockBps);
}

/** The three parts of an escrow, atoms. */
export type Settlement = {
  /** Net to the provider. */
  readonly paid: bigint;
  /** Back to the tenant. */
  readonly refunded: bigint;
  /** To the platform, out of the provider's gross. */
  readonly fee: bigint;
};

/** Splits an escrow by the outcome: paid + refunded + fee is exactly the escrow. @throws {@link AmountError} */
export function settle(terms: {
  readonly outcome: Outcome;
  readonly escrowed: bigint;
  readonly pricePerSecond: bigint;
  readonly meteredMs: bigint;
  readonly feeBps: number;
}): Settlement {
  const escrowed = u64(terms.escrowed);
  if (!paysProvider(terms.outcome)) return { paid: 0n, refunded: escrowed, fee: 0n };
  const price = metered(terms.pricePerSecond, terms.meteredMs);
  const gross = price < escrowed ? price : escrowed;
  const fee = share(gross, terms.feeBps);
  return { paid: gross - fee, refunded: escrowed - gross, fee };
}

/** Splits a fee to the atom; the treasury has what rounding leaves. @throws {@link AmountError} if the shares exceed one whole. */
export function splitFee(
  fee: bigint,
  burnBps: number,
  auditBps: number,
): { burnt: bigint; audits: bigint; treasury: bigint } {
  const burnt = share(fee, burnBps);
  const audits = share(fee, auditBps);
  return { burnt, audits, treasury: u64(fee - burnt - audits) };
}

/** The most milliseconds a receipt may claim: the chain's clock between start and receipt, one second of resolution, the reservation. */
export function meteredMsMax(startedAt: bigint, receiptAt: bigint, maxSeconds: number): bigint {
  const elapsed = receiptAt > startedAt ? receiptAt - startedAt : 0n;
  const seconds = elapsed + 1n;
  const most = BigInt(maxSeconds);
  return (seconds < most ? seconds : most) * 1_000n;
}

/** The highest price that may follow `best` in an auction; `undefined` for no bid yet. */
export function nextBidMax(best: bigint | undefined): bigint {
  if (best === undefined || best === U64_MAX) return U64_MAX - 1n;
  const step = share(best, BID_STEP_BPS);
  const least = step > 0n ? step : 1n;
  return best > least ? best - least : 0n;
}

/**
 * Atoms as a decimal number of whole tokens, such as `1,234.5`. Never rounds.
 * @param decimals of the mint, 0 to 18
 */
export function formatTokens(atoms: bigint, decimals: number, options: { readonly grouped?: boolean } = {}): string {
  requireDecimals(decimals);
  const negative = atoms < 0n;
  const digits = (negative ? -atoms : atoms).toString().padStart(decimals + 1, "0");
  const whole = digits.slice(0, digits.length - decimals);
  const rest = decimals === 0 ? "" : digits.slice(digits.length - decimals).replace(/0+$/u, "");
  const grouped = options.grouped === false ? whole : whole.replace(/\B(?=(\d{3})+$)/gu, ",");
  return `${negative ? "-" : ""}${grouped}${rest === "" ? "" : `.${rest}`}`;
}

/**
 * A decimal number of whole tokens as atoms. Refuses what the mint cannot hold exactly: no rounding, no exponent.
 * @throws {@link AmountError}
 */
export function parseTokens(text: string, decimals: number): bigint {
  requireDecimals(decimals);
  const found = /^(0|[1-9]\d{0,19}|[1-9]\d{0,2}(?:,\d{3}){1,6})(?:\.(\d+))?$/u.exec(text.trim());
  if (found === null) {
    throw new AmountError("not_a_number", `${JSON.stringify(text.slice(0, 80))} is no amount`, "Write it like 12.5");
  }
  const rest = found[2] ?? "";
  if (rest.length > decimals) {
    throw new AmountError(
      "too_many_decimals",
      `${rest.length} decimals, the mint has ${decimals}`,
      `Use at most ${decimals} decimals.`,
    );
  }
  return u64(BigInt((found[1] ?? "0").replaceAll(",", "") + rest.padEnd(decimals, "0")));
}

function requireDecimals(decimals: number): void {
  if (!Number.isInteger(decimals) || decimals < 0 || decimals > 18) {
    throw new AmountError("decimals", `a mint with ${decimals} decimals`, "Read the mint from the chain.");
  }
}
