/** What Rust wrote, this client reads: the vectors of crates/protocol, crates/artifacts and crates/jobspec. */
import { readFileSync } from "node:fs";
import { ed25519 } from "@noble/curves/ed25519.js";
import { getAddressDecoder } from "@solana/kit";
import { expect, test } from "vitest";
import {
  completeJobDocument,
  decodeReceipt,
  documentBytes,
  documentHash,
  documentTerms,
  encodeReceipt,
  envelope,
  fromHex,
  hex32,
  InputError,
  Manifest,
  OUTCOME,
  parseJobDocument,
  receiptCore,
  receiptHash,
  settle,
  toHex,
  verifyReceiptSignature,
  type JobDocumentDraft,
  type Receipt,
} from "../../src/index.js";

const read = (path: string): unknown => JSON.parse(readFileSync(new URL(`../../../${path}`, import.meta.url), "utf8"));
const repeated = (text: string): Uint8Array => new Uint8Array(32).fill(Number.parseInt(text.slice(0, 2), 16));

test("a settlement splits the escrow as the program does", () => {
  const { settlements } = read("crates/protocol/vectors/settlement.json") as {
    settlements: {
      escrowed: string;
      fee: string;
      fee_bps: number;
      metered_ms: string;
      outcome: number;
      paid: string;
      price_per_second: string;
      refunded: string;
    }[];
  };
  expect(settlements.length).toBeGreaterThan(0);
  for (const row of settlements) {
    const found = settle({
      outcome: OUTCOME.word(row.outcome),
      escrowed: BigInt(row.escrowed),
      pricePerSecond: BigInt(row.price_per_second),
      meteredMs: BigInt(row.metered_ms),
      feeBps: row.fee_bps,
    });
    expect(found).toEqual({ paid: BigInt(row.paid), refunded: BigInt(row.refunded), fee: BigInt(row.fee) });
    expect(found.paid + found.refunded + found.fee).toBe(BigInt(row.escrowed));
  }
});

const receiptVector = read("crates/protocol/vectors/receipt.json") as {
  core: string;
  fields: Record<string, string | number | boolean>;
  receipt: string;
  receipt_hash: string;
  signed_message: string;
};

test("a receipt has the bytes, the hash, the core and the signed message that Rust gives it", () => {
  const bytes = fromHex(receiptVector.receipt);
  const receipt = decodeReceipt(bytes);
  expect(toHex(encodeReceipt(receipt))).toBe(receiptVector.receipt);
  expect(receiptHash(bytes)).toBe(receiptVector.receipt_hash);
  expect(toHex(receiptCore(bytes))).toBe(receiptVector.core);
  expect(toHex(envelope("receipt", receiptCore(bytes)))).toBe(receiptVector.signed_message);
  const words: Record<keyof Receipt, unknown> = receipt;
  for (const [name, value] of Object.entries(receiptVector.fields)) {
    const field = words[name.replace(/_(.)/gu, (_, letter: string) => letter.toUpperCase()) as keyof Receipt];
    if (name === "termination") expect(field).toBe("timed_out");
    else if (name === "job" || name === "provider")
      expect(field).toBe(getAddressDecoder().decode(repeated(String(value))));
    else if (typeof value === "string") expect(field).toBe(hex32(repeated(value)));
    else expect(typeof field === "bigint" ? Number(field) : field).toBe(value);
  }
});

test("bytes that are no receipt are refused, each by its rule", () => {
  const bytes = fromHex(receiptVector.receipt);
  const changed = (at: number, value: number): Uint8Array =>
    Uint8Array.from(bytes, (byte, index) => (index === at ? value : byte));
  expect(() => decodeReceipt(bytes.slice(1))).toThrow(expect.objectContaining({ code: "receipt_length" }) as Error);
  expect(() => decodeReceipt(changed(0, 2))).toThrow(expect.objectContaining({ code: "receipt_version" }) as Error);
  expect(() => decodeReceipt(changed(511, 1))).toThrow(expect.objectContaining({ code: "receipt_reserved" }) as Error);
  const flagAt = bytes.indexOf(1, 300);
  expect(() => decodeReceipt(changed(flagAt, 2))).toThrow();
});

test("a receipt is believed only under the signature of the node that it names", () => {
  const secret = new Uint8Array(32).fill(9);
  const nodeKey = hex32(ed25519.getPublicKey(secret));
  const bytes = encodeReceipt({ ...decodeReceipt(fromHex(receiptVector.receipt)), nodeKey });
  const signature = ed25519.sign(envelope("receipt", receiptCore(bytes)), secret);
  expect(verifyReceiptSignature(bytes, signature).nodeKey).toBe(nodeKey);
  const other = encodeReceipt({ ...decodeReceipt(bytes), meteredMs: 18n });
  expect(() => verifyReceiptSignature(other, signature)).toThrow(
    expect.objectContaining({ code: "signature_invalid" }) as Error,
  );
  const flipped = Uint8Array.from(signature, (byte, at) => (at === 0 ? byte ^ 1 : byte));
  expect(() => verifyReceiptSignature(bytes, flipped)).toThrow(
    expect.objectContaining({ code: "signature_invalid" }) as Error,
  );
});

