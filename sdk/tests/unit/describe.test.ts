/** The words before signing: nothing unknown is called known, and amounts are those of the bytes. */
import {
  AccountRole,
  address,
  appendTransactionMessageInstructions,
  compileTransaction,
  createNoopSigner,
  createTransactionMessage,
  getBase64EncodedWireTransaction,
  pipe,
  setTransactionMessageFeePayer,
  setTransactionMessageLifetimeUsingBlockhash,
  type Blockhash,
  type Instruction,
} from "@solana/kit";
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  compose,
  derive,
  describeInstruction,
  describeTransaction,
  market,
  arbiter,
  mintAddress,
  type JobAddress,
} from "../../src/index.js";

const WALLET = address("3hE8Jbnzd3LtVaP3aQDCbwQv2k7kqsLfeszBjeQLNNdd");
const MINT = mintAddress("DTZ5CbeTft7iWqHtNB6zB1aYzSwXzaXQeEjsp8ytZa5V");
const JOB = address("4TQc8DiQNyPEpCeuBcm21Efr1m4Fnb1gXsaik97T4hF2") as JobAddress;
const signer = createNoopSigner(WALLET);
const coin = { mint: MINT, tokenProgram: derive.TOKEN_PROGRAM };
const context = { wallet: WALLET, mints: { [MINT]: { decimals: 6, symbol: "USDC" } } };

const wire = (...instructions: Instruction[]): string =>
  getBase64EncodedWireTransaction(
    compileTransaction(
      pipe(
        createTransactionMessage({ version: 0 }),
        (message) => setTransactionMessageFeePayer(WALLET, message),
        (message) =>
          setTransactionMessageLifetimeUsingBlockhash(
            { blockhash: MINT as string as Blockhash, lastValidBlockHeight: 1n },
            message,
          ),
        (message) => appendTransactionMessageInstructions(instructions, message),
      ),
    ),
  );

const zero = new Uint8Array(32);
const terms: compose.JobTerms = {
  index: 1n,
  specHash: zero,
  imageDigest: zero,
  inputRoot: zero,
  tenantNodeKey: zero,
  priceCeilingPerSecond: 250n,
  maxSeconds: 3_600,
  vramMib: 16_384,
  certificateAgeSecondsMax: 0,
  slaBond: 0n,
  auctionSeconds: 0,
  region: 0,
  uptimeBps: 0,
  slaUptimeBps: 0,
  attemptsMax: 1,
  kind: 1,
  class: 1,
  tier: 0,
  gpuCount: 1,
  allowSimulated: 0,
};

test("posting and matching are said with what is locked, from the wire bytes alone", async () => {
  const provider = await derive.provider(WALLET);
  const composed = await compose.postAndTake(signer, coin, terms, {
    offer: await derive.offer(provider, 0),
    provider,
    owner: WALLET,
  });
  const said = describeTransaction(wire(...composed.instructions), context);
  expect(said.known).toBe(true);
  expect(said.signers).toEqual([WALLET]);
  expect(said.instructions[0]?.words).toBe(
    "Posts a job and locks 0.9 USDC in its own vault; what the run does not use comes back.",
  );
  expect(said.instructions[0]?.fields).toContainEqual({ label: "GPUs", value: "1 with 16384 MiB each" });
  expect(said.instructions[1]?.name).toBe("match_job");
  expect(said.instructions[0]?.accounts[0]).toEqual({ name: "tenant", address: WALLET, writable: true, signer: true });
});

test("every instruction of both programs has words, and none is empty", () => {
  for (const [program, table] of [
    [market.MARKET_PROGRAM_ADDRESS, market.MARKET_INSTRUCTIONS],
    [arbiter.ARBITER_PROGRAM_ADDRESS, arbiter.ARBITER_INSTRUCTIONS],
  ] as const) {
    for (const row of table) {
      const said = describeInstruction({
        programAddress: program,
        accounts: row.accounts.map(() => ({ address: JOB, role: AccountRole.READONLY })),
        data: Uint8Array.from([...row.discriminator, ...new Uint8Array(2_000)]),
      });
      expect(said.known, row.name).toBe(true);
      expect(said.name).toBe(row.name);
      expect(said.words.length, row.name).toBeGreaterThan(10);
    }
  }
});

