/** The examples as a reader would run them: bundled, in a process of their own, against the real local network. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  accountsOf,
  arbiter,
  checkJobRecord,
  checkOfferRecord,
  contentHash,
  GatewayClient,
  market,
  Proofmill,
  type JobRecord,
  type WalletAddress,
} from "../../src/index.js";
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
      const { lockBps } = await accountsOf(network.rpc).coin(network.paymentMint);
      const least = ((900_000n * BigInt(lockBps)) / 10_000n).toString();
      expect(await example("market-prices", of(network))).toEqual([
        // A new provider is audited always: no more than the mint's least is needed to deter it.
        { offer, hour: "0.9", provider_locks: { least, today: least } },
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
  let network: Network;
  beforeAll(async () => {
    network = await startNetwork({ validators: 5, providers: 2, gateway: true });
  });
  afterAll(() => network.stop());
  const gatewayUrl = (): string => network.gatewayUrl ?? "";

  test("post-and-verify runs a real container and verifies its output", async () => {
    const found = await example("post-and-verify", { ...of(network), GATEWAY_URL: gatewayUrl(), IMAGE: image ?? "" });
    expect(found).toMatchObject({
      by: "committee",
      outcome: "accepted",
      root: expect.stringMatching(/^[0-9a-f]{64}$/u) as string,
    });
  });

  test("a log is followed to its end, and is the one that the signed receipt names", async () => {
    const anonymous = new Proofmill({ rpc: network.rpc, gateway: gatewayUrl() });
    await anonymous.checkGateway();
    const proofmill = await anonymous.signIn(network.tenant);
    const posted = await proofmill.post({
      tenant: network.tenant,
      mint: network.paymentMint,
      document: {
        version: 1,
        name: "logged",
        image: image ?? "",
        command: ["/job"],
        resources: { cpus_milli: 1_000, memory_mib: 128, pids: 64, scratch_mib: 16 },
        max_seconds: 60,
      },
      input: { "data.txt": new TextEncoder().encode("logged") },
    });
    expect(posted.delivery).not.toBeNull();
    await proofmill.wait(posted.job, { until: (view) => ["running", "submitted", "settled"].includes(view.state) });
    const parts: Uint8Array[] = [];
    for await (const chunk of (proofmill.gateway as GatewayClient).logs(posted.job)) parts.push(chunk.bytes);
    const view = await proofmill.wait(posted.job);
    expect(view.outcome).toBe("accepted");
    const result = await proofmill.result(posted.job, { job: view.job });
    expect(result.verdict).toMatchObject({ opinion: "valid", committee: 5 });
    expect(result.receipt?.termination).toBe("exited");
    expect(contentHash(Buffer.concat(parts))).toBe(result.receipt?.logRoot);
    expect(result.bundle.root).toBe(result.receipt?.outputRoot);
  });

  test("every answer of the gateway is read, and agrees with the chain", async () => {
    const client = new GatewayClient(gatewayUrl());
    const accounts = accountsOf(network.rpc);
    const mint = network.paymentMint;
    expect((await client.network()).mints.map((row) => row.mint)).toContain(mint);
    expect((await client.config()).market).toBeDefined();
    expect(await client.validators()).toHaveLength(5);
    expect((await client.epoch()).frozen).toHaveLength(5);
    const providers = await client.providers();
    expect(providers.items).toHaveLength(2);
    expect((await client.provider(providers.items[0]?.owner as WalletAddress)).stake?.bonded).toBeGreaterThan(0n);
    const offers = await client.offers({ mint });
    expect(offers.items).toHaveLength(2);
    for (const offer of offers.items) await checkOfferRecord(accounts, offer);
    const jobs = await client.jobs({ tenant: network.tenant.address });
    expect(jobs.items.length).toBeGreaterThan(1);
    for (const job of jobs.items) await checkJobRecord(accounts, job);
    const job = jobs.items[0] as JobRecord;
    expect((await client.jobEvents(job.address)).items.map((event) => event.name)).toContain("JobPosted");
    expect((await client.rounds(job.address))[0]?.committee).toHaveLength(5);
    expect((await client.bids(job.address)).items).toEqual([]);
    expect((await client.events({ limit: 5 })).items).toHaveLength(5);
    const names = new Set<string>();
    for await (const event of client.all((at) => client.events(at))) names.add(event.name);
    expect(
      [...names].every((name) =>
        ([...market.MARKET_EVENT_NAMES, ...arbiter.ARBITER_EVENT_NAMES] as string[]).includes(name),
      ),
    ).toBe(true);
    expect((await client.cases()).items).toEqual([]);
    expect((await client.rewards()).items).toBeInstanceOf(Array);
    expect((await client.percentiles({ mint })).offers.count).toBe(2);
    expect((await client.priceHistory({ mint })).length).toBeGreaterThan(0);
    const match = await client.match({
      mint,
      pricePerSecondMax: 210n,
      maxSeconds: 60,
      gpuCount: 0,
      allowSimulated: true,
    });
    expect(match.matches).toHaveLength(1);
    expect(match.refused[0]?.failing.length).toBeGreaterThan(0);
    for await (const change of client.stream({ topics: ["slots"] })) {
      expect(change.topic).toBe("slot");
      break;
    }
  });
});
