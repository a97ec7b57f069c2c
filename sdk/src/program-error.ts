/** The programs' own refusals, by name and number from the IDL, with a next step. */
import type { Address } from "@solana/kit";
import { ProofmillError } from "./errors.js";
import { ARBITER_ERRORS } from "./generated/arbiter/interface.js";
import { ARBITER_PROGRAM_ADDRESS } from "./generated/arbiter/programs/arbiter.js";
import { MARKET_ERRORS } from "./generated/market/interface.js";
import { MARKET_PROGRAM_ADDRESS } from "./generated/market/programs/market.js";

/** Name of an error of the market program, as the IDL has it. */
export type MarketErrorName = (typeof MARKET_ERRORS)[number]["name"];
/** Name of an error of the arbiter program. */
export type ArbiterErrorName = (typeof ARBITER_ERRORS)[number]["name"];
export type ProgramErrorName = MarketErrorName | ArbiterErrorName;
export type ProgramName = "market" | "arbiter";

/** A program of ours refused. */
export class ProgramError extends ProofmillError {
  readonly kind = "program";
  readonly program: ProgramName;
  /** As the IDL names it. */
  readonly errorName: ProgramErrorName;
  /** As the IDL numbers it. */
  readonly number: number;
  /** Which instruction of the transaction, from 0. */
  readonly instruction: number | undefined;
  readonly logs: readonly string[];

  constructor(
    program: ProgramName,
    found: { code: number; name: ProgramErrorName; message: string },
    instruction?: number,
    logs: readonly string[] = [],
  ) {
    super(found.name, `${found.message} (${program} ${found.code} ${found.name})`, nextStep(found.name));
    this.program = program;
    this.errorName = found.name;
    this.number = found.code;
    this.instruction = instruction;
    this.logs = logs;
  }
}

/** The error of a program with this number, if the IDL has one. */
export function programErrorOf(
  program: Address,
  number: number,
  instruction?: number,
  logs?: readonly string[],
): ProgramError | undefined {
  const [name, table] =
    program === MARKET_PROGRAM_ADDRESS
      ? (["market", MARKET_ERRORS] as const)
      : program === ARBITER_PROGRAM_ADDRESS
        ? (["arbiter", ARBITER_ERRORS] as const)
        : [];
  const found = table?.find((row) => row.code === number);
  return name === undefined || found === undefined ? undefined : new ProgramError(name, found, instruction, logs);
}

/** What to do about a refusal. */
export function nextStep(name: ProgramErrorName): string {
  return NEXT[name] ?? "Read the account again: it may have changed since. If it stays, report the signature.";
}

const TAKE_ANOTHER = "Take another offer, or ask for less.";
const LATER = "Try again when the time has come; the account says when.";
const RELOAD = "Reload: it is in another state by now.";

const NEXT: Partial<Record<ProgramErrorName, string>> = {
  InvalidProvider: "Register the provider first, or use the one that holds this job.",
  InsufficientCompute: TAKE_ANOTHER,
  JobNotFound: "Check the job's address; a closed job is gone.",
  AlreadyClaimed: "Nothing to do: this part was paid already.",
  InvalidProof: "Send the receipt or measurement again, unchanged.",
  ProviderOffline: TAKE_ANOTHER,
  InvalidGpu: "Use a GPU with more memory.",
  JobActive: "Only an open job can be matched or cancelled: wait for its end, or stop a service.",
  AmountOverflow: "Use smaller amounts.",
  OpeningsPaused: "New jobs, offers and bids are paused for now. Claims and refunds work; try the rest later.",
  MintNotAllowed: "Pay in one of the market's enabled mints.",
  EscrowTooSmall: "Raise the price or the run length: the mint has a least escrow.",
  RunLengthOutOfBounds: "Ask for between 1 second and 24 hours.",
  KindNotOffered: "Use a batch job or a service.",
  ClassNotOffered: "Use the class deterministic for batch jobs, witnessed for services.",
  AuctionLengthOutOfBounds: "Choose a shorter auction.",
  PriceZero: "Name a price above zero.",
  JobNotMatched: RELOAD,
  JobNotRunning: RELOAD,
  JobNotSubmitted: RELOAD,
  JobNotHeld: RELOAD,
  JobSettled: "The job is settled: claim what it owes you, or close it.",
  JobNotSettled: "Wait until the job is settled, then claim.",
  NotTenant: "Sign with the wallet that posted the job.",
  NotOperator: "Sign with the provider's operator key.",
  NotOwner: "Sign with the owner's wallet.",
  SimulatedDevice: "Allow simulated devices, or take an offer of a real GPU.",
  TierTooLow: TAKE_ANOTHER,
  GpuCountTooSmall: TAKE_ANOTHER,
  RegionDiffers: TAKE_ANOTHER,
  UptimeTooLow: TAKE_ANOTHER,
  PriceAboveCeiling: "Raise your ceiling, or take a cheaper offer.",
  FreeStakeTooSmall: "The provider cannot back this job now: take another offer. As a provider: deposit stake.",
  CapacityExhausted: TAKE_ANOTHER,
  OfferExpired: TAKE_ANOTHER,
  OfferTooShort: "Shorten the run, or take an offer that covers it.",
  OfferMintDiffers: "Pay in the offer's mint, or take another offer.",
  NotAnAuction: "Take a standing offer: this job asks for no bids.",
  AuctionClosed: "The auction is over: accept the lowest bid.",
  AuctionRunning: LATER,
  BidNotLowest: "Reload: a lower bid has come.",
  BidNotLower: "Bid at least 2.5 % below the best bid.",
  BidBinding: "The best bid stays until the auction ends.",
  NotExpired: LATER,
  ChallengeOpen: LATER,
  AuditRequired: "Wait for the committee's verdict.",
  NothingUnbonding: "Unbond stake first.",
  StillUnbonding: "Wait until the unbonding time is over, then withdraw.",
  NothingToSweep: "Nothing to do.",
  VaultOwes: "Claim the reward, the refund and the fee first, then close.",
  AuditClaimOpen: "Close the job later: a re-executor may still collect.",
  NodeKeyInvalid: "Use a valid Ed25519 node key.",
  DustDestinationMissing: "Name your token account: the vault holds a few atoms more.",
  TimelockRunning: LATER,
  SlashNotDue: LATER,
  SlashCapReached: "Try again in the next window.",
  NotAppealable: "Only a slash by a verdict can be appealed, once, before it is due.",
  EpochRewarded: "Nothing to do: this epoch is claimed.",
  ServiceSilent: "Report usage first, or let the service expire.",
  EscrowDry: "Top the service up first.",
  CertificateMissing: TAKE_ANOTHER,
  CertificateTooOld: TAKE_ANOTHER,
  BidsExhausted: "The auction is full: wait for its end.",
  TokenProgramDiffers: "Use the token program that the mint belongs to.",
  SetStale: "Wait until the next validator set is frozen.",
};
