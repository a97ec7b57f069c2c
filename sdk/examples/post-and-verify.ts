/**
 * An integrator runs a job and has its result verified: post and match, deliver, wait, download, check against the chain.
 *
 * Environment: RPC_URL, GATEWAY_URL, KEYPAIR (a JSON file of 64 numbers), MINT, IMAGE (sha256:…).
 */
import { readFile } from "node:fs/promises";
import { env } from "node:process";
import { createKeyPairSignerFromBytes, createSolanaRpc } from "@solana/kit";
import { mintAddress, Proofmill } from "@proofmill/client";

const { RPC_URL = "", GATEWAY_URL = "", KEYPAIR = "", MINT = "", IMAGE = "" } = env;
const wallet = await createKeyPairSignerFromBytes(
  Uint8Array.from(JSON.parse(await readFile(KEYPAIR, "utf8")) as number[]),
);

const anonymous = new Proofmill({ rpc: createSolanaRpc(RPC_URL), gateway: GATEWAY_URL });
const proofmill = await anonymous.signIn(wallet);
const posted = await proofmill.post({
  tenant: wallet,
  mint: mintAddress(MINT),
  document: {
    version: 1,
    name: "example",
    image: IMAGE,
    command: ["/job"],
    resources: { cpus_milli: 1_000, memory_mib: 128, pids: 64, scratch_mib: 16 },
    max_seconds: 60,
  },
  input: { "data.txt": new TextEncoder().encode("what is to be computed on") },
});
const settled = await proofmill.wait(posted.job);
const result = await proofmill.result(posted.job, { job: settled.job });
console.log(
  JSON.stringify({
    job: posted.job,
    outcome: settled.outcome,
    by: result.by,
    root: result.bundle.root,
    files: result.bundle.files.map((file) => file.path),
  }),
);
