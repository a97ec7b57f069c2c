/** The package runs where there is no Node: bundled for browsers, in a context that has only what the web platform has. */
import { fileURLToPath } from "node:url";
import { createContext, runInContext } from "node:vm";
import { build } from "esbuild";
import { expect, test } from "vitest";

test("the whole package loads and verifies without any of Node's own objects", async () => {
  const { outputFiles } = await build({
    stdin: {
      contents: `
        import * as client from "./src/index.ts";
        const bundle = client.writeBundle({ "a.txt": new TextEncoder().encode("hello") });
        globalThis.done = client.readBundle(bundle.bytes, bundle.root).then((read) => ({
          files: read.files.length,
          instructions: client.market.MARKET_INSTRUCTIONS.length,
          message: client.market.getMarketErrorMessage(507),
        }));
      `,
      resolveDir: fileURLToPath(new URL("../../", import.meta.url)),
      loader: "ts",
    },
    bundle: true,
    write: false,
    format: "iife",
    platform: "browser",
    target: "es2022",
    logLevel: "silent",
  });
  const web = {
    TextEncoder,
    TextDecoder,
    URL,
    Headers,
    Response,
    AbortController,
    AbortSignal,
    Event,
    EventTarget,
    crypto,
    fetch,
    atob,
    btoa,
    setTimeout,
    clearTimeout,
    // One realm's bytes are no other's.
    Uint8Array,
    ArrayBuffer,
    DataView,
  };
  const context = createContext({ ...web, done: undefined });
  runInContext(outputFiles[0]?.text ?? "", context);
  expect(await (context as { done: unknown }).done).toEqual({
    files: 1,
    instructions: expect.any(Number) as number,
    message: "The job is active: only an open job can be matched or cancelled",
  });
});
