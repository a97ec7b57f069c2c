/**
 * Reads what a gateway sends. Nothing is taken on trust: each field has its shape, and the first that has not makes the
 * whole answer nonsense.
 */
import { ANSWER_DEPTH_MAX, U64_MAX } from '../limits';
import { clean } from '../text/clean';

declare const brand: unique symbol;
type Branded<Base, Name extends string> = Base & { readonly [brand]: Name };
/** An address in base58. */
export type AddressText = Branded<string, 'AddressText'>;
/** 32 bytes in lower-case hexadecimal. */
export type Hex32 = Branded<string, 'Hex32'>;

export class WireError extends Error {
  override readonly name = 'WireError';
}

export type Read<T> = (value: unknown, at: string) => T;
export type Shape<R> = R extends Read<infer T> ? T : never;

const wrong = (at: string, wanted: string): never => {
  throw new WireError(`${at}: ${wanted}`);
};

/** Foreign text, made harmless. */
export const text: Read<string> = (value, at) =>
  typeof value === 'string' ? clean(value) : wrong(at, 'a text was expected');

/** A word of the protocol: lower-case, digits, underscores. */
export const word: Read<string> = (value, at) =>
  typeof value === 'string' && /^[a-z0-9_]{1,40}$/u.test(value) ? value : wrong(at, 'a plain word was expected');

export const flag: Read<boolean> = (value, at) =>
  typeof value === 'boolean' ? value : wrong(at, 'true or false was expected');

/** An integer that JSON carries exactly. */
export const integer: Read<number> = (value, at) =>
  typeof value === 'number' && Number.isSafeInteger(value) ? value : wrong(at, 'a whole number was expected');

/** A u64, as a decimal string: a JSON number would lose digits. */
export const amount: Read<bigint> = (value, at) => {
  if (typeof value !== 'string' || !/^(?:0|[1-9]\d{0,19})$/u.test(value))
    return wrong(at, 'a decimal string was expected');
  const read = BigInt(value);
  return read <= U64_MAX ? read : wrong(at, 'more than 64 bits');
};

/** A count that may be written either way. */
export const count: Read<bigint> = (value, at) =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? BigInt(value) : amount(value, at);

export const address: Read<AddressText> = (value, at) =>
  typeof value === 'string' && /^[1-9A-HJ-NP-Za-km-z]{32,44}$/u.test(value)
    ? (value as AddressText)
    : wrong(at, 'an address was expected');

export const hex32: Read<Hex32> = (value, at) =>
  typeof value === 'string' && /^[0-9a-f]{64}$/u.test(value) ? (value as Hex32) : wrong(at, 'a hash was expected');

export const anything: Read<unknown> = (value) => value;

export function nullable<T>(read: Read<T>): Read<T | null> {
  return (value, at) => (value === null || value === undefined ? null : read(value, at));
}

export function list<T>(read: Read<T>, longest = 1_000): Read<readonly T[]> {
  return (value, at) => {
    if (!Array.isArray(value)) return wrong(at, 'a list was expected');
    if (value.length > longest) return wrong(at, `more than ${longest} entries`);
    return value.map((entry, index) => read(entry, `${at}[${index}]`));
  };
}

export function shape<Fields extends Record<string, Read<unknown>>>(
  fields: Fields,
): Read<{ readonly [Name in keyof Fields]: Shape<Fields[Name]> }> {
  return (value, at) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return wrong(at, 'an object was expected');
    const found = value as Record<string, unknown>;
    const entries = Object.entries(fields).map(([name, read]) => [
      name,
      read(Object.hasOwn(found, name) ? found[name] : undefined, at === '' ? name : `${at}.${name}`),
    ]);
    return Object.fromEntries(entries) as { readonly [Name in keyof Fields]: Shape<Fields[Name]> };
  };
}

/** Fields by name, each read alike; names are words. */
export function table<T>(read: Read<T>): Read<Readonly<Record<string, T>>> {
  return (value, at) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return wrong(at, 'an object was expected');
    return Object.fromEntries(
      Object.entries(value)
        .filter(([name]) => /^[a-z0-9_]{1,60}$/u.test(name))
        .map(([name, entry]) => [name, read(entry, `${at}.${name}`)]),
    );
  };
}

/** A scalar of any kind, as harmless text. */
export const scalar: Read<string | null> = (value) => {
  if (value === null || value === undefined) return null;
  if (typeof value === 'boolean' || typeof value === 'number') return String(value);
  if (typeof value === 'string') return clean(value);
  return clean(JSON.stringify(value));
};

export function page<T>(read: Read<T>): Read<{ readonly items: readonly T[]; readonly next_cursor: string | null }> {
  return shape({ items: list(read), next_cursor: nullable(text) });
}

/**
 * Parses JSON no deeper than our records go: a deep document costs a parser its stack. With `exact`, whole numbers that a
 * JavaScript number would round become texts.
 */
export function parseJson(source: string, exact = false): unknown {
  let depth = 0;
  let quoted = false;
  let written = '';
  let copied = 0;
  for (let index = 0; index < source.length; index += 1) {
    const character = source[index];
    if (quoted) {
      if (character === '\\') index += 1;
      else if (character === '"') quoted = false;
    } else if (character === '"') quoted = true;
    else if (character === '{' || character === '[') {
      depth += 1;
      if (depth > ANSWER_DEPTH_MAX) throw new WireError('the answer is nested too deeply');
    } else if (character === '}' || character === ']') depth -= 1;
    else if (exact && character !== undefined && character >= '0' && character <= '9') {
      const run = /^\d+/u.exec(source.slice(index, index + 400))?.[0] ?? character;
      const before = source[index - 1] ?? '';
      const after = source[index + run.length] ?? '';
      if (run.length > 15 && !/[.eE+-]/u.test(before) && !/[.eE\d]/u.test(after)) {
        written += `${source.slice(copied, index)}"${run}"`;
        copied = index + run.length;
      }
      index += run.length - 1;
    }
  }
  try {
    return JSON.parse(written + source.slice(copied)) as unknown;
  } catch {
    throw new WireError('the answer is not JSON');
  }
}
