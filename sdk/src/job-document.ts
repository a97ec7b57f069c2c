/** The job document: completed by its schema, written in its one canonical form, hashed as the chain holds it. */
import { sha256 } from "@noble/hashes/sha2.js";
import { CLASS, JOB_KIND, TIER } from "./codes.js";
import { InputError } from "./errors.js";
import { JOB_SCHEMA, type JobDocument, type JobDocumentDraft } from "./generated/jobspec/document.js";
import { bytes32, hex32, type Hex32 } from "./ids.js";
import { DOCUMENT_BYTES_MAX } from "./limits.js";

export type { JobDocument, JobDocumentDraft };

/** What JSON can hold, without numbers that are not integers. */
export type JsonValue =
  null | boolean | number | bigint | string | readonly JsonValue[] | { readonly [key: string]: JsonValue };

const wrong = (at: string, why: string): never => {
  throw new InputError(
    "document_invalid",
    `${at === "" ? "the document" : at}: ${why}`,
    "Correct the document; docs/job-document.md explains each field.",
  );
};

/** UTF-8 order, which is the order of code points and not that of UTF-16. */
function compareText(a: string, b: string): number {
  const [x, y] = [[...a], [...b]];
  for (let at = 0; at < Math.min(x.length, y.length); at += 1) {
    const difference = (x[at]?.codePointAt(0) ?? 0) - (y[at]?.codePointAt(0) ?? 0);
    if (difference !== 0) return difference;
  }
  return x.length - y.length;
}

/** The canonical form: keys in byte order, no white space, integers only. @throws {@link InputError} */
export function canonicalJson(value: JsonValue, at = ""): string {
  if (value === null) return "null";
  switch (typeof value) {
    case "boolean":
      return value ? "true" : "false";
    case "bigint":
      return value.toString();
    case "number":
      if (!Number.isSafeInteger(value)) return wrong(at, `${value} is no integer that every reader keeps`);
      return Object.is(value, -0) ? "0" : value.toString();
    case "string":
      if (/\p{Surrogate}/u.test(value)) {
        return wrong(at, "half of a surrogate pair");
      }
      return JSON.stringify(value);
    default:
      break;
  }
  if (Array.isArray(value))
    return `[${value.map((item: JsonValue, index) => canonicalJson(item, `${at}[${index}]`)).join(",")}]`;
  const fields = Object.entries(value as Readonly<Record<string, JsonValue>>).sort(([a], [b]) => compareText(a, b));
  return `{${fields.map(([key, field]) => `${canonicalJson(key, at)}:${canonicalJson(field, at === "" ? key : `${at}.${key}`)}`).join(",")}}`;
}

type Schema = {
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, Schema>>;
  readonly oneOf?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
  readonly const?: JsonValue;
  readonly enum?: readonly JsonValue[];
  readonly type?: string | readonly string[];
  readonly default?: JsonValue;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | Schema;
  readonly propertyNames?: Schema;
  readonly maxProperties?: number;
  readonly items?: Schema;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
};

const ROOT = JOB_SCHEMA as Schema;

function typeOf(value: JsonValue): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  return typeof value === "number" || typeof value === "bigint" ? "integer" : typeof value;
}

/** Checks a value against a schema and fills in what has a default. */
function complete(value: JsonValue, schema: Schema, at: string): JsonValue {
  if (schema.$ref !== undefined) {
    const target = ROOT.$defs?.[schema.$ref.slice("#/$defs/".length)];
    return target === undefined ? wrong(at, "the schema is incomplete") : complete(value, target, at);
  }
  const options = schema.oneOf ?? schema.anyOf;
  if (options !== undefined) return firstThatFits(value, options, at);
  if (schema.const !== undefined && value !== schema.const) return wrong(at, `must be ${JSON.stringify(schema.const)}`);
  if (schema.enum !== undefined && !schema.enum.includes(value))
    return wrong(at, `must be one of ${schema.enum.map((word) => JSON.stringify(word)).join(", ")}`);
  const found = typeOf(value);
  if (schema.type !== undefined && ![schema.type].flat().includes(found))
    return wrong(at, `must be ${[schema.type].flat().join(" or ")}, not ${found}`);
  if (typeof value === "number" || typeof value === "bigint") return checkedNumber(value, schema, at);
  if (typeof value === "string") return checkedText(value, schema, at);
  if (Array.isArray(value)) return completeList(value as readonly JsonValue[], schema, at);
  if (found === "object") return completeObject(value as Readonly<Record<string, JsonValue>>, schema, at);
  return value;
}

