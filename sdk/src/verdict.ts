/** The verdict: what the committee found about one receipt, checked against the job that it judges. */
import { OPINION, type Opinion } from "./codes.js";
import { VerificationError } from "./errors.js";
import type { Verdict } from "./generated/arbiter/accounts/verdict.js";
import type { Job } from "./generated/market/accounts/job.js";
import { hex32, sameBytes, toHex, type Hex32, type JobAddress } from "./ids.js";

/** A verdict in words. */
export type JudgedReceipt = {
  readonly opinion: Opinion;
  /** The output root that the committee stands for, if it found the receipt valid. */
  readonly outputRoot: Hex32 | null;
  /** Validators who agree, and how many were drawn. */
  readonly agreeing: number;
  readonly committee: number;
  /** 1, or 2 after an escalation. */
  readonly rounds: number;
  readonly decidedAt: bigint;
};

/**
 * Checks that a verdict is about this job's receipt, attempt and life, as the market program does.
 * The caller has read it from the address that the arbiter derives ({@link verdict}) and checked its owner.
 * @throws {@link VerificationError}
 */
export function checkVerdict(found: Verdict, address: JobAddress, job: Job): JudgedReceipt {
  const wrong = (what: string): never => {
    throw new VerificationError(
      "verdict_foreign",
      `the verdict is for another ${what}`,
      "Read the job again; it may have begun another attempt.",
    );
  };
  if ((found.job as string) !== (address as string)) wrong("job");
  if (found.attempt !== job.attempt) wrong("attempt");
  if (found.nonce !== job.nonce) wrong("life of the job's address");
  if (!sameBytes(found.receiptHash, job.receiptHash)) wrong("receipt");
  const opinion = OPINION.word(found.opinion);
  return {
    opinion,
    outputRoot: opinion === "valid" ? hex32(found.outputRoot) : null,
    agreeing: found.agreeing,
    committee: found.committee,
    rounds: found.rounds,
    decidedAt: found.decidedAt,
  };
}

/** How far a job's output root can be trusted, and what it is. */
export type OutputClaim =
  | { readonly by: "committee"; readonly root: Hex32 }
  | { readonly by: "provider"; readonly root: Hex32 }
  | { readonly by: "nobody" };

/**
 * Which output root a settled or submitted job stands for. A committee's root was reproduced by an independent re-run. A job
 * that was not drawn for an audit has only its provider's signed word, in the receipt.
 */
export function outputClaim(job: Job, receiptOutputRoot?: Hex32): OutputClaim {
  const root = toHex(job.outputRoot);
  if (!/^0*$/u.test(root)) return { by: "committee", root: root as Hex32 };
  return receiptOutputRoot === undefined ? { by: "nobody" } : { by: "provider", root: receiptOutputRoot };
}
