/**
 * Build, simulate, show, sign, send, and know what became of it.
 *
 * {@link prepareTransaction} builds and simulates; its words are for the screen. {@link signAndSend} signs exactly what was
 * shown: a wallet that changes the message is refused.
 */
import {
  appendTransactionMessageInstructions,
  compileTransaction,
  createTransactionMessage,
  getBase64EncodedWireTransaction,
  getSignatureFromTransaction,
  getTransactionEncoder,
  isSolanaError,
  partiallySignTransactionMessageWithSigners,
  pipe,
  setTransactionMessageComputeUnitLimit,
  setTransactionMessageComputeUnitPrice,
  setTransactionMessageFeePayerSigner,
  setTransactionMessageLifetimeUsingBlockhash,
  SOLANA_ERROR__JSON_RPC__SERVER_ERROR_SEND_TRANSACTION_PREFLIGHT_FAILURE,
  type Address,
  type Base64EncodedWireTransaction,
  type Blockhash,
  type GetBlockHeightApi,
  type GetLatestBlockhashApi,
  type GetRecentPrioritizationFeesApi,
  type GetSignatureStatusesApi,
  type Instruction,
  type Rpc,
  type SendTransactionApi,
  type Signature,
  type SimulateTransactionApi,
  type Transaction,
  type TransactionSigner,
} from "@solana/kit";
import { describeTransaction, type DescribeContext, type DescribedTransaction } from "./describe.js";
import { AbortedError, ProofmillError, SimulationError, TransactionError } from "./errors.js";
import { sameBytes } from "./ids.js";
import { COMPUTE_MARGIN_PERCENT, COMPUTE_UNITS_MAX, CONFIRM_MS_MAX, POLL_MS, TRANSACTION_BYTES_MAX } from "./limits.js";
import { pause } from "./pause.js";
import { priorityPrice, requirePriority, type Priority } from "./priority.js";
import { programErrorOf } from "./program-error.js";

/** The calls that transactions need. */
export type TransactRpc = Rpc<
  GetLatestBlockhashApi &
    SimulateTransactionApi &
    SendTransactionApi &
    GetSignatureStatusesApi &
    GetBlockHeightApi &
    GetRecentPrioritizationFeesApi
>;

/** How a transaction is prepared. */
export type PrepareOptions = DescribeContext & {
  /** What to offer for priority, from what recent blocks took; by default as half of them, within the client's ceilings. */
  readonly priority?: Priority;
  /** Micro-lamports per compute unit, instead. */
  readonly priorityPrice?: bigint;
  /** Most lamports that an own {@link priorityPrice} may cost in all. */
  readonly priorityLamportsMax?: bigint;
  readonly abortSignal?: AbortSignal;
};

/** A simulated transaction, not yet signed. */
export type PreparedTransaction = {
  /** What it does, in words: show it before signing. */
  readonly words: DescribedTransaction;
  /** Compute units that the simulation took. */
  readonly units: number;
  readonly logs: readonly string[];
  /** Bytes on the wire. */
  readonly bytes: number;
  /** Network fee at most, lamports: signatures and priority. */
  readonly feeLamports: bigint;
  /** After this block height it can never land. */
  readonly lastValidBlockHeight: bigint;
  /** The unsigned transaction. */
  readonly transaction: Transaction;
  /** For {@link signAndSend}. */
  readonly message: PreparedMessage;
};

/** The message behind a prepared transaction: kit's own type, with its signers. */
export type PreparedMessage = ReturnType<typeof build>;

const LAMPORTS_PER_SIGNATURE = 5_000n;

function build(
  payer: TransactionSigner,
  instructions: readonly Instruction[],
  lifetime: { blockhash: Blockhash; lastValidBlockHeight: bigint },
  units: number,
  price: bigint,
) {
  return pipe(
    createTransactionMessage({ version: 0 }),
    (message) => setTransactionMessageFeePayerSigner(payer, message),
    (message) => setTransactionMessageLifetimeUsingBlockhash(lifetime, message),
    (message) => setTransactionMessageComputeUnitLimit(units, message),
    (message) => setTransactionMessageComputeUnitPrice(price, message),
    (message) => appendTransactionMessageInstructions(instructions, message),
  );
}

