/**
 * A transaction in plain words, for the screen before signing. Every word follows from the bytes that will be signed; what
 * this client does not know it says it does not know, and never guesses.
 */
import {
  decompileTransactionMessage,
  getBase64Encoder,
  getCompiledTransactionMessageDecoder,
  getTransactionDecoder,
  type AccountMeta,
  type Address,
  type Instruction,
  type ReadonlyUint8Array,
  type Transaction,
} from "@solana/kit";
import { ASSOCIATED_TOKEN_PROGRAM, SYSTEM_PROGRAM, TOKEN_2022_PROGRAM, TOKEN_PROGRAM } from "./address.js";
import { escrow, formatTokens } from "./amount.js";
import { JOB_KIND } from "./codes.js";
import { BytesError } from "./errors.js";
import { ARBITER_INSTRUCTIONS, type InstructionInterface } from "./generated/arbiter/interface.js";
import { ARBITER_PROGRAM_ADDRESS } from "./generated/arbiter/programs/arbiter.js";
import { MARKET_INSTRUCTIONS } from "./generated/market/interface.js";
import { MARKET_PROGRAM_ADDRESS } from "./generated/market/programs/market.js";
import { getDepositStakeInstructionDataDecoder } from "./generated/market/instructions/depositStake.js";
import { getFundRewardsInstructionDataDecoder } from "./generated/market/instructions/fundRewards.js";
import { getPlaceBidInstructionDataDecoder } from "./generated/market/instructions/placeBid.js";
import { getPostArrayInstructionDataDecoder } from "./generated/market/instructions/postArray.js";
import { getPostJobInstructionDataDecoder } from "./generated/market/instructions/postJob.js";
import { getPublishOfferInstructionDataDecoder } from "./generated/market/instructions/publishOffer.js";
import { getReportUsageInstructionDataDecoder } from "./generated/market/instructions/reportUsage.js";
import { getTakeTaskInstructionDataDecoder } from "./generated/market/instructions/takeTask.js";
import { getTopUpJobInstructionDataDecoder } from "./generated/market/instructions/topUpJob.js";
import { getUnbondStakeInstructionDataDecoder } from "./generated/market/instructions/unbondStake.js";
import { formatDuration, shortAddress } from "./text.js";

/** The compute budget program. */
export const COMPUTE_BUDGET_PROGRAM = "ComputeBudget111111111111111111111111111111" as Address;
/** The memo program. */
const MEMO_PROGRAM = "MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr" as Address;

/** Who has to be known to write amounts as tokens. Without it amounts are written in atoms. */
export type DescribeContext = {
  /** Decimals and symbol by mint. */
  readonly mints?: Readonly<Record<string, { readonly decimals: number; readonly symbol?: string }>>;
  /** The wallet that will sign: its accounts are called yours. */
  readonly wallet?: Address;
};

/** One account that an instruction touches. */
export type DescribedAccount = {
  readonly name: string;
  readonly address: Address;
  readonly writable: boolean;
  readonly signer: boolean;
};
/** One value that an instruction carries. */
export type DescribedField = { readonly label: string; readonly value: string };

/** One instruction in words. */
export type DescribedInstruction = {
  /** False if this client does not know it: then `words` says only that. */
  readonly known: boolean;
  readonly program: Address;
  readonly programName: string;
  /** As the IDL names it; empty when unknown. */
  readonly name: string;
  /** One sentence. */
  readonly words: string;
  readonly fields: readonly DescribedField[];
  readonly accounts: readonly DescribedAccount[];
};

/** A transaction in words. */
export type DescribedTransaction = {
  readonly feePayer: Address;
  readonly instructions: readonly DescribedInstruction[];
  /** True only if every instruction is known. A screen that signs should refuse otherwise. */
  readonly known: boolean;
  /** Addresses that have to sign. */
  readonly signers: readonly Address[];
  /** Highest fee for priority, lamports, if the transaction sets one. */
  readonly priorityFeeLamports: bigint;
};

/** A transaction as base64, as its wire bytes, or as kit has it. */
export type DescribableTransaction = string | ReadonlyUint8Array | Transaction | Pick<Transaction, "messageBytes">;

