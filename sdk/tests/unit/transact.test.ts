/** Sending: every effect once, and always an answer to what became of it. The RPC is a stand-in that does as told. */
import { generateKeyPairSigner, type KeyPairSigner, type Signature, type TransactionSigner } from "@solana/kit";
import { beforeAll, expect, test } from "vitest";
import {
  compose,
  failure,
  market,
  prepareTransaction,
  programErrorOf,
  signAndSend,
  type JobAddress,
  type TransactRpc,
} from "../../src/index.js";

const JOB = "4TQc8DiQNyPEpCeuBcm21Efr1m4Fnb1gXsaik97T4hF2" as JobAddress;
const BLOCKHASH = "DTZ5CbeTft7iWqHtNB6zB1aYzSwXzaXQeEjsp8ytZa5V";

type Script = {
  readonly simulation?: unknown;
  readonly statuses?: readonly unknown[];
  readonly height?: bigint;
  readonly send?: () => void;
  readonly fees?: readonly { prioritizationFee: bigint }[];
};

/** A scripted RPC; `sent` counts the sendings. */
function scripted(script: Script): { rpc: TransactRpc; sent: () => number } {
  let sent = 0;
  let asked = 0;
  const call = <T>(give: () => T) => ({
    send: () =>
      new Promise<T>((resolve) => {
        resolve(give());
      }),
  });
  const statuses = script.statuses ?? [{ err: null, slot: 9n, confirmationStatus: "confirmed" }];
  const rpc = {
    getLatestBlockhash: () => call(() => ({ value: { blockhash: BLOCKHASH, lastValidBlockHeight: 100n } })),
    getRecentPrioritizationFees: () => call(() => script.fees ?? []),
    simulateTransaction: () =>
      call(() => ({ value: { err: script.simulation ?? null, logs: ["log"], unitsConsumed: 1_000n } })),
    sendTransaction: () =>
      call(() => {
        sent += 1;
        script.send?.();
        return "x";
      }),
    getSignatureStatuses: () => call(() => ({ value: [statuses[Math.min(asked++, statuses.length - 1)]] })),
    getBlockHeight: () => call(() => script.height ?? 50n),
  };
  return { rpc: rpc as unknown as TransactRpc, sent: () => sent };
}

let wallet: KeyPairSigner;
beforeAll(async () => {
  wallet = await generateKeyPairSigner();
});
const cancel = () => [compose.cancelJob(wallet, JOB)];

test("a transaction lands, and its signature is told before it is sent", async () => {
  const { rpc, sent } = scripted({});
  const prepared = await prepareTransaction(rpc, wallet, cancel());
  expect(prepared.words.instructions.map((instruction) => instruction.known)).toEqual([true, true, true]);
  expect(prepared.feeLamports).toBe(5_000n);
  let told: Signature | undefined;
  const landed = await signAndSend(rpc, prepared, {
    onSigned: (signature) => {
      told = signature;
      expect(sent()).toBe(0);
    },
  });
  expect(landed).toEqual({ signature: told, slot: 9n });
});

test("a refusal of a program is named before anything is signed", async () => {
  const { rpc, sent } = scripted({ simulation: { InstructionError: [2n, { Custom: 526n }] } });
  await expect(prepareTransaction(rpc, wallet, cancel())).rejects.toMatchObject({
    errorName: "NotTenant",
    number: 526,
    instruction: 2,
    next: "Sign with the wallet that posted the job.",
  });
  expect(sent()).toBe(0);
});

test("a transaction that never landed says that it is safe to repeat", async () => {
  const { rpc } = scripted({ statuses: [null], height: 101n });
  const prepared = await prepareTransaction(rpc, wallet, cancel());
  await expect(signAndSend(rpc, prepared)).rejects.toMatchObject({ code: "expired" });
});

test("one that lands in the last block is not called expired", async () => {
  const { rpc } = scripted({
    statuses: [null, { err: null, slot: 7n, confirmationStatus: "finalized" }],
    height: 101n,
  });
  const prepared = await prepareTransaction(rpc, wallet, cancel());
  expect((await signAndSend(rpc, prepared)).slot).toBe(7n);
});

test("an RPC that is lost while sending does not lose the transaction", async () => {
  let calls = 0;
  const { rpc, sent } = scripted({
    statuses: [null, { err: null, slot: 7n, confirmationStatus: "confirmed" }],
    send: () => {
      calls += 1;
      if (calls === 1) throw new TypeError("fetch failed");
    },
  });
  const prepared = await prepareTransaction(rpc, wallet, cancel());
  expect((await signAndSend(rpc, prepared)).slot).toBe(7n);
  expect(sent()).toBe(2);
});

