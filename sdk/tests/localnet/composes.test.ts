/**
 * What is composed and seldom needed, on the real programs: auctions that are won, deadlines that pass, services from the first
 * second to the last draw, arrays, appeals and rewards. The network's clock is moved where a law waits for it.
 */
import { sha256 } from "@noble/hashes/sha2.js";
import { ed25519 } from "@noble/curves/ed25519.js";
import { getAddressEncoder, type Address, type Instruction, type KeyPairSigner } from "@solana/kit";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  accrued,
  arbiter,
  bytes32,
  coSignUsage,
  compose,
  derive,
  dryAt,
  hex32,
  market,
  meterOf,
  prepareTransaction,
  Proofmill,
  slaDue,
  streamable,
  tasksOf,
  topUp,
  toHex,
  transact,
  usageMessage,
  type JobAddress,
  type JobDocumentDraft,
  type OfferAddress,
  type ProviderAddress,
  type UsageReport,
} from "../../src/index.js";
import { registerSilentProvider, startNetwork, type Network } from "./network.js";

let network: Network;
let proofmill: Proofmill;
let provider: { readonly owner: KeyPairSigner; readonly offer: OfferAddress };
let forServices: OfferAddress;
let at: ProviderAddress;

/** RFC 8032, TEST 1: the node key of the silent provider. */
const NODE_SECRET = Buffer.from("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60", "hex");
const TENANT_SECRET = new Uint8Array(32).fill(8);
const tenantNodeKey = hex32(ed25519.getPublicKey(TENANT_SECRET));

const document: JobDocumentDraft = {
  version: 1,
  name: "composes",
  image: `sha256:${"ab".repeat(32)}`,
  resources: { cpus_milli: 1_000, memory_mib: 64 },
  max_seconds: 60,
};
const service: JobDocumentDraft = {
  ...document,
  kind: "service",
  verification: "witnessed",
  max_seconds: 1_200,
  ports: [{ number: 8_080, protocol: "http" }],
};

async function surfnet(method: string, params: readonly unknown[]): Promise<void> {
  const response = await fetch(network.rpcUrl, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: `surfnet_${method}`, params }),
  });
  const answer = (await response.json()) as { error?: { message: string } };
  if (answer.error !== undefined) throw new Error(`${method}: ${answer.error.message}`);
}

/** Moves the chain's clock to an instant. */
async function travel(to: bigint): Promise<void> {
  await surfnet("timeTravel", [{ absoluteTimestamp: Number(to) * 1_000 }]);
  await expect.poll(() => proofmill.now(), { timeout: 20_000 }).toBeGreaterThanOrEqual(to);
}

/** Puts an account where the programs would have put it after much that is not of this test. */
const setAccount = (where: Address, owner: Address, data: ArrayLike<number>): Promise<void> =>
  surfnet("setAccount", [where, { lamports: 100_000_000, owner, data: toHex(data), executable: false }]);

const send = (payer: KeyPairSigner, ...instructions: readonly Instruction[]) =>
  transact(network.rpc, payer, instructions);

async function balance(owner: Address): Promise<bigint> {
  const coin = await proofmill.accounts.coin(network.paymentMint);
  const account = await derive.tokenAccount(owner, coin);
  const { value } = await (
    network.rpc as unknown as { getTokenAccountBalance(at: string): { send(): Promise<{ value: { amount: string } }> } }
  )
    .getTokenAccountBalance(account)
    .send();
  return BigInt(value.amount);
}

const post = (asked: JobDocumentDraft, matching: Parameters<Proofmill["preparePost"]>[0]["matching"]) =>
  proofmill
    .preparePost({
      tenant: network.tenant,
      document: asked,
      mint: network.paymentMint,
      tenantNodeKey,
      ...(matching === undefined ? {} : { matching }),
    })
    .then(async (prepared) => {
      await proofmill.send(prepared);
      return prepared.job;
    });

const start = (job: JobAddress) =>
  send(provider.owner, market.getStartJobInstruction({ operator: provider.owner, provider: at, job }));