test("a key of small order, a second encoding and a scalar beyond the order verify nothing", () => {
  const secret = new Uint8Array(32).fill(9);
  const template = decodeReceipt(fromHex(receiptVector.receipt));
  const identity = Uint8Array.of(1, ...new Uint8Array(31));
  const smallOrder = encodeReceipt({ ...template, nodeKey: hex32(identity) });
  // R = identity, S = 0 verifies any message under the identity where verification is loose.
  const forged = new Uint8Array(64);
  forged.set(identity);
  expect(() => verifyReceiptSignature(smallOrder, forged)).toThrow(
    expect.objectContaining({ code: "signature_invalid" }) as Error,
  );
  const bytes = encodeReceipt({ ...template, nodeKey: hex32(ed25519.getPublicKey(secret)) });
  const signature = ed25519.sign(envelope("receipt", receiptCore(bytes)), secret);
  let scalar = 0n;
  for (let at = 63; at >= 32; at -= 1) scalar = (scalar << 8n) | BigInt(signature[at] ?? 0);
  scalar += ed25519.Point.Fn.ORDER;
  const malleated = Uint8Array.from(signature);
  for (let at = 32; at < 64; at += 1) {
    malleated[at] = Number(scalar & 0xffn);
    scalar >>= 8n;
  }
  expect(() => verifyReceiptSignature(bytes, malleated)).toThrow(
    expect.objectContaining({ code: "signature_invalid" }) as Error,
  );
});

test("an attestation and a re-execution are signed under the message that Rust gives them", () => {
  const vector = read("crates/protocol/vectors/attestation.json") as Record<
    "attestation" | "attestation_message" | "reexecution" | "reexecution_message",
    string
  >;
  expect(toHex(envelope("attestation", fromHex(vector.attestation)))).toBe(vector.attestation_message);
  expect(toHex(envelope("reexecution", fromHex(vector.reexecution)))).toBe(vector.reexecution_message);
});

test("a tree has the root that Rust gives it", () => {
  const { trees } = read("crates/artifacts/vectors/roots.json") as {
    trees: {
      name: string;
      entries: { path: string; size: string; executable: boolean; hash: string }[];
      manifest: string;
      root: string;
    }[];
  };
  expect(trees.length).toBeGreaterThan(2);
  for (const tree of trees) {
    const manifest = Manifest.of(
      tree.entries.map((entry) => ({ ...entry, size: BigInt(entry.size), hash: hex32(entry.hash) })),
    );
    expect(manifest.root(), tree.name).toBe(tree.root);
    expect(toHex(manifest.toBytes()), tree.name).toBe(tree.manifest);
    expect(Manifest.fromBytes(fromHex(tree.manifest)).entries).toEqual(manifest.entries);
  }
});

type Accepted = {
  name: string;
  document: JobDocumentDraft;
  canonical: string;
  sha256: string;
  terms: Record<string, string | number | boolean>;
}[];

test("a job document has the canonical form, the hash and the terms that Rust gives it", () => {
  const accepted = read("crates/jobspec/vectors/accepted.json") as Accepted;
  expect(accepted.length).toBeGreaterThan(3);
  for (const row of accepted) {
    const document = completeJobDocument(row.document);
    expect(new TextDecoder().decode(documentBytes(document)), row.name).toBe(row.canonical);
    expect(documentHash(document), row.name).toBe(row.sha256);
    expect(parseJobDocument(row.canonical), "completing is idempotent").toEqual(document);
    const terms: Record<string, unknown> = documentTerms(document);
    for (const [name, value] of Object.entries(row.terms)) {
      const found = terms[name.replace(/_(.)/gu, (_, letter: string) => letter.toUpperCase())];
      expect(typeof found === "bigint" ? Number(found) : found, `${row.name}: ${name}`).toBe(
        typeof value === "boolean" ? Number(value) : value,
      );
    }
  }
});

test("a document that breaks a rule of its shape is refused as in Rust", () => {
  const refused = read("crates/jobspec/vectors/refused.json") as { name: string; text: string; error: string }[];
  // Shape and bounds are the schema's; what joins fields or is not offered yet only the node and the CLI refuse.
  const shape = refused.filter((row) => row.error === "Json");
  expect(shape.length).toBeGreaterThan(5);
  for (const row of shape) expect(() => parseJobDocument(row.text), row.name).toThrow(InputError);
});