test("one that landed and failed has the program's own error", async () => {
  const { rpc } = scripted({
    statuses: [{ err: { InstructionError: [2n, { Custom: 507n }] }, slot: 7n, confirmationStatus: "confirmed" }],
  });
  const prepared = await prepareTransaction(rpc, wallet, cancel());
  await expect(signAndSend(rpc, prepared)).rejects.toMatchObject({ errorName: "JobActive" });
});

test("a wait that is ended says that the transaction may still land", async () => {
  const { rpc } = scripted({ statuses: [null] });
  const prepared = await prepareTransaction(rpc, wallet, cancel());
  const stop = new AbortController();
  const sent = signAndSend(rpc, prepared, {
    abortSignal: stop.signal,
    onSigned: () => {
      setTimeout(() => {
        stop.abort();
      }, 20);
    },
  });
  await expect(sent).rejects.toMatchObject({ code: "aborted", signature: expect.any(String) as string });
});

test("a wallet that refuses, or that changes the message, sends nothing", async () => {
  const { rpc, sent } = scripted({});
  const refuses = {
    address: wallet.address,
    signTransactions: () => Promise.reject(new Error("User rejected")),
  } as unknown as TransactionSigner;
  const prepared = await prepareTransaction(rpc, refuses, [compose.cancelJob(refuses, JOB)]);
  await expect(signAndSend(rpc, prepared)).rejects.toMatchObject({ code: "refused" });
  const changes = {
    address: wallet.address,
    modifyAndSignTransactions: (all: readonly { messageBytes: Uint8Array; signatures: object }[]) =>
      Promise.resolve(
        all.map((one) => ({
          ...one,
          messageBytes: Uint8Array.from([...one.messageBytes.slice(0, -1), 0xaa]),
          signatures: { [wallet.address]: new Uint8Array(64).fill(1) },
        })),
      ),
  } as unknown as TransactionSigner;
  const other = await prepareTransaction(rpc, changes, [compose.cancelJob(changes, JOB)]);
  await expect(signAndSend(rpc, other)).rejects.toMatchObject({ code: "changed" });
  expect(sent()).toBe(0);
});

test("what the caller throws when told of the signature stops the sending", async () => {
  const { rpc, sent } = scripted({});
  const prepared = await prepareTransaction(rpc, wallet, cancel());
  await expect(
    signAndSend(rpc, prepared, {
      onSigned: () => {
        throw new Error("disk full");
      },
    }),
  ).rejects.toThrow("disk full");
  expect(sent()).toBe(0);
});

test("an RPC that names absurd fees is not obeyed", async () => {
  const { rpc } = scripted({ fees: [{ prioritizationFee: 10n ** 15n }] });
  const prepared = await prepareTransaction(rpc, wallet, cancel());
  expect(prepared.feeLamports).toBeLessThan(10_000n);
});

test("an instruction that cannot be shown in words is not signed", async () => {
  const { rpc, sent } = scripted({});
  const prepared = await prepareTransaction(rpc, wallet, [
    { programAddress: JOB, accounts: [], data: Uint8Array.of(1) },
  ]);
  await expect(signAndSend(rpc, prepared)).rejects.toMatchObject({ code: "not_understood" });
  expect(sent()).toBe(0);
});

test("every error of the IDL is found by its number, with a next step", () => {
  for (const row of market.MARKET_ERRORS) {
    const found = programErrorOf(market.MARKET_PROGRAM_ADDRESS, row.code);
    expect(found).toMatchObject({ errorName: row.name, number: row.code, program: "market" });
    expect(found?.next.length).toBeGreaterThan(10);
  }
  expect(programErrorOf(market.MARKET_PROGRAM_ADDRESS, 6_000)).toBeUndefined();
  expect(programErrorOf(JOB, 500)).toBeUndefined();
});

test("errors of other programs and of the network have words too", () => {
  const instructions = cancel();
  expect(
    failure({ InstructionError: [0, { Custom: 1 }] }, instructions, ["Program log: Error: insufficient funds"]),
  ).toMatchObject({ code: "too_few_tokens" });
  expect(failure({ InstructionError: [0, { Custom: 0 }] }, instructions, ["account already in use"])).toMatchObject({
    code: "account_exists",
  });
  expect(failure({ InstructionError: [0, { Custom: 2_001n }] }, instructions, [])).toMatchObject({
    code: "constraint",
  });
  expect(failure("InsufficientFundsForFee", instructions, [])).toMatchObject({ code: "no_lamports" });
  expect(failure("BlockhashNotFound", instructions, [])).toMatchObject({ code: "blockhash_old" });
  expect(failure({ InstructionError: [0, "MissingAccount"] }, instructions, [])).toMatchObject({
    code: "simulation_failed",
  });
});