beforeAll(async () => {
  network = await startNetwork();
  proofmill = new Proofmill({ rpc: network.rpc });
  provider = await registerSilentProvider(network, 250n);
  at = await derive.provider(provider.owner.address);
  const coin = await proofmill.accounts.coin(network.paymentMint);
  await send(provider.owner, await compose.createTokenAccount(provider.owner, provider.owner.address, coin));
  const offer = await compose.publishOffer(provider.owner, provider.owner.address, network.paymentMint, {
    pricePerSecond: 100n,
    secondsMax: 3_600,
    expiresAt: (await proofmill.now()) + 604_800n,
    slaBondMax: 1_000_000n,
    index: 1,
    slaUptimeMaxBps: 10_000,
    services: 1,
  });
  await send(provider.owner, ...offer.instructions);
  forServices = offer.address;
});
afterAll(() => network.stop());

test("the lowest bid of an auction that is over is accepted by anyone", async () => {
  const job = await post(document, { auctionSeconds: 3, priceCeilingPerSecond: 300n });
  const on = { address: job, job: await proofmill.accounts.job(job) };
  const bid = await compose.placeBid(provider.owner, on, provider.owner.address, 200n);
  await send(provider.owner, ...bid.instructions);
  const withBid = { address: job, job: await proofmill.accounts.job(job) };
  const early = proofmill.prepare(network.tenant, [await compose.acceptBid(withBid, provider.owner.address)]);
  await expect(early).rejects.toMatchObject({ errorName: "AuctionRunning" });
  await travel(on.job.bidsUntil + 1n);
  await send(network.tenant, await compose.acceptBid(withBid, provider.owner.address));
  const matched = await proofmill.accounts.job(job);
  expect(matched).toMatchObject({ state: 2, matchedBy: 2, pricePerSecond: 200n, provider: at });

  // It never starts: after its window anyone refunds the tenant.
  const expired = await compose.expireJob(job, matched, { owner: provider.owner.address });
  await expect(proofmill.prepare(network.tenant, [expired])).rejects.toMatchObject({ errorName: "NotExpired" });
  await travel(matched.matchedAt + BigInt(matched.startWindowSeconds) + 1n);
  await send(network.tenant, expired);
  const settled = await proofmill.wait(job);
  expect(settled.outcome).toBe("never_started");
  expect(settled.job.refunded).toBe(settled.job.escrowed);
  // Who was silent is off the market until it is announced again.
  expect((await proofmill.accounts.provider(at)).active).toBe(0);
  await send(
    provider.owner,
    market.getAnnounceProviderInstruction({
      operator: provider.owner,
      provider: at,
      endpointIp: new Uint8Array(16),
      endpointPort: 1,
      active: 1,
    }),
  );
});

test("an open job that nobody took is expired by its address alone", async () => {
  const job = await post(document, { auctionSeconds: 3, priceCeilingPerSecond: 300n });
  const open = await proofmill.accounts.job(job);
  await travel(open.bidsUntil + 601n);
  await send(provider.owner, await compose.expireJob(job, open));
  expect(await proofmill.wait(job)).toMatchObject({ state: "settled", outcome: "unmatched" });
});

