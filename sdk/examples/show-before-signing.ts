/**
 * What a wallet screen does: prepare, show every word, sign exactly that; then change one's mind and take the money back.
 *
 * Environment: RPC_URL, KEYPAIR, MINT.
 */
import { readFile } from "node:fs/promises";
import { env } from "node:process";
import { createKeyPairSignerFromBytes, createSolanaRpc } from "@solana/kit";
import { formatTokens, mintAddress, Proofmill } from "@proofmill/client";

const { RPC_URL = "", KEYPAIR = "", MINT = "" } = env;
const tenant = await createKeyPairSignerFromBytes(
  Uint8Array.from(JSON.parse(await readFile(KEYPAIR, "utf8")) as number[]),
);
const proofmill = new Proofmill({ rpc: createSolanaRpc(RPC_URL) });

const prepared = await proofmill.preparePost({
  tenant,
  mint: mintAddress(MINT),
  document: {
    version: 1,
    name: "example",
    image: `sha256:${"ab".repeat(32)}`,
    resources: { cpus_milli: 1_000, memory_mib: 128 },
    max_seconds: 60,
  },
  matching: { auctionSeconds: 600, priceCeilingPerSecond: 250n },
  // Whoever speaks the data plane itself gives its own node key.
  tenantNodeKey: new Uint8Array(32).fill(1),
});
for (const instruction of prepared.transaction.words.instructions) console.error(`- ${instruction.words}`);
console.error(`fee at most ${formatTokens(prepared.transaction.feeLamports, 9)} SOL`);
await proofmill.send(prepared);

await proofmill.send({ transaction: await proofmill.prepareCancel(tenant, prepared.job) });
const settled = await proofmill.wait(prepared.job);
await proofmill.send({ transaction: await proofmill.prepareClose(tenant, prepared.job) });
console.log(
  JSON.stringify({
    job: prepared.job,
    escrow: prepared.escrow.toString(),
    outcome: settled.outcome,
    refunded: settled.job.refunded.toString(),
  }),
);