/**
 * Builds a version 0 transaction, simulates it, and sets its compute limit from what the simulation took. Nothing is signed.
 * @throws {@link ProgramError} with the program's own name if a program of ours refuses, {@link SimulationError} for the rest,
 * {@link TransactionError} if it does not fit
 */
export async function prepareTransaction(
  rpc: TransactRpc,
  payer: TransactionSigner,
  instructions: readonly Instruction[],
  options: PrepareOptions = {},
): Promise<PreparedTransaction> {
  const config = options.abortSignal === undefined ? {} : { abortSignal: options.abortSignal };
  const asked = options.priorityPrice === undefined && options.priority !== "off";
  const [{ value: lifetime }, recent] = await Promise.all([
    rpc.getLatestBlockhash({ commitment: "confirmed" }).send(config),
    asked ? recentPrices(rpc, instructions, config) : [],
  ]);
  const trial = build(payer, instructions, lifetime, COMPUTE_UNITS_MAX, 0n);
  const simulated = await simulate(rpc, compileTransaction(trial), trial.instructions, config);
  const units = Math.min(
    COMPUTE_UNITS_MAX,
    Math.ceil((simulated.units * (100 + COMPUTE_MARGIN_PERCENT)) / 100) + 1_000,
  );
  const price = options.priorityPrice ?? priorityPrice(recent, options.priority ?? "auto", units);
  if (options.priorityPrice !== undefined) requirePriority(price, units, options.priorityLamportsMax);
  const message = build(payer, instructions, lifetime, units, price);
  const transaction = compileTransaction(message);
  const bytes = getTransactionEncoder().encode(transaction).length;
  if (bytes > TRANSACTION_BYTES_MAX) {
    throw new TransactionError(
      "too_large",
      `${bytes} bytes, a transaction has at most ${TRANSACTION_BYTES_MAX}`,
      "Send its parts one by one.",
    );
  }
  const words = describeTransaction(transaction, options);
  return {
    words,
    units: simulated.units,
    logs: simulated.logs,
    bytes,
    feeLamports: LAMPORTS_PER_SIGNATURE * BigInt(words.signers.length) + words.priorityFeeLamports,
    lastValidBlockHeight: lifetime.lastValidBlockHeight,
    transaction,
    message,
  };
}

async function recentPrices(
  rpc: TransactRpc,
  instructions: readonly Instruction[],
  config: { abortSignal?: AbortSignal },
): Promise<readonly bigint[]> {
  const writable = new Set<Address>();
  for (const { accounts } of instructions)
    for (const meta of accounts ?? []) if ("role" in meta && (meta.role & 1) === 1) writable.add(meta.address);
  // A network without the call, such as a local one, asks for nothing.
  const rows = await rpc
    .getRecentPrioritizationFees([...writable].slice(0, 128))
    .send(config)
    .catch(() => []);
  return rows.map((row) => BigInt(row.prioritizationFee));
}

async function simulate(
  rpc: TransactRpc,
  transaction: Transaction,
  instructions: readonly Instruction[],
  config: { abortSignal?: AbortSignal },
): Promise<{ units: number; logs: readonly string[] }> {
  const wire = getBase64EncodedWireTransaction(transaction);
  const { value } = await rpc
    .simulateTransaction(wire, {
      encoding: "base64",
      commitment: "confirmed",
      sigVerify: false,
      replaceRecentBlockhash: true,
    })
    .send(config);
  const logs = value.logs ?? [];
  if (value.err !== null) throw failure(value.err, instructions, logs);
  return { units: Number(value.unitsConsumed ?? 0n), logs };
}