test("a service is paid by what both sides sign, topped up, paused, resumed, drawn from, stopped and judged by its bond", async () => {
  const bonded = { ...service, sla: { uptime_bps: 9_900, bond: 500_000 } };
  // An offer that is not for services is not taken, whatever it costs.
  await expect(post(bonded, { offer: provider.offer })).rejects.toMatchObject({
    refused: [
      {
        failing: [
          { requirement: "OfferNotForServices" },
          { requirement: "OfferBondTooSmall" },
          { requirement: "OfferUptimeTooLow" },
        ],
      },
    ],
  });
  const job = await post(bonded, { offer: forServices });
  const read = () => proofmill.accounts.job(job);
  expect(await read()).toMatchObject({ kind: 3, class: 3, state: 2, slaBond: 500_000n, escrowed: 120_000n });
  await start(job);
  const config = await proofmill.accounts.marketConfig();

  const report = async (usageMs: bigint, measuredAt: bigint) => {
    const found = await read();
    const said: UsageReport = {
      domain: hex32(config.domain),
      job,
      attempt: found.attempt,
      nonce: found.nonce,
      usageMs,
      measuredAt,
    };
    const offered = { report: said, nodeSignature: ed25519.sign(usageMessage(said), NODE_SECRET) };
    const basis = { address: job, job: found, domain: config.domain, now: await proofmill.now() };
    const signed = await coSignUsage(offered, basis, (message) => ed25519.sign(message, TENANT_SECRET));
    return compose.reportUsage(job, signed);
  };
  // This network takes half a minute of silence for death; a service of another one may be silent for longer.
  const patient = { ...(await read()), usageTimeoutSeconds: 3_600 };
  await setAccount(job, market.MARKET_PROGRAM_ADDRESS, market.getJobEncoder().encode(patient));
  const { startedAt } = await read();
  await travel(startedAt + 20n);
  await expect(report(60_000n, startedAt + 20n)).rejects.toMatchObject({ code: "usage_too_much" });
  // Anyone sends what both signed: the tenant's wallet has no part in it.
  await send(provider.owner, await report(18_000n, startedAt + 20n));
  expect(await read()).toMatchObject({ meteredMs: 18_000n, usageAt: startedAt + 20n });
  const running = await read();
  const cost = accrued(
    meterOf(running),
    { state: "running", pricePerSecond: running.pricePerSecond, escrowed: running.escrowed },
    (startedAt + 25n) * 1_000n,
  );
  expect(cost).toMatchObject({ signed: 1_800n, estimated: 500n });

  // The provider draws its net of the accepted usage, once.
  const due = streamable({ ...running, usageMs: running.meteredMs });
  expect(due).toBe(1_755n);
  const before = await balance(provider.owner.address);
  await proofmill.send({ transaction: await proofmill.prepareDraw(network.tenant, job) });
  expect((await balance(provider.owner.address)) - before).toBe(due);
  const again = proofmill.prepare(network.tenant, [await compose.claimStream(job, running, provider.owner.address)]);
  await expect(again).rejects.toMatchObject({ errorName: "NothingToStream" });

  // More time: what it costs is what the client reckoned.
  const held = await balance(network.tenant.address);
  const more = topUp(running, 60, true);
  const added = await proofmill.prepareTopUp(network.tenant, job, 60);
  expect(added.words.instructions.at(-1)?.words).toContain("Adds 1 min to the service");
  await proofmill.send({ transaction: added });
  expect(await read()).toMatchObject({ maxSeconds: more.maxSeconds, escrowed: running.escrowed + more.atoms });
  expect(held - (await balance(network.tenant.address))).toBe(more.atoms);

  // Usage goes on until the escrow is dry; then it pauses, as of that instant.
  const dry = dryAt(meterOf(await read()));
  expect(dry).toBe(startedAt + 1_260n);
  await travel(startedAt + 700n);
  await send(provider.owner, await report(400_000n, startedAt + 700n));
  await expect(proofmill.prepare(provider.owner, [compose.pauseJob(job)])).rejects.toMatchObject({
    errorName: "EscrowNotDry",
  });
  await travel(dry + 30n);
  await send(network.tenant, compose.pauseJob(job));
  expect(await read()).toMatchObject({ state: 6, pausedAt: dry });
  const dryStill = proofmill.prepare(provider.owner, [compose.resumeJob(provider.owner, job, await read())]);
  await expect(dryStill).rejects.toMatchObject({ errorName: "EscrowDry" });
  await send(network.tenant, await compose.topUpJob(network.tenant, job, await read(), 600));
  await proofmill.send({ transaction: await proofmill.prepareResume(provider.owner, job) });
  const resumed = await read();
  expect(resumed).toMatchObject({ state: 3, pausedAt: 0n });
  expect(resumed.pausedMs).toBeGreaterThanOrEqual(30_000n);

  // The tenant ends it; what was accepted is paid, the rest comes back, and the bond answers for what was missing.
  await proofmill.send({ transaction: await proofmill.prepareStop(network.tenant, job) });
  const ending = await read();
  expect(ending.state).toBe(7);
  await travel(ending.receiptAt + 301n);
  await send(provider.owner, await compose.expireJob(job, ending, { owner: provider.owner.address }));
  const settled = await proofmill.wait(job);
  expect(settled.outcome).toBe("stopped");
  const { job: last } = settled;
  expect(last.paid + last.fee + last.refunded).toBe(last.escrowed);
  const owed = slaDue(meterOf(ending), ending.receiptAt, ending.slaBond, ending.slaUptimeBps);
  expect(last.slaDue).toBe(owed);
  const stakes = compose.coinOfStakes(config);
  const claim = await compose.claimSla(job, last, provider.owner.address, stakes);
  const opened = await compose.createTokenAccount(network.tenant, network.tenant.address, stakes);
  if (owed > 0n) await send(network.tenant, opened, claim);
  else
    await expect(proofmill.prepare(network.tenant, [opened, claim])).rejects.toMatchObject({ errorName: "SlaNotDue" });
});

