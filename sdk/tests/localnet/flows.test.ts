/** The flows that need no container, on the real programs. */
import type { KeyPairSigner } from "@solana/kit";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  compose,
  derive,
  describeTransaction,
  NoOfferFits,
  prepareTransaction,
  ProgramError,
  Proofmill,
  SimulationError,
  transact,
  TransactionError,
  type JobDocumentDraft,
  type OfferAddress,
} from "../../src/index.js";
import { registerSilentProvider, startNetwork, type Network } from "./network.js";

let network: Network;
let proofmill: Proofmill;
let provider: { readonly owner: KeyPairSigner; readonly offer: OfferAddress };

const document: JobDocumentDraft = {
  version: 1,
  name: "flows",
  image: `sha256:${"ab".repeat(32)}`,
  resources: { cpus_milli: 1_000, memory_mib: 64 },
  max_seconds: 60,
};
const tenantNodeKey = "11".repeat(32);
const balance = async (owner: KeyPairSigner): Promise<bigint> => {
  const coin = await proofmill.accounts.coin(network.paymentMint);
  const account = await derive.tokenAccount(owner.address, coin);
  const { value } = await (
    network.rpc as unknown as { getTokenAccountBalance(at: string): { send(): Promise<{ value: { amount: string } }> } }
  )
    .getTokenAccountBalance(account)
    .send();
  return BigInt(value.amount);
};

beforeAll(async () => {
  network = await startNetwork();
  proofmill = new Proofmill({ rpc: network.rpc });
  provider = await registerSilentProvider(network, 250n);
});
afterAll(() => network.stop());

test("an auction is posted, cancelled, refunded and closed, and every atom and lamport comes back", async () => {
  const { tenant } = network;
  const before = await balance(tenant);
  const prepared = await proofmill.preparePost({
    tenant,
    document,
    mint: network.paymentMint,
    matching: { auctionSeconds: 600, priceCeilingPerSecond: 300n },
    tenantNodeKey: Buffer.from(tenantNodeKey, "hex"),
  });
  expect(prepared.escrow).toBe(18_000n);
  expect(prepared.transaction.words.known).toBe(true);
  await proofmill.send(prepared);
  expect(await balance(tenant)).toBe(before - 18_000n);
  const job = await proofmill.accounts.job(prepared.job);
  expect(job.escrowed).toBe(18_000n);

  const view = await proofmill.watch(prepared.job).next();
  expect(view.value).toMatchObject({ state: "open", outcome: null });

  await proofmill.send({ transaction: await proofmill.prepareCancel(tenant, prepared.job) });
  expect(await balance(tenant)).toBe(before);
  const settled = await proofmill.wait(prepared.job);
  expect(settled).toMatchObject({ state: "settled", outcome: "cancelled" });
  await proofmill.send({ transaction: await proofmill.prepareClose(tenant, prepared.job) });
  expect(await proofmill.accounts.findJob(prepared.job)).toBeUndefined();
});

test("post and match take the cheapest offer in one transaction, and its words say what is locked", async () => {
  const prepared = await proofmill.preparePost({
    tenant: network.tenant,
    document,
    mint: network.paymentMint,
    tenantNodeKey: Buffer.from(tenantNodeKey, "hex"),
    describe: { mints: { [network.paymentMint]: { decimals: 6, symbol: "USDC" } } },
  });
  expect(prepared.offer?.address).toBe(provider.offer);
  const words = prepared.transaction.words.instructions.map((instruction) => instruction.words);
  expect(words.some((text) => text.includes("locks 0.015 USDC"))).toBe(true);
  expect(words.some((text) => text.startsWith("Takes the offer"))).toBe(true);
  await proofmill.send(prepared);
  const job = await proofmill.wait(prepared.job, { until: (view) => view.state === "matched" });
  expect(job.job.pricePerSecond).toBe(250n);
  expect(job.job.lock).toBeGreaterThan(0n);

  // A matched job cannot be cancelled: the program's own name comes back, before anything is signed.
  const refused = proofmill.prepareCancel(network.tenant, prepared.job);
  await expect(refused).rejects.toMatchObject({ errorName: "JobActive", number: 507, program: "market" });
  await expect(refused).rejects.toBeInstanceOf(ProgramError);

  // The provider gives it back: the tenant is refunded.
  const stake = await derive.stake(provider.owner.address);
  const { market } = await import("../../src/index.js");
  const decline = market.getDeclineJobInstruction({
    operator: provider.owner,
    job: prepared.job,
    provider: job.job.provider,
    stake,
  });
  await transact(network.rpc, provider.owner, [decline]);
  const settled = await proofmill.wait(prepared.job);
  expect(settled.outcome).toBe("declined");
  expect(settled.job.refunded).toBe(settled.job.escrowed);
  await proofmill.send({ transaction: await proofmill.prepareClose(network.tenant, prepared.job) });
});

