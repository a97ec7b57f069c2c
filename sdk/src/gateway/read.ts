/**
 * Reads what a gateway sends. Nothing is taken on trust: every field has its shape and bounds, unknown words are refused, and
 * the first field that breaks a rule makes the whole answer worthless. Fields that this client does not know are ignored.
 */
import { isAddress, type Address } from "@solana/kit";
import type { Codes } from "../codes.js";
import { GatewayAnswerError } from "../errors.js";
import type { Hex32 } from "../ids.js";
import { ANSWER_DEPTH_MAX, PAGE_ITEMS_MAX, TEXT_LENGTH_MAX, U64_MAX } from "../limits.js";
import { cleanText } from "../text.js";

/** Reads a value at a place. @throws {@link GatewayAnswerError} */
export type Read<T> = (value: unknown, at: string) => T;
/** What a reader gives. */
export type Of<R> = R extends Read<infer T> ? T : never;

function wrong(at: string, why: string): never {
  throw new GatewayAnswerError(at, why);
}

const show = (value: unknown): string => cleanText(value === undefined ? "nothing" : JSON.stringify(value), 80);

/** Foreign text, cut and without what deceives. It is still foreign: show it as text, never as HTML. */
export const text: Read<string> = (value, at) => {
  if (typeof value !== "string") return wrong(at, `a text was expected, not ${show(value)}`);
  if (value.length > TEXT_LENGTH_MAX)
    return wrong(at, `a text of ${value.length} characters, the limit is ${TEXT_LENGTH_MAX}`);
  return cleanText(value);
};

/** A word of the protocol that this client need not know. */
export const word: Read<string> = (value, at) =>
  typeof value === "string" && /^[A-Za-z0-9_]{1,60}$/u.test(value)
    ? value
    : wrong(at, `a word was expected, not ${show(value)}`);

/** An opaque token: a cursor, a session. */
export const token: Read<string> = (value, at) =>
  typeof value === "string" && /^[\x21-\x7e]{1,1000}$/u.test(value) ? value : wrong(at, "a token was expected");

export const flag: Read<boolean> = (value, at) =>
  typeof value === "boolean" ? value : wrong(at, `true or false was expected, not ${show(value)}`);

/** A whole number that JSON carries exactly, within bounds. */
export function integer(least = Number.MIN_SAFE_INTEGER, most = Number.MAX_SAFE_INTEGER): Read<number> {
  return (value, at) => {
    if (typeof value !== "number" || !Number.isSafeInteger(value))
      return wrong(at, `a whole number was expected, not ${show(value)}`);
    return value >= least && value <= most ? value : wrong(at, `${value} is outside ${least}..${most}`);
  };
}
export const u8 = integer(0, 0xff);
export const u16 = integer(0, 0xffff);
export const u32 = integer(0, 0xffff_ffff);
/** Unix seconds, before the year 10000. */
export const instant = integer(0, 253_402_300_799);

/** An unsigned 64-bit amount as a decimal string: a JSON number would lose digits beyond 2^53, and is refused. */
export const amount: Read<bigint> = (value, at) => {
  if (typeof value !== "string" || !/^(?:0|[1-9]\d{0,19})$/u.test(value))
    return wrong(at, `an amount is a decimal string, not ${show(value)}`);
  const found = BigInt(value);
  return found <= U64_MAX ? found : wrong(at, `${value} does not fit 64 bits`);
};

/** An address of 32 bytes in base58. */
export function address<K extends Address = Address>(): Read<K> {
  return (value, at) =>
    typeof value === "string" && isAddress(value)
      ? (value as Address as K)
      : wrong(at, `an address was expected, not ${show(value)}`);
}

/** 32 bytes as lower-case hexadecimal digits. */
export const hex: Read<Hex32> = (value, at) =>
  typeof value === "string" && /^[0-9a-f]{64}$/u.test(value)
    ? (value as Hex32)
    : wrong(at, `64 hexadecimal digits were expected, not ${show(value)}`);

/** A transaction's signature in base58. */
export const signature: Read<string> = (value, at) =>
  typeof value === "string" && /^[1-9A-HJ-NP-Za-km-z]{64,88}$/u.test(value)
    ? value
    : wrong(at, `a signature was expected, not ${show(value)}`);

/** One of the words of a table; another is refused. */
export function oneOf<Word extends string>(words: Codes<Word> | readonly Word[]): Read<Word> {
  const all: readonly string[] = "words" in words ? words.words : words;
  return (value, at) =>
    typeof value === "string" && all.includes(value)
      ? (value as Word)
      : wrong(at, `${show(value)} is none of ${all.join(", ")}`);
}

export function nullable<T>(read: Read<T>): Read<T | null> {
  return (value, at) => (value === null || value === undefined ? null : read(value, at));
}

export function list<T>(read: Read<T>, most = 1_000): Read<readonly T[]> {
  return (value, at) => {
    if (!Array.isArray(value)) return wrong(at, `a list was expected, not ${show(value)}`);
    if (value.length > most) return wrong(at, `${value.length} entries, the limit is ${most}`);
    return value.map((item: unknown, index) => read(item, `${at}[${index}]`));
  };
}

/** An object with these fields; others are ignored. */
export function record<Fields extends Readonly<Record<string, Read<unknown>>>>(
  fields: Fields,
): Read<{ readonly [Name in keyof Fields]: Of<Fields[Name]> }> {
  return (value, at) => {
    if (typeof value !== "object" || value === null || Array.isArray(value))
      return wrong(at, `an object was expected, not ${show(value)}`);
    const found = value as Readonly<Record<string, unknown>>;
    const read = Object.entries(fields).map(([name, field]) => {
      const place = at === "" ? name : `${at}.${name}`;
      return [name, field(Object.hasOwn(found, name) ? found[name] : undefined, place)] as const;
    });
    return Object.fromEntries(read) as { readonly [Name in keyof Fields]: Of<Fields[Name]> };
  };
}

/** Fields of an event: scalars, and lists and objects of them, as harmless text or numbers. */
export type Loose = string | number | boolean | null | readonly Loose[] | { readonly [name: string]: Loose };
export const loose: Read<Loose> = (value, at) => {
  if (value === null || typeof value === "boolean") return value;
  if (typeof value === "number") return Number.isSafeInteger(value) ? value : wrong(at, `${value} is no exact number`);
  if (typeof value === "string") return text(value, at);
  if (Array.isArray(value)) return list(loose, 2_000)(value, at);
  if (typeof value !== "object") return wrong(at, "nothing was expected");
  const entries = Object.entries(value);
  if (entries.length > 200) return wrong(at, `${entries.length} fields`);
  return Object.fromEntries(entries.map(([name, field]) => [word(name, at), loose(field, `${at}.${name}`)]));
};

export function page<T>(read: Read<T>): Read<Page<T>> {
  return record({ items: list(read, PAGE_ITEMS_MAX), next_cursor: nullable(token) });
}

/** One page of a list. */
export type Page<T> = { readonly items: readonly T[]; readonly next_cursor: string | null };

/** Parses JSON that is no deeper than our records. @throws {@link GatewayAnswerError} */
export function parseAnswer(source: string): unknown {
  let depth = 0;
  for (const [token] of source.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\]]/gsu)) {
    if (token === "{" || token === "[") {
      depth += 1;
      if (depth > ANSWER_DEPTH_MAX) wrong("", "nested too deeply");
    } else if (token === "}" || token === "]") depth -= 1;
  }
  try {
    return JSON.parse(source) as unknown;
  } catch {
    return wrong("", "not JSON");
  }
}