test("an array is posted, a task of it taken, cancelled and closed, and its address says where each task stands", async () => {
  const { tenant } = network;
  const coin = await proofmill.accounts.coin(network.paymentMint);
  const before = await balance(tenant.address);
  const zero = new Uint8Array(32);
  const composed = await compose.postArray(tenant, coin, {
    specHash: zero,
    imageDigest: zero,
    inputRoot: zero,
    tenantNodeKey: bytes32(tenantNodeKey),
    priceCeilingPerSecond: 300n,
    index: 7,
    maxSeconds: 60,
    deadlineSeconds: 3_600,
    vramMib: 0,
    certificateAgeSecondsMax: 0,
    tasksTotal: 3,
    region: 0,
    uptimeBps: 0,
    attemptsMax: 2,
    class: 1,
    tier: 0,
    gpuCount: 0,
    allowSimulated: 1,
  });
  await send(tenant, ...composed.instructions);
  expect(before - (await balance(tenant.address))).toBe(54_000n);
  const array = await proofmill.accounts.array(composed.address);
  const of = { address: composed.address, array, tokenProgram: coin.tokenProgram };
  expect((await proofmill.accounts.arraysOf(tenant.address)).map((one) => one.address)).toEqual([composed.address]);
  const taken = await compose.takeTask(provider.owner, of, 2, {
    offer: provider.offer,
    provider: at,
    owner: provider.owner.address,
  });
  await send(provider.owner, ...taken.instructions);
  const found = await proofmill.accounts.array(composed.address);
  expect(tasksOf(found).map(({ state }) => state)).toEqual(["free", "free", "taken"]);
  expect((await proofmill.accounts.taskJobsOf(composed.address)).map((one) => one.address)).toEqual([taken.address]);
  expect(await proofmill.accounts.job(taken.address)).toMatchObject({
    array: composed.address,
    taskIndex: 2,
    state: 2,
  });

  await send(tenant, compose.cancelArray(tenant, composed.address));
  const closing = await compose.closeArray(of);
  await expect(proofmill.prepare(tenant, [closing])).rejects.toMatchObject({ errorName: "ArrayNotOver" });
  await send(
    provider.owner,
    market.getDeclineJobInstruction({
      operator: provider.owner,
      job: taken.address,
      provider: at,
      stake: await derive.stake(provider.owner.address),
    }),
  );
  await proofmill.send({ transaction: await proofmill.prepareClose(provider.owner, taken.address) });
  expect(tasksOf(await proofmill.accounts.array(composed.address))[2]).toEqual({ task: 2, state: "free", issued: 1 });
  await send(tenant, closing);
  expect(await proofmill.accounts.findArray(composed.address)).toBeUndefined();
  expect(await balance(tenant.address)).toBe(before);
});