/**
 * Decodes a transaction and says what it does.
 * @throws {@link BytesError} if it is no transaction, or reads accounts through lookup tables (its addresses would be hidden)
 */
export function describeTransaction(
  transaction: DescribableTransaction,
  context: DescribeContext = {},
): DescribedTransaction {
  const messageBytes = messageOf(transaction);
  let compiled;
  try {
    compiled = getCompiledTransactionMessageDecoder().decode(messageBytes);
  } catch (cause) {
    throw new BytesError("not_a_transaction", "these bytes are no transaction", "Do not sign them.", cause);
  }
  if ("addressTableLookups" in compiled && compiled.addressTableLookups.length > 0) {
    throw new BytesError(
      "hidden_addresses",
      "the transaction takes addresses from lookup tables, so they cannot be shown",
      "Do not sign it.",
    );
  }
  if (compiled.version !== 0 && compiled.version !== "legacy") {
    throw new BytesError(
      "version_unsupported",
      `a transaction of version ${compiled.version}, whose fees lie where this client does not read`,
      "Update the client.",
    );
  }
  const message = decompileTransactionMessage(compiled);
  const all: readonly Instruction[] = message.instructions;
  const offered = priorityFee(all);
  const instructions = all
    .map((instruction) => describeInstruction(instruction, context))
    // What the price costs follows from the limit beside it.
    .map((described) =>
      described.name === "set_price" && described.known
        ? { ...described, fields: [{ label: "At most in all", value: `${formatTokens(offered, 9)} SOL` }] }
        : described,
    );
  return {
    feePayer: message.feePayer.address,
    instructions,
    known: instructions.every((instruction) => instruction.known),
    signers: compiled.staticAccounts.slice(0, compiled.header.numSignerAccounts),
    priorityFeeLamports: offered,
  };
}

function messageOf(transaction: DescribableTransaction): ReadonlyUint8Array {
  if (typeof transaction === "object" && "messageBytes" in transaction) return transaction.messageBytes;
  try {
    const bytes = typeof transaction === "string" ? getBase64Encoder().encode(transaction) : transaction;
    return getTransactionDecoder().decode(bytes).messageBytes;
  } catch (cause) {
    throw new BytesError("not_a_transaction", "these bytes are no transaction", "Do not sign them.", cause);
  }
}

/** Says what one instruction does. */
export function describeInstruction(instruction: Instruction, context: DescribeContext = {}): DescribedInstruction {
  const data = instruction.data ?? new Uint8Array(0);
  const accounts = (instruction.accounts ?? []).filter((meta): meta is AccountMeta => "role" in meta);
  switch (instruction.programAddress) {
    case MARKET_PROGRAM_ADDRESS:
      return ofOurs("Proofmill market", MARKET_INSTRUCTIONS, instruction.programAddress, accounts, data, context);
    case ARBITER_PROGRAM_ADDRESS:
      return ofOurs("Proofmill arbiter", ARBITER_INSTRUCTIONS, instruction.programAddress, accounts, data, context);
    case COMPUTE_BUDGET_PROGRAM:
      return computeBudget(data) ?? unknown(instruction.programAddress, "compute budget", accounts, data);
    case SYSTEM_PROGRAM:
      return systemTransfer(accounts, data) ?? unknown(instruction.programAddress, "system program", accounts, data);
    case TOKEN_PROGRAM:
    case TOKEN_2022_PROGRAM:
      return (
        tokenTransfer(instruction.programAddress, accounts, data, context) ??
        unknown(instruction.programAddress, "token program", accounts, data)
      );
    case ASSOCIATED_TOKEN_PROGRAM:
      return (
        associatedAccount(accounts, data) ??
        unknown(instruction.programAddress, "associated token program", accounts, data)
      );
    case MEMO_PROGRAM:
      return {
        ...unknown(instruction.programAddress, "memo program", accounts, data),
        known: true,
        name: "memo",
        words: "Writes a note into the transaction.",
      };
    default:
      return unknown(instruction.programAddress, "an unknown program", accounts, data);
  }
}

