/** A local network of its own for tests and examples: starts `proofmill localnet` and ends it. */
import { spawn } from "node:child_process";
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { createKeyPairSignerFromBytes, createSolanaRpc, generateKeyPairSigner, type KeyPairSigner } from "@solana/kit";
import {
  accountsOf,
  compose,
  derive,
  market,
  mintAddress,
  transact,
  type MintAddress,
  type OfferAddress,
  type ProofmillRpc,
} from "../../src/index.js";

/** A running network. */
export type Network = {
  readonly rpc: ProofmillRpc;
  readonly rpcUrl: string;
  readonly gatewayUrl: string | null;
  readonly paymentMint: MintAddress;
  readonly stakeMint: MintAddress;
  readonly tenant: KeyPairSigner;
  /** Its key file. */
  readonly tenantKeypair: string;
  /** A wallet with lamports, payment tokens and stake tokens. */
  wallet(tokens: number, stake: number): Promise<KeyPairSigner>;
  stop(): Promise<void>;
};

const run = promisify(execFile);

/** The folder of the binaries, or an error that says how to name it. */
export function binaries(): string {
  const folder = process.env["PROOFMILL_BIN_DIR"];
  if (folder === undefined || folder === "")
    throw new Error("PROOFMILL_BIN_DIR is not set: name the folder of the built proofmill binaries");
  return folder;
}

async function keypair(path: string): Promise<KeyPairSigner> {
  return createKeyPairSignerFromBytes(Uint8Array.from(JSON.parse(await readFile(path, "utf8")) as number[]));
}

type Announced = { readonly rpc_url: string; readonly gateway_url: string | null; readonly tenant_keypair: string };

/** Starts a network. `options.providers` and `validators` are real daemons, which need Docker. */
export async function startNetwork(
  options: { readonly validators?: number; readonly providers?: number; readonly gateway?: boolean } = {},
): Promise<Network> {
  const program = join(binaries(), "proofmill");
  const scratch = await mkdtemp(join(tmpdir(), "proofmill-sdk-"));
  const dir = join(scratch, "net");
  const args = [
    "--json",
    "localnet",
    "--dir",
    dir,
    "--validators",
    String(options.validators ?? 0),
    "--providers",
    String(options.providers ?? 0),
  ];
  if (options.gateway === true) args.push("--gateway", "127.0.0.1:0");
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"] });
  const stop = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) {
      const gone = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGINT");
      const hard = setTimeout(() => child.kill("SIGKILL"), 10_000);
      await gone;
      clearTimeout(hard);
    }
    await rm(scratch, { recursive: true, force: true });
  };
  try {
    const announced = await new Promise<Announced>((resolve, reject) => {
      let out = "";
      let errors = "";
      child.stdout.on("data", (chunk: Buffer) => {
        out += chunk.toString();
        try {
          resolve(JSON.parse(out) as Announced);
        } catch {
          // More of it is to come.
        }
      });
      child.stderr.on("data", (chunk: Buffer) => (errors += chunk.toString()));
      child.once("exit", (code) => {
        reject(new Error(`proofmill localnet ended with ${String(code)}: ${errors.slice(-2_000)}`));
      });
      child.once("error", reject);
    });
    const file = JSON.parse(await readFile(join(dir, "network.json"), "utf8")) as {
      payment_mint: string;
      stake_mint: string;
    };
    return {
      rpc: createSolanaRpc(announced.rpc_url),
      rpcUrl: announced.rpc_url,
      gatewayUrl: announced.gateway_url,
      paymentMint: mintAddress(file.payment_mint),
      stakeMint: mintAddress(file.stake_mint),
      tenant: await keypair(announced.tenant_keypair),
      tenantKeypair: announced.tenant_keypair,
      async wallet(tokens, stake) {
        const signer = await generateKeyPairSigner();
        const given = ["airdrop", signer.address, "--sol", "10", "--tokens", String(tokens), "--stake", String(stake)];
        await run(program, ["--json", "--network", join(dir, "network.json"), ...given]);
        return signer;
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** A provider that is registered, staked and has an offer, but runs no node: it takes jobs and never starts them. */
export async function registerSilentProvider(
  network: Network,
  pricePerSecond: bigint,
): Promise<{ readonly owner: KeyPairSigner; readonly offer: OfferAddress }> {
  const owner = await network.wallet(0, 1_000);
  const accounts = accountsOf(network.rpc);
  const config = await accounts.marketConfig();
  const model = new Uint8Array(32);
  model.set(new TextEncoder().encode("Silent test device"));
  const register = market.getRegisterProviderInstruction({
    owner,
    config: await derive.marketConfig(),
    provider: await derive.provider(owner.address),
    args: {
      operator: owner.address,
      nodeKey: Uint8Array.from(Buffer.from("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "hex")),
      classKey: new Uint8Array(32).fill(7),
      gpuModel: model,
      endpointIp: new Uint8Array(16),
      endpointPort: 0,
      tier: 1,
      gpuCount: 1,
      vramMib: 16_384,
      region: 0,
      capacity: 8,
      simulated: 1,
    },
  });
  const coin = compose.coinOfStakes(config);
  await transact(network.rpc, owner, [register, ...(await compose.depositStake(owner, coin, 1_000_000_000n, true))]);
  const expiresAt = BigInt(Math.floor(Date.now() / 1_000)) + 86_400n;
  const terms = {
    pricePerSecond,
    secondsMax: 3_600,
    expiresAt,
    slaBondMax: 0n,
    index: 0,
    slaUptimeMaxBps: 0,
    services: 0,
  };
  const offer = await compose.publishOffer(owner, owner.address, network.paymentMint, terms);
  await transact(network.rpc, owner, offer.instructions);
  return { owner, offer: offer.address };
}