test("a slash by a verdict is appealed once, for a bond, by its owner", async () => {
  const { owner } = provider;
  const stakeAt = await derive.stake(owner.address);
  const job = await derive.job(network.tenant.address, 1n);
  const where = await derive.slashCase(job, 1, 5n);
  const decoder = market.getSlashCaseDecoder();
  const now = await proofmill.now();
  // A verdict that slashes takes a committee: its case is put where the program would have written it.
  const slashCase = market.getSlashCaseEncoder().encode({
    ...decoder.decode(new Uint8Array(decoder.fixedSize)),
    version: 1,
    state: 1,
    attempt: 1,
    nonce: 5n,
    amount: 10_000n,
    remaining: 10_000n,
    openedAt: now,
    dueAt: now + 3_600n,
    stake: stakeAt,
    job,
    provider: at,
    tenant: network.tenant.address,
    rentPayer: owner.address,
  });
  await setAccount(where, market.MARKET_PROGRAM_ADDRESS, slashCase);
  const before = await proofmill.accounts.stake(stakeAt);
  await send(owner, await compose.appealSlash(owner, where));
  const after = await proofmill.accounts.stake(stakeAt);
  expect(before.bonded - after.bonded).toBe(1_000n);
  const again = prepareTransaction(network.rpc, owner, [await compose.appealSlash(owner, where)]);
  await expect(again).rejects.toMatchObject({ errorName: "NotAppealable" });
});

test("a reward of an epoch is collected once, by its place under the root", async () => {
  const { owner } = provider;
  const config = await proofmill.accounts.marketConfig();
  const coin = compose.coinOfStakes(config);
  const epoch = 1;
  const pool = await derive.rewardPool(epoch);
  const vault = await derive.rewardVault(pool);
  const funder = await network.wallet(0, 1_000);
  await send(
    funder,
    market.getOpenRewardPoolInstruction({
      payer: funder,
      config: await derive.marketConfig(),
      pool,
      vault,
      mint: coin.mint,
      tokenProgram: coin.tokenProgram,
      epoch,
    }),
    market.getFundRewardsInstruction({
      funder,
      pool,
      vault,
      mint: coin.mint,
      source: await derive.tokenAccount(funder.address, coin),
      tokenProgram: coin.tokenProgram,
      amount: 9_000n,
    }),
  );
  // Two leaves; ours weighs two of three parts. The root takes a quorum of validators: it is put where the arbiter would write it.
  const leaf = (provider: ArrayLike<number>, weight: bigint) => {
    const body = Uint8Array.from([4, ...Array.from(provider), ...new Uint8Array(new BigUint64Array([weight]).buffer)]);
    return sha256(Uint8Array.of(0, ...body));
  };
  const mine = leaf(getAddressEncoder().encode(at), 2n);
  const other = leaf(new Uint8Array(32).fill(3), 1n);
  const root = sha256(Uint8Array.of(1, ...other, ...mine));
  const witnessRoot = await derive.witnessRoot(4, epoch, 0);
  const data = new Uint8Array(192);
  data.set([0x37, 0x12, 0x2f, 0x16, 0xbb, 0xf2, 0x90, 0xee, 1, 0, 4]);
  const view = new DataView(data.buffer, 8);
  view.setUint32(4, epoch, true);
  view.setUint32(12, 2, true);
  view.setBigUint64(16, 3n, true);
  data.set(root, 8 + 48);
  await setAccount(witnessRoot, arbiter.ARBITER_PROGRAM_ADDRESS, data);

  const claim = (weight: bigint) =>
    compose.claimEpochReward(owner.address, epoch, coin, { weight, index: 1, path: [other], witnessRoot });
  await expect(proofmill.prepare(owner, [await claim(3n)])).rejects.toMatchObject({ errorName: "RewardProofInvalid" });
  const destination = await compose.createTokenAccount(owner, owner.address, coin);
  await send(owner, destination, await claim(2n));
  const decoder = market.getRewardPoolDecoder();
  const { value } = await network.rpc.getAccountInfo(pool, { encoding: "base64", commitment: "confirmed" }).send();
  expect(decoder.decode(Buffer.from(value?.data[0] ?? "", "base64"))).toMatchObject({ funded: 9_000n, paid: 6_000n });
  await expect(proofmill.prepare(owner, [await claim(2n)])).rejects.toMatchObject({ errorName: "EpochRewarded" });
});