function unknown(
  program: Address,
  programName: string,
  accounts: readonly AccountMeta[],
  data: ReadonlyUint8Array,
): DescribedInstruction {
  return {
    known: false,
    program,
    programName,
    name: "",
    words: `UNKNOWN: this client cannot say what ${programName} (${program}) would do with ${accounts.length} accounts and ${data.length} bytes. Do not sign what you do not know.`,
    fields: [],
    accounts: accounts.map((meta, at) => ({ name: `account ${at + 1}`, ...touched(meta) })),
  };
}

const touched = (meta: AccountMeta): Omit<DescribedAccount, "name"> => ({
  address: meta.address,
  writable: (meta.role & 1) === 1,
  signer: (meta.role & 2) === 2,
});

function ofOurs(
  programName: string,
  table: readonly InstructionInterface[],
  program: Address,
  metas: readonly AccountMeta[],
  data: ReadonlyUint8Array,
  context: DescribeContext,
): DescribedInstruction {
  const found = table.find((row) => data.length >= 8 && row.discriminator.every((byte, at) => data[at] === byte));
  // Anchor has optional accounts as the program's own address, so the count is exact.
  if (found === undefined || metas.length !== found.accounts.length) return unknown(program, programName, metas, data);
  const accounts = metas.map((meta, at) => ({
    name: (found.accounts[at]?.name ?? "").replaceAll("_", " "),
    ...touched(meta),
  }));
  const at = (name: string): Address | undefined =>
    metas[found.accounts.findIndex((account) => account.name === name)]?.address;
  try {
    const said = program === MARKET_PROGRAM_ADDRESS ? SPOKEN[found.name]?.(data, at, context) : undefined;
    return {
      known: true,
      program,
      programName,
      name: found.name,
      words: said?.words ?? plain(found),
      fields: said?.fields ?? [],
      accounts,
    };
  } catch {
    // The name is known, the arguments are not what it takes: the program would refuse it, and it is not called known.
    return unknown(program, programName, metas, data);
  }
}

