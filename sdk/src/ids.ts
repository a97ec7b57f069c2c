/** Addresses and hashes that cannot be taken for one another. All addresses are base58 of 32 bytes. */
import { isAddress, type Address } from "@solana/kit";
import { InputError } from "./errors.js";

declare const kind: unique symbol;
type Kinded<K extends string> = Address & { readonly [kind]: K };

/** A `Job` account. */
export type JobAddress = Kinded<"job">;
/** An `Offer` account. */
export type OfferAddress = Kinded<"offer">;
/** A market `Provider` account (not its owner's wallet). */
export type ProviderAddress = Kinded<"provider">;
/** A `Bid` account. */
export type BidAddress = Kinded<"bid">;
/** A `Stake` account. */
export type StakeAddress = Kinded<"stake">;
/** A `JobArray` account. */
export type ArrayAddress = Kinded<"array">;
/** A payment or stake mint. */
export type MintAddress = Kinded<"mint">;
/** A token account. */
export type TokenAccountAddress = Kinded<"token_account">;
/** A person's or service's wallet. */
export type WalletAddress = Kinded<"wallet">;

/** 32 bytes as 64 lower-case hexadecimal digits. */
export type Hex32 = string & { readonly [kind]: "hex32" };
/** Exactly 32 bytes. */
export type Bytes32 = Uint8Array & { readonly [kind]: "bytes32" };

function reader<K extends Address>(what: string): (text: string) => K {
  return (text) => {
    if (typeof text !== "string" || !isAddress(text)) {
      throw new InputError(
        "not_an_address",
        `${JSON.stringify(text)} is not the address of ${what}`,
        "Copy the address again: 32 to 44 letters and digits.",
      );
    }
    return text as Address as K;
  };
}

export const jobAddress = reader<JobAddress>("a job");
export const offerAddress = reader<OfferAddress>("an offer");
export const providerAddress = reader<ProviderAddress>("a provider");
export const bidAddress = reader<BidAddress>("a bid");
export const stakeAddress = reader<StakeAddress>("a stake");
export const arrayAddress = reader<ArrayAddress>("an array");
export const mintAddress = reader<MintAddress>("a mint");
export const tokenAccountAddress = reader<TokenAccountAddress>("a token account");
export const walletAddress = reader<WalletAddress>("a wallet");

/** The address that means "nobody": 32 zero bytes, which is also the system program's. */
export const NOBODY = "11111111111111111111111111111111" as Address;

const DIGITS = "0123456789abcdef";

/** Bytes as lower-case hexadecimal digits. */
export function toHex(bytes: ArrayLike<number>): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at] ?? 0;
    text += `${DIGITS[byte >> 4] ?? ""}${DIGITS[byte & 15] ?? ""}`;
  }
  return text;
}

/** Hexadecimal digits as bytes. @throws {@link InputError} if the text is not pairs of digits. */
export function fromHex(text: string): Uint8Array {
  if (!/^(?:[0-9a-fA-F]{2})*$/u.test(text)) {
    throw new InputError(
      "not_hex",
      `${JSON.stringify(text.slice(0, 80))} is not hexadecimal`,
      "Give pairs of the digits 0-9 and a-f.",
    );
  }
  const bytes = new Uint8Array(text.length / 2);
  for (let at = 0; at < bytes.length; at += 1) bytes[at] = Number.parseInt(text.slice(2 * at, 2 * at + 2), 16);
  return bytes;
}

/** 32 bytes as hexadecimal digits. @throws {@link InputError} unless there are 32. */
export function hex32(value: ArrayLike<number> | string): Hex32 {
  return toHex(bytes32(value)) as Hex32;
}

/** Exactly 32 bytes, from bytes or hexadecimal digits. @throws {@link InputError} unless there are 32. */
export function bytes32(value: ArrayLike<number> | string): Bytes32 {
  const bytes = typeof value === "string" ? fromHex(value) : Uint8Array.from(value);
  if (bytes.length !== 32) {
    throw new InputError("not_32_bytes", `${bytes.length} bytes where 32 are needed`, "Give a whole hash or key.");
  }
  return bytes as Bytes32;
}

/** Whether two byte strings are the same. */
export function sameBytes(a: ArrayLike<number>, b: ArrayLike<number>): boolean {
  if (a.length !== b.length) return false;
  for (let at = 0; at < a.length; at += 1) if (a[at] !== b[at]) return false;
  return true;
}
