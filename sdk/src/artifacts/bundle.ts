/** A manifest and its files as one stream: `"PMB1" | u32 LE length of the manifest | manifest | contents in order`. */
import { blake3 } from "@noble/hashes/blake3.js";
import { ByteWriter } from "../bytes.js";
import { BytesError, InputError, VerificationError } from "../errors.js";
import { hex32, type Hex32 } from "../ids.js";
import { BUNDLE_BYTES_MAX } from "../limits.js";
import { ARTIFACT_LIMITS, MANIFEST_BYTES_MAX, type ArtifactLimits } from "./limits.js";
import { Manifest, type ManifestEntry } from "./manifest.js";

const MAGIC = [0x50, 0x4d, 0x42, 0x31];
const NEXT = "Nothing of it was kept. Download it again, or from somewhere else.";

/** A verified file. */
export type BundleFile = ManifestEntry & { readonly bytes: Uint8Array };
/** A verified tree in memory. */
export type Bundle = { readonly manifest: Manifest; readonly root: Hex32; readonly files: readonly BundleFile[] };

/** What may be read as a bundle: bytes at once, or in chunks of any size as a download gives them. */
export type BundleSource = Uint8Array | AsyncIterable<Uint8Array> | ReadableStream<Uint8Array>;

/** How a bundle is read. */
export type ReadBundleOptions = {
  readonly limits?: ArtifactLimits;
  /** Refuse a tree larger than this, bytes; default 1 GiB, because it is held in memory. */
  readonly bytesMax?: number;
  /** Told of the bytes read so far and in all, once the manifest is known. */
  readonly onProgress?: (read: number, total: number) => void;
};

/** Packs files. @throws {@link BytesError} if a name breaks the rule. */
export function writeBundle(
  files: Readonly<Record<string, Uint8Array>>,
  limits: ArtifactLimits = ARTIFACT_LIMITS,
): { bytes: Uint8Array; root: Hex32; manifest: Manifest } {
  const manifest = Manifest.ofFiles(files, limits);
  const listed = manifest.toBytes();
  const out = new ByteWriter(8 + listed.length + Number(manifest.totalBytes)).put(MAGIC).u32(listed.length).put(listed);
  for (const entry of manifest.entries) {
    const bytes = files[entry.path];
    if (bytes === undefined)
      throw new InputError("file_missing", `${entry.path} is not among the files`, "Give its bytes.");
    out.put(bytes);
  }
  return { bytes: out.bytes, root: manifest.root(), manifest };
}

/**
 * Reads a bundle and checks it against the root that the chain or a receipt names: the manifest before any content, each
 * content by its hash, nothing left over. What fails is not returned in part.
 * @throws {@link BytesError} for bytes that are no bundle, {@link VerificationError} for those of another tree
 */
export async function readBundle(
  source: BundleSource,
  expectedRoot: Hex32 | Uint8Array,
  options: ReadBundleOptions = {},
): Promise<Bundle> {
  const expected = typeof expectedRoot === "string" ? expectedRoot : hex32(expectedRoot);
  const limits = options.limits ?? ARTIFACT_LIMITS;
  const bytesMax = options.bytesMax ?? BUNDLE_BYTES_MAX;
  const stream = new ChunkReader(source);
  try {
    const magic = await stream.take(4, "the header");
    if (MAGIC.some((byte, at) => magic[at] !== byte)) {
      throw new BytesError("not_a_bundle", `the stream starts with ${hexShort(magic)}, not with PMB1`, NEXT);
    }
    const header = await stream.take(4, "the header");
    const length = new DataView(header.buffer, header.byteOffset, 4).getUint32(0, true);
    // No manifest within the limits is longer: a record beside its path takes 44 bytes.
    const longest = Math.min(4 + limits.maxFiles * (44 + limits.maxPathBytes), MANIFEST_BYTES_MAX, bytesMax);
    if (length > longest)
      throw new BytesError("manifest_too_long", `a manifest of ${length} bytes, the limit is ${longest}`, NEXT);
    const manifest = Manifest.fromBytes(await stream.take(length, "the manifest"), limits);
    const root = manifest.root();
    if (root !== expected) {
      throw new VerificationError("root_differs", `the tree has the root ${root}, the chain has ${expected}`, NEXT);
    }
    const total = manifest.totalBytes;
    if (total > BigInt(bytesMax)) {
      throw new BytesError(
        "bundle_too_large",
        `${total} bytes of files, the limit is ${bytesMax}`,
        "Raise `bytesMax`, or download it with the command line.",
      );
    }
    const files: BundleFile[] = [];
    let read = 0;
    for (const entry of manifest.entries) {
      const bytes = await stream.take(Number(entry.size), entry.path);
      const hash = hex32(blake3(bytes));
      if (hash !== entry.hash) {
        throw new VerificationError(
          "content_differs",
          `${JSON.stringify(entry.path)} has the hash ${hash}, the manifest says ${entry.hash}`,
          NEXT,
        );
      }
      read += bytes.length;
      options.onProgress?.(read, Number(total));
      files.push({ ...entry, bytes });
    }
    if (!(await stream.ended())) throw new BytesError("trailing_bytes", "bytes follow the last file", NEXT);
    return { manifest, root, files };
  } finally {
    await stream.close();
  }
}

const hexShort = (bytes: Uint8Array): string => [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join(" ");

/** Takes exact lengths off chunks of any size. Memory grows with what arrives, not with what is announced. */
class ChunkReader {
  readonly #chunks: AsyncIterator<Uint8Array>;
  #rest: Uint8Array = new Uint8Array(0);

  constructor(source: BundleSource) {
    this.#chunks = iterate(source);
  }

  async take(count: number, part: string): Promise<Uint8Array> {
    const parts: Uint8Array[] = [];
    let have = 0;
    while (have < count) {
      if (this.#rest.length === 0) {
        const next = await this.#chunks.next();
        if (next.done === true)
          throw new BytesError("truncated", `the stream ends inside ${JSON.stringify(part)}`, NEXT);
        this.#rest = next.value;
        continue;
      }
      const taken = this.#rest.subarray(0, count - have);
      this.#rest = this.#rest.subarray(taken.length);
      parts.push(taken);
      have += taken.length;
    }
    const out = new Uint8Array(count);
    let at = 0;
    for (const taken of parts) {
      out.set(taken, at);
      at += taken.length;
    }
    return out;
  }

  async ended(): Promise<boolean> {
    while (this.#rest.length === 0) {
      const next = await this.#chunks.next();
      if (next.done === true) return true;
      this.#rest = next.value;
    }
    return false;
  }

  async close(): Promise<void> {
    await this.#chunks.return?.();
  }
}

async function* iterate(source: BundleSource): AsyncGenerator<Uint8Array, void, void> {
  if (source instanceof Uint8Array) {
    yield source;
    return;
  }
  if ("getReader" in source) {
    const reader = source.getReader();
    try {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return;
        yield value;
      }
    } finally {
      // A download that is not wanted any more is ended, not drained.
      await reader.cancel().catch(() => undefined);
    }
  }
  yield* source as AsyncIterable<Uint8Array>;
}
