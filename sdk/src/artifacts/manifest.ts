/** The canonical list of a tree's files, and its root: the one value that the chain and the receipts hold. */
import { blake3 } from "@noble/hashes/blake3.js";
import { ByteReader, ByteWriter } from "../bytes.js";
import { BytesError } from "../errors.js";
import { hex32, type Hex32 } from "../ids.js";
import { ARTIFACT_LIMITS, type ArtifactLimits } from "./limits.js";
import { caseFolded, checkPath } from "./path.js";

const ROOT_CONTEXT = "proofmill v1 output manifest";
const RECORD_FILE = 1;
const NEXT = "Do not use this tree. Ask for it again from somewhere else.";

/** One regular file of a tree. */
export type ManifestEntry = {
  /** Relative, with `/` between its names. */
  readonly path: string;
  readonly size: bigint;
  readonly executable: boolean;
  /** BLAKE3 of the contents. */
  readonly hash: Hex32;
};

const encoder = /* @__PURE__ */ new TextEncoder();

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const shared = Math.min(a.length, b.length);
  for (let at = 0; at < shared; at += 1) {
    const difference = (a[at] ?? 0) - (b[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

/** BLAKE3 of a file's contents, as a manifest holds it. */
export const contentHash = (bytes: Uint8Array): Hex32 => hex32(blake3(bytes));

/** Files in canonical order, with every rule on names and the limits checked. */
export class Manifest {
  readonly entries: readonly ManifestEntry[];

  private constructor(entries: readonly ManifestEntry[]) {
    this.entries = entries;
  }

  /** Sorts and checks. @throws {@link BytesError} with the rule or limit that is broken. */
  static of(entries: readonly ManifestEntry[], limits: ArtifactLimits = ARTIFACT_LIMITS): Manifest {
    if (entries.length > limits.maxFiles) {
      throw new BytesError("too_many_files", `${entries.length} files, the limit is ${limits.maxFiles}`, NEXT);
    }
    for (const entry of entries) checkPath(entry.path, limits);
    const sorted = entries
      .map((entry) => ({ entry, bytes: encoder.encode(entry.path) }))
      .sort((a, b) => compareBytes(a.bytes, b.bytes))
      .map(({ entry }) => entry);
    const names = new Map<string, { readonly name: string; readonly file: boolean }>();
    let sum = 0n;
    for (const entry of sorted) {
      for (let at = entry.path.indexOf("/"); at !== -1; at = entry.path.indexOf("/", at + 1)) {
        addName(names, entry.path.slice(0, at), false);
      }
      addName(names, entry.path, true);
      sum += entry.size;
      if (entry.size < 0n || sum > limits.maxBytes) {
        throw new BytesError(
          "too_many_bytes",
          `${sum} bytes up to ${JSON.stringify(entry.path)}, the limit is ${limits.maxBytes}`,
          NEXT,
        );
      }
    }
    return new Manifest(sorted);
  }

  /** Of files in memory. */
  static ofFiles(files: Readonly<Record<string, Uint8Array>>, limits: ArtifactLimits = ARTIFACT_LIMITS): Manifest {
    return Manifest.of(
      Object.entries(files).map(([path, bytes]) => ({
        path,
        size: BigInt(bytes.length),
        executable: false,
        hash: contentHash(bytes),
      })),
      limits,
    );
  }

  /** Reads canonical bytes; anything else is refused. @throws {@link BytesError} */
  static fromBytes(bytes: Uint8Array, limits: ArtifactLimits = ARTIFACT_LIMITS): Manifest {
    const reader = new ByteReader(bytes);
    const count = reader.u32();
    if (count > limits.maxFiles)
      throw new BytesError("too_many_files", `${count} files, the limit is ${limits.maxFiles}`, NEXT);
    const entries: ManifestEntry[] = [];
    let previous: Uint8Array | undefined;
    for (let index = 0; index < count; index += 1) {
      const kind = reader.u8();
      if (kind !== RECORD_FILE)
        throw new BytesError("record_kind", `record ${index} has the unknown kind ${kind}`, NEXT);
      const encoded = reader.take(reader.u16());
      let path: string;
      try {
        path = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(encoded);
      } catch (cause) {
        throw new BytesError("path_not_utf8", `the path of record ${index} is not UTF-8`, NEXT, cause);
      }
      checkPath(path, limits);
      const order = previous === undefined ? -1 : compareBytes(previous, encoded);
      if (order === 0) throw new BytesError("duplicate_path", `${JSON.stringify(path)} is listed twice`, NEXT);
      if (order > 0) throw new BytesError("not_sorted", `${JSON.stringify(path)} is out of order`, NEXT);
      previous = encoded;
      const size = reader.u64();
      const executable = reader.u8();
      if (executable > 1)
        throw new BytesError("executable_not_bool", `record ${index} has the executable byte ${executable}`, NEXT);
      entries.push({ path, size, executable: executable === 1, hash: hex32(reader.take(32)) });
    }
    if (reader.left > 0) throw new BytesError("trailing_bytes", `${reader.left} bytes follow the last record`, NEXT);
    return Manifest.of(entries, limits);
  }

  /** Sum of the sizes, bytes. */
  get totalBytes(): bigint {
    return this.entries.reduce((sum, entry) => sum + entry.size, 0n);
  }

  /** The canonical bytes: the number of records, then the records. */
  toBytes(): Uint8Array {
    const records = this.entries.map(record);
    const out = new ByteWriter(records.reduce((sum, bytes) => sum + bytes.length, 4)).u32(records.length);
    for (const bytes of records) out.put(bytes);
    return out.bytes;
  }

  /** The hash of the tree: BLAKE3 in key-derivation mode over all records, without their count. */
  root(): Hex32 {
    const hasher = blake3.create({ context: encoder.encode(ROOT_CONTEXT) });
    for (const entry of this.entries) hasher.update(record(entry));
    return hex32(hasher.digest());
  }
}

function record(entry: ManifestEntry): Uint8Array {
  const path = encoder.encode(entry.path);
  const hash = Uint8Array.from(entry.hash.match(/../gu) ?? [], (pair) => Number.parseInt(pair, 16));
  return new ByteWriter(44 + path.length)
    .u8(RECORD_FILE)
    .u16(path.length)
    .put(path)
    .u64(entry.size)
    .u8(entry.executable ? 1 : 0)
    .put(hash).bytes;
}

function addName(
  names: Map<string, { readonly name: string; readonly file: boolean }>,
  name: string,
  file: boolean,
): void {
  const folded = caseFolded(name);
  const seen = names.get(folded);
  if (seen === undefined) {
    names.set(folded, { name, file });
    return;
  }
  const quoted = JSON.stringify(name);
  if (seen.name !== name)
    throw new BytesError("case_clash", `${quoted} and ${JSON.stringify(seen.name)} differ only in case`, NEXT);
  if (seen.file && file) throw new BytesError("duplicate_path", `${quoted} is listed twice`, NEXT);
  if (seen.file !== file) throw new BytesError("file_and_directory", `${quoted} is both a file and a directory`, NEXT);
}