const plain = (found: InstructionInterface): string =>
  found.doc === "" ? `${found.name.replaceAll("_", " ")}.` : found.doc.replace(/`/gu, "");

type Said = { readonly words: string; readonly fields: readonly DescribedField[] };
type At = (name: string) => Address | undefined;

function money(atoms: bigint, mint: Address | undefined, context: DescribeContext): string {
  const known = mint === undefined ? undefined : context.mints?.[mint];
  if (known === undefined)
    return `${formatTokens(atoms, 0)} atoms${mint === undefined ? "" : ` of ${shortAddress(mint)}`}`;
  return `${formatTokens(atoms, known.decimals)} ${known.symbol ?? "tokens"}`;
}

const who = (address: Address | undefined, context: DescribeContext): string =>
  address === undefined ? "?" : address === context.wallet ? "you" : shortAddress(address);

/** An instant, or its number where a calendar has none. */
function instant(seconds: bigint): string {
  const date = new Date(Number(seconds) * 1_000);
  return Number.isNaN(date.getTime()) ? `${seconds} s after 1970` : date.toISOString();
}

/** Sentences with the numbers that count. The rest speak with the program's own documentation. */
const SPOKEN: Readonly<Record<string, (data: ReadonlyUint8Array, at: At, context: DescribeContext) => Said>> = {
  post_job: (data, at, context) => {
    const terms = getPostJobInstructionDataDecoder().decode(data);
    const mint = at("mint");
    const locked = escrow(terms.priceCeilingPerSecond, terms.maxSeconds);
    const service = terms.kind === JOB_KIND.code("service");
    return {
      words: service
        ? `Posts a service and locks ${money(locked, mint, context)} for its first ${formatDuration(terms.maxSeconds)}; it is paid by the second while it is healthy, and what is left comes back.`
        : `Posts a job and locks ${money(locked, mint, context)} in its own vault; what the run does not use comes back.`,
      fields: [
        { label: "Locks at most", value: money(locked, mint, context) },
        { label: "Price ceiling per second", value: money(terms.priceCeilingPerSecond, mint, context) },
        { label: service ? "Escrow covers" : "Longest run", value: formatDuration(terms.maxSeconds) },
        ...(service
          ? [
              { label: "Proof", value: "witnessed, never verified: heartbeats, probes and usage that you co-sign" },
              {
                label: "Availability",
                value:
                  terms.slaBond === 0n
                    ? "no bond"
                    : `below ${formatTokens(BigInt(terms.slaUptimeBps), 2)} % the provider owes of a bond of ${formatTokens(terms.slaBond, 0)} atoms of the stake mint`,
              },
            ]
          : []),
        { label: "GPUs", value: terms.gpuCount === 0 ? "none" : `${terms.gpuCount} with ${terms.vramMib} MiB each` },
        { label: "Attempts", value: String(terms.attemptsMax) },
        {
          label: "Matched by",
          value:
            terms.auctionSeconds === 0 ? "a standing offer" : `an auction of ${formatDuration(terms.auctionSeconds)}`,
        },
        { label: "Simulated devices", value: terms.allowSimulated === 0 ? "refused" : "allowed" },
      ],
    };
  },
  match_job: (_, at) => ({
    words: `Takes the offer ${shortAddress(at("offer") ?? "?")}: its provider is bound to the job and its stake locked.`,
    fields: [{ label: "Provider", value: at("provider") ?? "?" }],
  }),
  post_array: (data, at, context) => {
    const terms = getPostArrayInstructionDataDecoder().decode(data);
    const mint = at("mint");
    const locked = escrow(terms.priceCeilingPerSecond, terms.maxSeconds) * BigInt(terms.tasksTotal);
    return {
      words: `Posts ${terms.tasksTotal} tasks and locks ${money(locked, mint, context)} for them; what is not used comes back.`,
      fields: [
        { label: "Tasks", value: String(terms.tasksTotal) },
        { label: "Locks at most", value: money(locked, mint, context) },
        {
          label: "Of it for each task",
          value: money(escrow(terms.priceCeilingPerSecond, terms.maxSeconds), mint, context),
        },
        { label: "Price ceiling per second", value: money(terms.priceCeilingPerSecond, mint, context) },
        { label: "Longest run of a task", value: formatDuration(terms.maxSeconds) },
        { label: "Times that a task is issued at most", value: String(terms.attemptsMax) },
        { label: "Tasks may be taken for", value: formatDuration(terms.deadlineSeconds) },
        { label: "GPUs", value: terms.gpuCount === 0 ? "none" : `${terms.gpuCount} with ${terms.vramMib} MiB each` },
        { label: "Simulated devices", value: terms.allowSimulated === 0 ? "refused" : "allowed" },
      ],
    };
  },
  cancel_job: (_, at) => ({
    words: `Withdraws the open job ${shortAddress(at("job") ?? "?")}: all of its escrow is yours to claim.`,
    fields: [],
  }),
  claim_refund: (_, at, context) => ({
    words: `Pays the refund of the job ${shortAddress(at("job") ?? "?")} into ${shortAddress(at("destination") ?? "?")}.`,
    fields: [{ label: "Mint", value: who(at("mint"), context) }],
  }),
  claim_reward: (_, at) => ({
    words: `Pays the provider's reward of the job ${shortAddress(at("job") ?? "?")} into ${shortAddress(at("destination") ?? "?")}.`,
    fields: [],
  }),
  close_job: (_, at, context) => ({
    words: `Closes the job ${shortAddress(at("job") ?? "?")}; its rent goes back to ${who(at("rent_payer"), context)}.`,
    fields: [],
  }),
  top_up_job: (data, at) => {
    const { seconds } = getTopUpJobInstructionDataDecoder().decode(data);
    return {
      words: `Adds ${formatDuration(seconds)} to the service ${shortAddress(at("job") ?? "?")}, paid at its price out of your account.`,
      fields: [
        { label: "Service", value: at("job") ?? "?" },
        { label: "Adds", value: formatDuration(seconds) },
      ],
    };
  },
  stop_job: (_, at) => ({
    words: `Ends the service ${shortAddress(at("job") ?? "?")} now: accepted usage is paid, the rest comes back to its tenant.`,
    fields: [{ label: "Service", value: at("job") ?? "?" }],
  }),
  resume_job: (_, at) => ({
    words: `Says that the service ${shortAddress(at("job") ?? "?")} is healthy again: its meter runs on from now.`,
    fields: [{ label: "Service", value: at("job") ?? "?" }],
  }),
  pause_job: (_, at) => ({
    words: `Pauses the service ${shortAddress(at("job") ?? "?")}, whose escrow has run dry.`,
    fields: [],
  }),
  claim_stream: (_, at) => ({
    words: `Draws what the service ${shortAddress(at("job") ?? "?")} has earned so far into ${shortAddress(at("destination") ?? "?")}.`,
    fields: [{ label: "Paid into", value: at("destination") ?? "?" }],
  }),
  claim_sla: (_, at) => ({
    words: `Pays what is due of the provider's bond for the service ${shortAddress(at("job") ?? "?")} into ${shortAddress(at("destination") ?? "?")}.`,
    fields: [{ label: "Paid into", value: at("destination") ?? "?" }],
  }),
  report_usage: (data, at) => {
    const { usageMs, measuredAt } = getReportUsageInstructionDataDecoder().decode(data);
    return {
      words: `Tells the chain that the service ${shortAddress(at("job") ?? "?")} was healthy for ${formatDuration(Number(usageMs / 1_000n))} in all, as both sides signed.`,
      fields: [
        { label: "Healthy in all", value: `${formatTokens(usageMs, 3)} s` },
        { label: "Measured", value: instant(measuredAt) },
      ],
    };
  },
  take_task: (data, at) => {
    const { task } = getTakeTaskInstructionDataDecoder().decode(data);
    return {
      words: `Takes task ${task} of the array ${shortAddress(at("array") ?? "?")} at the offer's price; stake is locked for it.`,
      fields: [{ label: "Offer", value: at("offer") ?? "?" }],
    };
  },
  cancel_array: (_, at) => ({
    words: `Lets no further task of the array ${shortAddress(at("array") ?? "?")} be taken; those that are taken end as they would.`,
    fields: [{ label: "Array", value: at("array") ?? "?" }],
  }),
  close_array: (_, at, context) => ({
    words: `Closes the array ${shortAddress(at("array") ?? "?")}: what its tasks were not paid goes into ${shortAddress(at("destination") ?? "?")}, its rent back to ${who(at("rent_payer"), context)}.`,
    fields: [{ label: "Paid into", value: at("destination") ?? "?" }],
  }),
  place_bid: (data, at) => {
    const { pricePerSecond } = getPlaceBidInstructionDataDecoder().decode(data);
    return {
      words: `Bids ${formatTokens(pricePerSecond, 0)} atoms per second on the job ${shortAddress(at("job") ?? "?")}, with the deposit that the market asks for.`,
      fields: [],
    };
  },
  publish_offer: (data, at, context) => {
    const terms = getPublishOfferInstructionDataDecoder().decode(data);
    return {
      words: `Offers the provider's GPUs at ${money(terms.pricePerSecond, at("mint"), context)} per second, until it is withdrawn or expires.`,
      fields: [
        { label: "Longest run", value: formatDuration(terms.secondsMax) },
        { label: "Expires", value: instant(terms.expiresAt) },
        { label: "Services", value: terms.services === 0 ? "may not take it" : "may take it too" },
      ],
    };
  },
  deposit_stake: (data, at, context) => {
    const { amount } = getDepositStakeInstructionDataDecoder().decode(data);
    return {
      words: `Deposits ${money(amount, at("mint"), context)} as stake. It can be slashed for false work, and leaves only after unbonding.`,
      fields: [{ label: "Amount", value: money(amount, at("mint"), context) }],
    };
  },
  unbond_stake: (data) => {
    const { amount } = getUnbondStakeInstructionDataDecoder().decode(data);
    return {
      words: `Begins to take ${formatTokens(amount, 0)} atoms of stake out. They stay slashable until the unbonding time is over.`,
      fields: [],
    };
  },
  withdraw_stake: (_, at) => ({
    words: `Pays all stake that has finished unbonding into ${shortAddress(at("destination") ?? "?")}.`,
    fields: [],
  }),
  fund_rewards: (data, at, context) => {
    const { amount } = getFundRewardsInstructionDataDecoder().decode(data);
    return {
      words: `Gives ${money(amount, at("mint"), context)} to the reward pool ${shortAddress(at("pool") ?? "?")}.`,
      fields: [],
    };
  },
};