/** What a transaction's error says: the program's own name where there is one. */
export function failure(error: unknown, instructions: readonly Instruction[], logs: readonly string[]): ProofmillError {
  const found = instructionError(error);
  if (found?.custom !== undefined) {
    const program = instructions[found.index]?.programAddress;
    const known = program === undefined ? undefined : programErrorOf(program, found.custom, found.index, logs);
    if (known !== undefined) return known;
    return (
      inner(found.custom, logs) ??
      new SimulationError(
        "program_error",
        `instruction ${found.index} failed with the number ${found.custom}`,
        "Reload and try again; the logs say more.",
        logs,
      )
    );
  }
  const text = describeFailure(error);
  if (/InsufficientFunds|AccountNotFound/u.test(text)) {
    return new SimulationError(
      "no_lamports",
      "the fee payer has too few lamports",
      "Add some SOL to the wallet that pays.",
      logs,
    );
  }
  if (/BlockhashNotFound/u.test(text))
    return new SimulationError("blockhash_old", "the blockhash is too old", "Try again.", logs);
  if (/AlreadyProcessed/u.test(text))
    return new SimulationError(
      "already_processed",
      "this transaction has landed already",
      "Nothing to do; read the account.",
      logs,
    );
  return new SimulationError(
    "simulation_failed",
    `the network refused the transaction: ${text.slice(0, 300)}`,
    "Reload and try again.",
    logs,
  );
}

function instructionError(error: unknown): { index: number; custom: number | undefined } | undefined {
  if (typeof error !== "object" || error === null || !("InstructionError" in error)) return undefined;
  const pair: unknown = error.InstructionError;
  if (!Array.isArray(pair)) return undefined;
  const [index, detail] = pair as [unknown, unknown];
  const custom =
    typeof detail === "object" && detail !== null && "Custom" in detail ? Number(detail.Custom) : undefined;
  return { index: Number(index), custom };
}

const describeFailure = (error: unknown): string =>
  error === undefined
    ? "nothing"
    : JSON.stringify(error, (_, value: unknown) => (typeof value === "bigint" ? value.toString() : value));

/** Errors of the programs that ours call, and of the framework. */
function inner(custom: number, logs: readonly string[]): SimulationError | undefined {
  const log = logs.join("\n");
  if (custom === 1 && /insufficient funds/iu.test(log)) {
    return new SimulationError(
      "too_few_tokens",
      "the token account holds too little",
      "Add tokens, or lower the amount.",
      logs,
    );
  }
  if (custom === 1 && /insufficient lamports/iu.test(log)) {
    return new SimulationError(
      "no_lamports",
      "the wallet has too few lamports for the rent of new accounts",
      "Add some SOL.",
      logs,
    );
  }
  if (custom === 0 && /already in use/iu.test(log)) {
    return new SimulationError(
      "account_exists",
      "an account that should be made exists already",
      "Choose another index, or reload: it may have worked before.",
      logs,
    );
  }
  // Framework: 2000-2999 constraints, 3000-3999 accounts.
  if (custom >= 2_000 && custom < 3_000)
    return new SimulationError(
      "constraint",
      `an account is not the one it has to be (${custom})`,
      "Reload and try again.",
      logs,
    );
  if (custom >= 3_000 && custom < 4_000)
    return new SimulationError(
      "account",
      `an account is missing or of another kind (${custom})`,
      "Check that the accounts exist; open the token account first.",
      logs,
    );
  return undefined;
}

/** How a transaction is sent. */
export type SendOptions = {
  /**
   * Told of the signature after signing and before sending. Whoever remembers it can ask the chain what became of the
   * transaction even if everything else is lost; what it throws stops the sending.
   */
  readonly onSigned?: (signature: Signature, wire: Base64EncodedWireTransaction) => void | Promise<void>;
  readonly abortSignal?: AbortSignal;
};

/** A transaction that the chain holds. */
export type LandedTransaction = { readonly signature: Signature; readonly slot: bigint };

/**
 * Signs exactly what was prepared, sends it until it lands or never can, and returns when it is confirmed.
 * @throws {@link TransactionError}: `refused` by the wallet, `changed` by the wallet, `expired` (it never landed: safe to
 * repeat), `unknown` (the RPC is lost: ask for the signature later); {@link ProgramError} if it landed and failed
 */