test("an unknown program, an unknown instruction, missing accounts and cut arguments are called unknown", () => {
  const post = market.MARKET_INSTRUCTIONS.find((row) => row.name === "post_job");
  const accounts = (post?.accounts ?? []).map(() => ({ address: JOB, role: AccountRole.READONLY }));
  const data = Uint8Array.from([...(post?.discriminator ?? []), ...new Uint8Array(400)]);
  expect(describeInstruction({ programAddress: market.MARKET_PROGRAM_ADDRESS, accounts, data }).known).toBe(true);
  for (const wrong of [
    { programAddress: JOB, accounts, data },
    { programAddress: arbiter.ARBITER_PROGRAM_ADDRESS, accounts, data },
    { programAddress: market.MARKET_PROGRAM_ADDRESS, accounts: accounts.slice(1), data },
    { programAddress: market.MARKET_PROGRAM_ADDRESS, accounts, data: data.slice(0, 20) },
    { programAddress: market.MARKET_PROGRAM_ADDRESS, accounts, data: new Uint8Array(8) },
    {
      programAddress: derive.TOKEN_PROGRAM,
      accounts: accounts.slice(0, 3),
      data: Uint8Array.of(4, 1, 0, 0, 0, 0, 0, 0, 0),
    },
    { programAddress: derive.SYSTEM_PROGRAM, accounts: accounts.slice(0, 1), data: Uint8Array.of(1, 0, 0, 0) },
  ]) {
    const said = describeInstruction(wrong);
    expect(said.known).toBe(false);
    expect(said.words).toContain("UNKNOWN");
  }
});

test("a transaction with one unknown part is not known", () => {
  const approve: Instruction = {
    programAddress: derive.TOKEN_PROGRAM,
    accounts: [{ address: JOB, role: AccountRole.WRITABLE }],
    data: Uint8Array.of(4),
  };
  expect(describeTransaction(wire(compose.cancelJob(signer, JOB), approve)).known).toBe(false);
  expect(describeTransaction(wire(compose.cancelJob(signer, JOB))).known).toBe(true);
});

test("no bytes make it throw anything but its own error", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      expect(() => describeTransaction(bytes)).toThrow(expect.objectContaining({ kind: "bytes" }) as Error);
    }),
  );
});

test("the fee for priority is the network's, rounded up", () => {
  const budget = address("ComputeBudget111111111111111111111111111111");
  const limit: Instruction = { programAddress: budget, data: Uint8Array.of(2, 0x40, 0x0d, 0x03, 0) };
  const price: Instruction = { programAddress: budget, data: Uint8Array.of(3, 1, 0, 0, 0, 0, 0, 0, 0) };
  expect(describeTransaction(wire(limit, price)).priorityFeeLamports).toBe(1n);
});

const SERVICE = {
  mint: MINT,
  tokenProgram: 0,
  vault: WALLET,
  provider: WALLET,
  tenant: WALLET,
} as unknown as market.Job;
const said = (instruction: Instruction): { words: string; fields: string[]; known: boolean } => {
  const found = describeInstruction(instruction, context);
  return { words: found.words, fields: found.fields.map((f) => `${f.label}: ${f.value}`), known: found.known };
};

