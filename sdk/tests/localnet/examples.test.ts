/** The examples as a reader would run them: bundled, in a process of their own, against the real local network. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { build } from "esbuild";
import { afterAll, describe, expect, test } from "vitest";
import { binaries, registerSilentProvider, startNetwork, type Network } from "./network.js";

const run = promisify(execFile);
const SDK = fileURLToPath(new URL("../../", import.meta.url));
const scratch = await mkdtemp(join(tmpdir(), "proofmill-examples-"));
afterAll(() => rm(scratch, { recursive: true, force: true }));

/** Runs one example and gives what it prints as its last line. */
async function example(name: string, environment: Readonly<Record<string, string>>): Promise<unknown> {
  const outfile = join(scratch, `${name}.mjs`);
  await build({
    entryPoints: [join(SDK, "examples", `${name}.ts`)],
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    outfile,
    alias: { "@proofmill/client": join(SDK, "src", "index.ts") },
    nodePaths: [join(SDK, "node_modules")],
    logLevel: "error",
  });
  const { stdout } = await run(process.execPath, [outfile], {
    env: { ...process.env, ...environment },
    timeout: 240_000,
  });
  return JSON.parse(stdout.trim().split("\n").at(-1) ?? "null");
}

const of = (network: Network): Record<string, string> => ({
  RPC_URL: network.rpcUrl,
  KEYPAIR: network.tenantKeypair,
  MINT: network.paymentMint,
});

describe("without a provider's node", () => {
  test("show-before-signing gets every atom back, market-prices reads the offers", async () => {
    const network = await startNetwork();
    try {
      expect(await example("show-before-signing", of(network))).toMatchObject({
        escrow: "15000",
        outcome: "cancelled",
        refunded: "15000",
      });
      const { offer } = await registerSilentProvider(network, 250n);
      expect(await example("market-prices", of(network))).toEqual([
        { offer, hour: "0.9", locks: expect.stringMatching(/^[1-9]\d*$/u) as string },
      ]);
    } finally {
      await network.stop();
    }
  });
});

const image = await run("docker", ["image", "inspect", "--format", "{{.Id}}", "proofmill/checksum:1"]).then(
  ({ stdout }) => stdout.trim(),
  () => undefined,
);
const gateway = process.env["PROOFMILL_BIN_DIR"] !== undefined && existsSync(join(binaries(), "proofmill-gateway"));

// Needs Docker with the example jobs' images (`jobs/build all`) and the built gateway.
describe.skipIf(image === undefined || !gateway)("with validators, providers and a gateway", () => {
  test("post-and-verify runs a real container and verifies its output", async () => {
    const network = await startNetwork({ validators: 5, providers: 2, gateway: true });
    try {
      const found = await example("post-and-verify", {
        ...of(network),
        GATEWAY_URL: network.gatewayUrl ?? "",
        IMAGE: image ?? "",
      });
      expect(found).toMatchObject({
        by: "committee",
        outcome: "accepted",
        root: expect.stringMatching(/^[0-9a-f]{64}$/u) as string,
      });
    } finally {
      await network.stop();
    }
  });
});
