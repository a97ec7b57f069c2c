// What a page pays for the client: bundled by esbuild, minified, gzipped. `--json` for machines, `--check` holds the bounds.
import { gzipSync } from "node:zlib";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const SDK = dirname(dirname(fileURLToPath(import.meta.url)));

/** Each use, what it imports, and the most it may weigh, bytes gzipped. Without kit is what this package adds to a page that has it. */
const USES = [
  { name: "Proofmill (everything a tenant does)", code: `export { Proofmill } from "./src/index.ts";`, most: 70_000 },
  {
    name: "verify a receipt and a bundle",
    code: `export { verifyReceipt, readBundle, checkVerdict } from "./src/index.ts";`,
    most: 26_000,
  },
  { name: "describe a transaction", code: `export { describeTransaction } from "./src/index.ts";`, most: 26_000 },
  { name: "gateway client", code: `export { GatewayClient } from "./src/index.ts";`, most: 20_000 },
  {
    name: "one instruction",
    code: `export { getCancelJobInstruction } from "./src/generated/market/index.ts";`,
    most: 4_000,
  },
  { name: "the whole package", code: `export * from "./src/index.ts";`, most: 150_000 },
];

async function weigh(code, external) {
  const { outputFiles } = await build({
    stdin: { contents: code, resolveDir: SDK, loader: "ts" },
    bundle: true,
    minify: true,
    write: false,
    format: "esm",
    platform: "browser",
    target: "es2022",
    external,
    logLevel: "error",
  });
  const [file] = outputFiles;
  return gzipSync(file.contents, { level: 9 }).length;
}

const rows = [];
for (const use of USES) {
  rows.push({
    use: use.name,
    gzip: await weigh(use.code, ["@solana/*"]),
    withKit: await weigh(use.code, []),
    most: use.most,
  });
}
if (process.argv.includes("--json")) console.log(JSON.stringify(rows));
else {
  console.log("bytes, minified and gzipped     alone   with kit");
  for (const row of rows)
    console.log(`${row.use.padEnd(38)} ${String(row.gzip).padStart(7)} ${String(row.withKit).padStart(7)}`);
}
const over = rows.filter((row) => row.gzip > row.most);
for (const row of over) console.error(`${row.use}: ${row.gzip} bytes, the bound is ${row.most}`);
if (process.argv.includes("--check") && over.length > 0) process.exitCode = 1;