export async function signAndSend(
  rpc: TransactRpc,
  prepared: PreparedTransaction,
  options: SendOptions = {},
): Promise<LandedTransaction> {
  if (!prepared.words.known) {
    throw new TransactionError(
      "not_understood",
      "the transaction holds an instruction that cannot be shown in words",
      "Do not sign it.",
    );
  }
  let signed: Transaction;
  try {
    signed = await partiallySignTransactionMessageWithSigners(
      prepared.message,
      options.abortSignal === undefined ? {} : { abortSignal: options.abortSignal },
    );
  } catch (cause) {
    if (options.abortSignal?.aborted === true) throw new AbortedError();
    throw new TransactionError(
      "refused",
      "the wallet did not sign",
      "Sign it in the wallet, or choose another wallet.",
      undefined,
      cause,
    );
  }
  if (!sameBytes(signed.messageBytes, prepared.transaction.messageBytes)) {
    throw new TransactionError(
      "changed",
      "the wallet signed something else than was shown",
      "Turn off the wallet's changes to transactions, or use another wallet. Nothing was sent.",
    );
  }
  const missing = Object.entries(signed.signatures).find(([, signature]) => signature === null);
  if (missing !== undefined) {
    throw new TransactionError("signature_missing", `${missing[0]} has not signed`, "Give its signer as well.");
  }
  const signature = getSignatureFromTransaction(signed);
  const wire = getBase64EncodedWireTransaction(signed);
  await options.onSigned?.(signature, wire);
  return confirm(
    rpc,
    {
      wire,
      signature,
      lastValidBlockHeight: prepared.lastValidBlockHeight,
      instructions: prepared.message.instructions,
    },
    options,
  );
}

/** Prepares, signs and sends at once: for programs that show nothing. */
export async function transact(
  rpc: TransactRpc,
  payer: TransactionSigner,
  instructions: readonly Instruction[],
  options: PrepareOptions & SendOptions = {},
): Promise<LandedTransaction> {
  return signAndSend(rpc, await prepareTransaction(rpc, payer, instructions, options), options);
}

type Sent = {
  readonly wire: Base64EncodedWireTransaction;
  readonly signature: Signature;
  readonly lastValidBlockHeight: bigint;
  readonly instructions: readonly Instruction[];
};

/** Sends again and again until the chain says that it has landed, or that it never will. */
async function confirm(rpc: TransactRpc, sent: Sent, options: SendOptions): Promise<LandedTransaction> {
  const { signature } = sent;
  const config = options.abortSignal === undefined ? {} : { abortSignal: options.abortSignal };
  const until = Date.now() + CONFIRM_MS_MAX;
  let lost: unknown;
  for (;;) {
    if (options.abortSignal?.aborted === true) {
      throw new TransactionError(
        "aborted",
        "the wait was ended; the transaction may still land",
        `Look for ${signature} before you try again.`,
        signature,
      );
    }
    try {
      await rpc.sendTransaction(sent.wire, { encoding: "base64", skipPreflight: true, maxRetries: 0n }).send(config);
    } catch (error) {
      // One that refuses what it was given twice refuses nothing; a lost connection is tried again.
      if (isSolanaError(error, SOLANA_ERROR__JSON_RPC__SERVER_ERROR_SEND_TRANSACTION_PREFLIGHT_FAILURE)) throw error;
      lost = error;
    }
    try {
      const landed = await statusOf(rpc, sent, config);
      if (landed !== undefined) return landed;
      lost = undefined;
      // Asked after the status: a transaction that landed in the last valid block was seen above, or is in the next look.
      const height = await rpc.getBlockHeight({ commitment: "confirmed" }).send(config);
      if (height > sent.lastValidBlockHeight) {
        const late = await statusOf(rpc, sent, config);
        if (late !== undefined) return late;
        throw new TransactionError(
          "expired",
          "the transaction was not taken in time and never will be",
          "Nothing happened. Try again.",
          signature,
        );
      }
    } catch (error) {
      if (error instanceof ProofmillError) throw error;
      lost = error;
    }
    if (Date.now() > until) {
      throw new TransactionError(
        "unknown",
        "the network does not say what became of the transaction",
        `Look for ${signature} before you try again.`,
        signature,
        lost,
      );
    }
    await pause(POLL_MS, options.abortSignal);
  }
}

async function statusOf(
  rpc: TransactRpc,
  sent: Sent,
  config: { abortSignal?: AbortSignal },
): Promise<LandedTransaction | undefined> {
  const { value } = await rpc.getSignatureStatuses([sent.signature]).send(config);
  const status = value[0];
  if (status === null || status === undefined || status.confirmationStatus === "processed") return undefined;
  if (status.err !== null) throw failure(status.err, sent.instructions, []);
  return { signature: sent.signature, slot: status.slot };
}
