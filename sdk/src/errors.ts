/**
 * Everything that can go wrong, by name. Each error says what happened, with the value that broke the law, and in
 * {@link ProofmillError.next} what to do.
 */

/** What an error concerns; each has a class of its own. */
export type ErrorKind =
  | "input"
  | "amount"
  | "bytes"
  | "verification"
  | "mismatch"
  | "missing"
  | "program"
  | "simulation"
  | "transaction"
  | "gateway_refusal"
  | "gateway_answer"
  | "gateway_unreachable"
  | "aborted";

/** The base of every error this client throws. */
export abstract class ProofmillError extends Error {
  abstract readonly kind: ErrorKind;
  /** A stable word for programs. */
  readonly code: string;
  /** What to do, a sentence for people. */
  readonly next: string;

  constructor(code: string, message: string, next: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.next = next;
    this.name = new.target.name;
  }
}

/** The caller gave something that cannot be: an address that is none, a price of zero. */
export class InputError extends ProofmillError {
  readonly kind = "input";
}

/** Arithmetic left what 64 bits or the law allow. */
export class AmountError extends ProofmillError {
  readonly kind = "amount";
}

/** Bytes are not what they were read as. */
export class BytesError extends ProofmillError {
  readonly kind = "bytes";
}

/** A hash, root, signature or verdict is not the one it has to be: somebody lies, or sent something else. */
export class VerificationError extends ProofmillError {
  readonly kind = "verification";
}

/** A gateway and the chain tell two stories. The chain is right. */
export class MismatchError extends ProofmillError {
  readonly kind = "mismatch";
  readonly field: string;
  readonly claimed: string;
  readonly found: string;
  constructor(field: string, claimed: string, found: string) {
    super(
      "gateway_differs",
      `the gateway says ${field} is ${claimed}, the chain says ${found}`,
      "Do not sign. Reload; if it stays, use another gateway.",
    );
    this.field = field;
    this.claimed = claimed;
    this.found = found;
  }
}

/** An account is not there, or not of this program. */
export class MissingError extends ProofmillError {
  readonly kind = "missing";
}

/** The network did not run a transaction in simulation, for a reason that no program of ours named. */
export class SimulationError extends ProofmillError {
  readonly kind = "simulation";
  readonly logs: readonly string[];
  constructor(code: string, message: string, next: string, logs: readonly string[]) {
    super(code, message, next);
    this.logs = logs;
  }
}

/** A transaction was not built, signed, sent or seen. */
export class TransactionError extends ProofmillError {
  readonly kind = "transaction";
  /** The signature, once there is one: the chain knows better than this client what became of it. */
  readonly signature: string | undefined;
  constructor(code: string, message: string, next: string, signature?: string, cause?: unknown) {
    super(code, message, next, cause);
    this.signature = signature;
  }
}

/** A gateway answered with an error of its contract. */
export class GatewayRefusal extends ProofmillError {
  readonly kind = "gateway_refusal";
  readonly status: number;
  readonly field: string | null;
  constructor(status: number, code: string, message: string, next: string, field: string | null) {
    super(code, message, next);
    this.status = status;
    this.field = field;
  }
}

/** A gateway answered something that no honest one does: nothing of the answer is used. */
export class GatewayAnswerError extends ProofmillError {
  readonly kind = "gateway_answer";
  /** Where in the answer. */
  readonly at: string;
  constructor(at: string, message: string) {
    super(
      "gateway_answer",
      `${at === "" ? "the answer" : at}: ${message}`,
      "Use another gateway; your money is on the chain, not there.",
    );
    this.at = at;
  }
}

/** No answer within the time, or no connection. */
export class GatewayUnreachable extends ProofmillError {
  readonly kind = "gateway_unreachable";
}

/** The caller's signal ended it. */
export class AbortedError extends ProofmillError {
  readonly kind = "aborted";
  constructor() {
    super("aborted", "the caller ended it", "Start again when you want.");
  }
}

/** Whether a value is an error of this client. */
export const isProofmillError = (value: unknown): value is ProofmillError => value instanceof ProofmillError;