const view = (data: ReadonlyUint8Array): DataView => new DataView(Uint8Array.from(data).buffer);
const known = (
  program: Address,
  programName: string,
  name: string,
  words: string,
  accounts: readonly DescribedAccount[] = [],
): DescribedInstruction => ({
  known: true,
  program,
  programName,
  name,
  words,
  fields: [],
  accounts,
});
const named = (metas: readonly AccountMeta[], names: readonly string[]): DescribedAccount[] =>
  metas.map((meta, at) => ({ name: names[at] ?? `account ${at + 1}`, ...touched(meta) }));

function computeBudget(data: ReadonlyUint8Array): DescribedInstruction | undefined {
  if (data[0] === 2 && data.length === 5) {
    return known(
      COMPUTE_BUDGET_PROGRAM,
      "compute budget",
      "set_limit",
      `Limits the computation to ${view(data).getUint32(1, true).toLocaleString("en")} units.`,
    );
  }
  if (data[0] === 3 && data.length === 9) {
    return known(
      COMPUTE_BUDGET_PROGRAM,
      "compute budget",
      "set_price",
      `Pays ${view(data).getBigUint64(1, true)} micro-lamports per unit for priority.`,
    );
  }
  return undefined;
}

/** Units times price, rounded up, as the network charges it. */
function priorityFee(instructions: readonly Instruction[]): bigint {
  let units: bigint | undefined;
  let price = 0n;
  for (const { programAddress, data } of instructions) {
    if (programAddress !== COMPUTE_BUDGET_PROGRAM || data === undefined) continue;
    if (data[0] === 2 && data.length === 5) units = BigInt(view(data).getUint32(1, true));
    if (data[0] === 3 && data.length === 9) price = view(data).getBigUint64(1, true);
  }
  const most = units ?? 200_000n * BigInt(instructions.length);
  return (price * most + 999_999n) / 1_000_000n;
}