test("what may be done with a service is said, with its numbers", async () => {
  const started = said(
    (await compose.postAndTake(signer, coin, { ...terms, kind: 3, class: 3 })).instructions[0] as Instruction,
  );
  expect(started.words).toContain("Posts a service and locks 0.9 USDC for its first 1 h");
  expect(started.fields.join()).toContain("witnessed, never verified");
  expect(started.fields).toContain("Availability: no bond");
  const bonded = said(
    (await compose.postAndTake(signer, coin, { ...terms, kind: 3, class: 3, slaBond: 7n, slaUptimeBps: 9_950 }))
      .instructions[0] as Instruction,
  );
  expect(bonded.fields.join()).toContain("below 99.5 % the provider owes of a bond of 7 atoms");

  const added = said(await compose.topUpJob(signer, JOB, SERVICE, 90));
  expect(added.words).toContain("Adds 1 min 30 s to the service");
  const provider = { owner: WALLET, operator: WALLET };
  expect(said(await compose.stopJob(signer, JOB, SERVICE, provider)).words).toMatch(/^Ends the service .* now/u);
  expect(said(compose.resumeJob(signer, JOB, SERVICE)).words).toContain("its meter runs on from now");
  expect(said(compose.pauseJob(JOB)).words).toContain("whose escrow has run dry");
  const drawn = await compose.claimStream(JOB, SERVICE, WALLET);
  expect(said(drawn).fields).toEqual([`Paid into: ${await derive.tokenAccount(WALLET, coin)}`]);
  expect(said(await compose.claimSla(JOB, SERVICE, WALLET, coin)).words).toContain("of the provider's bond");
  const reported = said(
    await compose.reportUsage(JOB, {
      usageMs: 3_723_500n,
      measuredAt: 1_700_000_000n,
      nodeSignature: new Uint8Array(64),
      tenantSignature: new Uint8Array(64),
    }),
  );
  expect(reported.fields).toEqual(["Healthy in all: 3,723.5 s", "Measured: 2023-11-14T22:13:20.000Z"]);
  const never = said(
    await compose.reportUsage(JOB, {
      usageMs: 0n,
      measuredAt: (1n << 63n) - 1n,
      nodeSignature: new Uint8Array(64),
      tenantSignature: new Uint8Array(64),
    }),
  );
  expect(never).toMatchObject({ known: true });
});

test("what may be done with an array is said, with its numbers", async () => {
  const { specHash, imageDigest, inputRoot, tenantNodeKey } = terms;
  const posted = await compose.postArray(signer, coin, {
    specHash,
    imageDigest,
    inputRoot,
    tenantNodeKey,
    priceCeilingPerSecond: 250n,
    index: 7,
    maxSeconds: 3_600,
    deadlineSeconds: 7_200,
    vramMib: 0,
    certificateAgeSecondsMax: 0,
    tasksTotal: 100,
    region: 0,
    uptimeBps: 0,
    attemptsMax: 3,
    class: 1,
    tier: 0,
    gpuCount: 0,
    allowSimulated: 0,
  });
  expect(posted.address).toBe(await derive.array(WALLET, 7));
  const words = said(posted.instructions[0] as Instruction);
  expect(words.words).toBe("Posts 100 tasks and locks 90 USDC for them; what is not used comes back.");
  expect(words.fields).toEqual(
    expect.arrayContaining([
      "Of it for each task: 0.9 USDC",
      "Times that a task is issued at most: 3",
      "Tasks may be taken for: 2 h",
    ]),
  );
  const array = {
    tenant: WALLET,
    index: 7,
    mint: MINT,
    vault: WALLET,
    rentPayer: WALLET,
  } as unknown as market.JobArray;
  const of = { address: posted.address, array, tokenProgram: derive.TOKEN_PROGRAM };
  const provider = await derive.provider(WALLET);
  const taken = await compose.takeTask(signer, of, 41, {
    offer: await derive.offer(provider, 0),
    provider,
    owner: WALLET,
  });
  expect(taken.address).toBe(await derive.job(WALLET, (1n << 63n) | (7n << 16n) | 41n));
  expect(said(taken.instructions[0] as Instruction).words).toContain("Takes task 41 of the array");
  expect(said(compose.cancelArray(signer, posted.address)).words).toContain("no further task");
  const closed = said(await compose.closeArray(of));
  expect(closed.words).toContain("its rent back to you");
  expect(closed.fields).toEqual([`Paid into: ${await derive.tokenAccount(WALLET, coin)}`]);
});
