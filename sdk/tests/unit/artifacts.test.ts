/** Bundles: what is verified is returned whole, what is not is not returned at all. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { ARTIFACT_LIMITS, Manifest, readBundle, writeBundle, hex32, type Hex32 } from "../../src/index.js";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const code = (name: string): Error => expect.objectContaining({ code: name }) as Error;
const files = { "a.txt": bytes("hello"), "d/b.bin": Uint8Array.of(0, 1, 2), empty: new Uint8Array(0) };

async function* inPieces(all: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < all.length; at += size) yield Promise.resolve(all.subarray(at, at + size));
}

test("a bundle reads back, in pieces of any size", async () => {
  const written = writeBundle(files);
  for (const size of [1, 7, 1_000]) {
    const read = await readBundle(inPieces(written.bytes, size), written.root);
    expect(Object.fromEntries(read.files.map((file) => [file.path, file.bytes]))).toEqual(files);
  }
  const stream = new Response(written.bytes as Uint8Array<ArrayBuffer>).body as ReadableStream<Uint8Array>;
  expect((await readBundle(stream, written.root)).root).toBe(written.root);
});

test("no changed byte passes", async () => {
  const written = writeBundle(files);
  await fc.assert(
    fc.asyncProperty(fc.nat(written.bytes.length - 1), fc.integer({ min: 1, max: 255 }), async (at, change) => {
      const changed = Uint8Array.from(written.bytes, (byte, index) => (index === at ? byte ^ change : byte));
      await expect(readBundle(changed, written.root)).rejects.toThrow();
    }),
  );
});

test("each kind of wrong bundle is refused by its name", async () => {
  const written = writeBundle(files);
  const other = hex32("ab".repeat(32));
  await expect(readBundle(written.bytes, other)).rejects.toThrow(code("root_differs"));
  await expect(readBundle(bytes("<html>"), other)).rejects.toThrow(code("not_a_bundle"));
  await expect(readBundle(written.bytes.subarray(0, 6), other)).rejects.toThrow(code("truncated"));
  await expect(readBundle(written.bytes.subarray(0, -1), written.root)).rejects.toThrow(code("truncated"));
  await expect(readBundle(Uint8Array.from([...written.bytes, 0]), written.root)).rejects.toThrow(
    code("trailing_bytes"),
  );
  const last = Uint8Array.from(written.bytes);
  last[last.length - 1] = 9;
  await expect(readBundle(last, written.root)).rejects.toThrow(code("content_differs"));
  const endless = Uint8Array.of(0x50, 0x4d, 0x42, 0x31, 0xff, 0xff, 0xff, 0xff);
  await expect(readBundle(endless, other)).rejects.toThrow(code("manifest_too_long"));
  await expect(readBundle(written.bytes, written.root, { bytesMax: 200 })).resolves.toBeDefined();
  await expect(
    readBundle(writeBundle({ a: new Uint8Array(300) }).bytes, writeBundle({ a: new Uint8Array(300) }).root, {
      bytesMax: 200,
    }),
  ).rejects.toThrow(code("bundle_too_large"));
});

test("names that deceive or escape are refused", () => {
  const hash = "00".repeat(32) as Hex32;
  const of = (...paths: string[]): Manifest =>
    Manifest.of(paths.map((path) => ({ path, size: 0n, executable: false, hash })));
  for (const [path, rule] of [
    ["", "path_empty"],
    ["/etc/passwd", "path_absolute"],
    ["a/../b", "path_dot_component"],
    ["a//b", "path_empty_component"],
    ["a\\b", "path_backslash"],
    ["a\nb", "path_control_character"],
    ["gpj\u202e.exe", "path_invisible_character"],
    ["n".repeat(256), "path_name_too_long"],
    [`${"a/".repeat(32)}b`, "path_too_deep"],
    ["x".repeat(1_025), "path_too_long"],
  ] as const) {
    expect(() => of(path), path).toThrow(code(rule));
  }
  expect(() => of("A", "a")).toThrow(code("case_clash"));
  expect(() => of("ΟΔΟΣ", "οδος")).toThrow(code("case_clash"));
  expect(() => of("d", "d/x")).toThrow(code("file_and_directory"));
  expect(() => of("d", "d")).toThrow(code("duplicate_path"));
  expect(of("日本/語", "..a", "a b").entries).toHaveLength(3);
  expect(ARTIFACT_LIMITS.maxFiles).toBe(100_000);
});