test("a bid is placed, seen and withdrawn", async () => {
  const prepared = await proofmill.preparePost({
    tenant: network.tenant,
    document,
    mint: network.paymentMint,
    matching: { auctionSeconds: 600, priceCeilingPerSecond: 300n },
    tenantNodeKey: Buffer.from(tenantNodeKey, "hex"),
  });
  await proofmill.send(prepared);
  const on = { address: prepared.job, job: await proofmill.accounts.job(prepared.job) };
  const bid = await compose.placeBid(provider.owner, on, provider.owner.address, 200n);
  await transact(network.rpc, provider.owner, bid.instructions);
  expect((await proofmill.accounts.bid(bid.address)).pricePerSecond).toBe(200n);
  const binding = prepareTransaction(network.rpc, provider.owner, [
    compose.withdrawBid(provider.owner, prepared.job, on.job.provider as never, bid.address, provider.owner.address),
  ]);
  await expect(binding).rejects.toBeInstanceOf(Error);
  await proofmill.send({ transaction: await proofmill.prepareCancel(network.tenant, prepared.job) });
});

test("stake is unbonded, and cannot be withdrawn before its time", async () => {
  const config = await proofmill.accounts.marketConfig();
  await transact(network.rpc, provider.owner, [await compose.unbondStake(provider.owner, 1_000n)]);
  const stake = await proofmill.accounts.stake(await derive.stake(provider.owner.address));
  expect(stake.unbonding).toBe(1_000n);
  const early = prepareTransaction(network.rpc, provider.owner, [
    await compose.withdrawStake(provider.owner, compose.coinOfStakes(config)),
  ]);
  await expect(early).rejects.toMatchObject({
    errorName: "StillUnbonding",
    next: expect.stringContaining("Wait") as string,
  });
});

test("an offer is withdrawn, and then nothing fits", async () => {
  const withdrawn = compose.withdrawOffer(
    provider.owner,
    await derive.provider(provider.owner.address),
    provider.offer,
    provider.owner.address,
  );
  const tooDear = proofmill.preparePost({
    tenant: network.tenant,
    document,
    mint: network.paymentMint,
    matching: { offer: "cheapest", priceMax: 1n },
    tenantNodeKey: Buffer.from(tenantNodeKey, "hex"),
  });
  await expect(tooDear).rejects.toMatchObject({
    refused: [{ offer: provider.offer, failing: [{ requirement: "PriceAboveCeiling", needed: "1", found: "250" }] }],
  });
  await transact(network.rpc, provider.owner, [withdrawn]);
  const none = proofmill.preparePost({
    tenant: network.tenant,
    document,
    mint: network.paymentMint,
    tenantNodeKey: Buffer.from(tenantNodeKey, "hex"),
  });
  await expect(none).rejects.toBeInstanceOf(NoOfferFits);
});

test("a wallet without tokens is told so before it signs", async () => {
  const poor = await network.wallet(0, 0);
  const prepared = proofmill.preparePost({
    tenant: poor,
    document,
    mint: network.paymentMint,
    matching: { auctionSeconds: 60, priceCeilingPerSecond: 300n },
    tenantNodeKey: Buffer.from(tenantNodeKey, "hex"),
  });
  await expect(prepared).rejects.toBeInstanceOf(SimulationError);
});

test("a wallet that signs something else than was shown sends nothing", async () => {
  const { tenant } = network;
  const prepared = await proofmill.preparePost({
    tenant,
    document,
    mint: network.paymentMint,
    matching: { auctionSeconds: 60, priceCeilingPerSecond: 300n },
    tenantNodeKey: Buffer.from(tenantNodeKey, "hex"),
  });
  const other = await proofmill.prepare(tenant, [compose.cancelJob(tenant, prepared.job)]).catch(() => undefined);
  expect(other).toBeUndefined();
  const shown = describeTransaction(prepared.transaction.transaction);
  const swapped = {
    ...prepared.transaction,
    transaction: {
      ...prepared.transaction.transaction,
      messageBytes: Uint8Array.from([...prepared.transaction.transaction.messageBytes, 0]) as never,
    },
  };
  expect(shown.known).toBe(true);
  const sent = proofmill.send({ transaction: swapped });
  await expect(sent).rejects.toBeInstanceOf(TransactionError);
  await expect(sent).rejects.toMatchObject({ code: "changed" });
  expect(await proofmill.accounts.findJob(prepared.job)).toBeUndefined();
});