function firstThatFits(value: JsonValue, options: readonly Schema[], at: string): JsonValue {
  let last: unknown;
  for (const option of options) {
    try {
      return complete(value, option, at);
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      last = error;
    }
  }
  throw last;
}

function checkedNumber(value: number | bigint, schema: Schema, at: string): JsonValue {
  if (typeof value === "number" && !Number.isSafeInteger(value)) return wrong(at, `${value} is no integer`);
  if (schema.minimum !== undefined && value < schema.minimum) return wrong(at, `${value} is below ${schema.minimum}`);
  if (schema.maximum !== undefined && value > schema.maximum) return wrong(at, `${value} is above ${schema.maximum}`);
  return value;
}

function checkedText(value: string, schema: Schema, at: string): JsonValue {
  const length = [...value].length;
  if (schema.minLength !== undefined && length < schema.minLength) return wrong(at, `shorter than ${schema.minLength}`);
  if (schema.maxLength !== undefined && length > schema.maxLength) return wrong(at, `longer than ${schema.maxLength}`);
  if (schema.pattern !== undefined && !new RegExp(schema.pattern, "u").test(value))
    return wrong(at, `${JSON.stringify(value.slice(0, 100))} does not match ${schema.pattern}`);
  return value;
}

function completeList(items: readonly JsonValue[], schema: Schema, at: string): JsonValue {
  if (schema.minItems !== undefined && items.length < schema.minItems)
    return wrong(at, `fewer than ${schema.minItems} entries`);
  if (schema.maxItems !== undefined && items.length > schema.maxItems)
    return wrong(at, `more than ${schema.maxItems} entries`);
  const each = schema.items;
  return each === undefined ? items : items.map((item, index) => complete(item, each, `${at}[${index}]`));
}

function completeObject(given: Readonly<Record<string, JsonValue>>, schema: Schema, at: string): JsonValue {
  const fields = new Map(
    // A field set to undefined is one left out.
    Object.entries(given as Readonly<Record<string, JsonValue | undefined>>).filter(
      (entry): entry is [string, JsonValue] => entry[1] !== undefined,
    ),
  );
  if (schema.maxProperties !== undefined && fields.size > schema.maxProperties)
    return wrong(at, `more than ${schema.maxProperties} entries`);
  const below = (name: string): string => (at === "" ? name : `${at}.${name}`);
  const out = new Map<string, JsonValue>();
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    const value = fields.get(name) ?? (fields.has(name) ? null : property.default);
    fields.delete(name);
    if (value !== undefined) out.set(name, complete(value, property, below(name)));
    else if (schema.required?.includes(name) === true) return wrong(below(name), "is missing");
  }
  for (const [name, value] of fields) {
    const rest = schema.additionalProperties;
    if (rest === undefined || typeof rest === "boolean") return wrong(below(name), "is no field of the document");
    if (schema.propertyNames !== undefined) complete(name, { type: "string", ...schema.propertyNames }, below(name));
    out.set(name, complete(value, rest, below(name)));
  }
  return Object.fromEntries(out);
}

/**
 * Fills in the defaults and checks what a schema can say: shape, bounds, patterns, no unknown fields. Rules that join two
 * fields are checked by the provider's node; `proofmill job validate` names them beforehand.
 * @throws {@link InputError} with the place and the rule
 */