function systemTransfer(metas: readonly AccountMeta[], data: ReadonlyUint8Array): DescribedInstruction | undefined {
  if (data.length !== 12 || view(data).getUint32(0, true) !== 2 || metas.length !== 2) return undefined;
  const lamports = view(data).getBigUint64(4, true);
  return known(
    SYSTEM_PROGRAM,
    "system program",
    "transfer",
    `Sends ${formatTokens(lamports, 9)} SOL to ${metas[1]?.address ?? "?"}.`,
    named(metas, ["from", "to"]),
  );
}

function tokenTransfer(
  program: Address,
  metas: readonly AccountMeta[],
  data: ReadonlyUint8Array,
  context: DescribeContext,
): DescribedInstruction | undefined {
  // TransferChecked: source, mint, destination, owner.
  if (data[0] !== 12 || data.length !== 10 || metas.length !== 4) return undefined;
  const decimals = data[9] ?? 0;
  const mint = metas[1]?.address ?? ("" as Address);
  const symbol = context.mints?.[mint]?.symbol ?? `of ${shortAddress(mint)}`;
  const amount = formatTokens(view(data).getBigUint64(1, true), Math.min(decimals, 18));
  return known(
    program,
    "token program",
    "transfer_checked",
    `Sends ${amount} ${symbol} to the token account ${metas[2]?.address ?? "?"}.`,
    named(metas, ["source", "mint", "destination", "owner"]),
  );
}

function associatedAccount(metas: readonly AccountMeta[], data: ReadonlyUint8Array): DescribedInstruction | undefined {
  if (metas.length !== 6 || data.length > 1 || (data[0] ?? 0) > 1) return undefined;
  return known(
    ASSOCIATED_TOKEN_PROGRAM,
    "associated token program",
    "create",
    `Opens the token account of ${metas[2]?.address ?? "?"} for the mint ${metas[3]?.address ?? "?"}, if it is not there; its rent is yours to pay.`,
    named(metas, ["payer", "account", "owner", "mint", "system program", "token program"]),
  );
}