export function completeJobDocument(draft: JobDocumentDraft): JobDocument {
  const document = complete(draft, ROOT, "") as unknown as JobDocument;
  const bytes = new TextEncoder().encode(canonicalJson(document)).length;
  if (bytes > DOCUMENT_BYTES_MAX) return wrong("", `${bytes} bytes, the limit is ${DOCUMENT_BYTES_MAX}`);
  return document;
}

/** Reads a document from JSON text. A field given twice is refused, where JSON alone would let the last one win. @throws {@link InputError} */
export function parseJobDocument(text: string): JobDocument {
  if (new TextEncoder().encode(text).length > DOCUMENT_BYTES_MAX)
    return wrong("", `longer than ${DOCUMENT_BYTES_MAX} bytes`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return wrong("", `not JSON: ${error instanceof Error ? error.message : "unreadable"}`);
  }
  requirePlain(text);
  return completeJobDocument(value as JobDocumentDraft);
}

/** Walks valid JSON and refuses a key that its object has already, and a number that is not written as an integer. */
function requirePlain(text: string): void {
  const open: (Set<string> | undefined)[] = [];
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"(\s*:)?|[{}[\]]|-?\d[\d.eE+-]*/gu)) {
    if (token === "{") open.push(new Set());
    else if (token === "[") open.push(undefined);
    else if (token === "}" || token === "]") open.pop();
    else if (!token.startsWith('"')) {
      if (/[.eE]/u.test(token)) wrong("", `${token.slice(0, 40)} is not written as an integer`);
    } else if (token.endsWith(":")) {
      const key = JSON.parse(token.replace(/\s*:$/u, "")) as string;
      const seen = open.at(-1);
      if (seen?.has(key) === true) wrong(key, "is given twice");
      seen?.add(key);
    }
  }
}

/** The canonical bytes of a document, as the provider's node is given them. */
export function documentBytes(document: JobDocument): Uint8Array {
  return new TextEncoder().encode(canonicalJson(document));
}

/** SHA-256 of the canonical form: `spec_hash` on the chain. */
export function documentHash(document: JobDocument): Hex32 {
  return hex32(sha256(documentBytes(document)));
}

/** What the chain is told of a document, as `crates/jobspec/src/terms.rs` derives it. */
export type DocumentTerms = {
  readonly specHash: Hex32;
  readonly imageDigest: Hex32;
  readonly priceCeilingPerSecond: bigint;
  readonly maxSeconds: number;
  readonly vramMib: number;
  readonly certificateAgeSecondsMax: number;
  readonly slaBond: bigint;
  readonly region: number;
  readonly uptimeBps: number;
  readonly slaUptimeBps: number;
  readonly attemptsMax: number;
  readonly kind: number;
  readonly class: number;
  readonly tier: number;
  readonly gpuCount: number;
  readonly allowSimulated: number;
};

/** The terms that follow from a document: whoever holds it can tell whether a posted job asks for what it says. */
export function documentTerms(document: JobDocument): DocumentTerms {
  return {
    specHash: documentHash(document),
    imageDigest: hex32(bytes32(document.image.replace(/^sha256:/u, ""))),
    priceCeilingPerSecond: BigInt(document.price_ceiling_per_second),
    maxSeconds: document.max_seconds,
    vramMib: document.resources.vram_mib,
    certificateAgeSecondsMax: document.placement.certificate_age_seconds_max,
    slaBond: BigInt(document.sla?.bond ?? 0),
    region: document.placement.region,
    uptimeBps: document.placement.uptime_bps,
    slaUptimeBps: document.sla?.uptime_bps ?? 0,
    attemptsMax: document.retries + 1,
    kind: JOB_KIND.code(document.kind),
    class: CLASS.code(document.verification),
    tier: TIER.code(document.resources.tier),
    gpuCount: document.resources.gpu_count,
    // A stand-in has no vendor.
    allowSimulated: document.placement.allow_simulated && document.resources.gpu_vendor === "any" ? 1 : 0,
  };
}
