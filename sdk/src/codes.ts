/** Words for the codes that accounts and instructions hold. The words are those of the daemons and the gateway. */
import { BytesError } from "./errors.js";

/** A two-way table between codes and words. */
export interface Codes<Word extends string> {
  readonly words: readonly Word[];
  /** The word of a code. @throws {@link BytesError} for a code that this version does not know. */
  word(code: number): Word;
  /** The code of a word. */
  code(word: Word): number;
  /** Whether a text is one of the words. */
  has(text: string): text is Word;
}

function codes<const Table extends Readonly<Record<string, number>>>(
  what: string,
  table: Table,
): Codes<keyof Table & string> {
  type Word = keyof Table & string;
  const words = Object.keys(table) as Word[];
  return {
    words,
    word(code) {
      const found = words.find((word) => table[word] === code);
      if (found === undefined) {
        throw new BytesError("code_unknown", `${code} is no ${what} that this client knows`, "Update the client.");
      }
      return found;
    },
    code: (word) => table[word] as number,
    has: (text): text is Word => Object.hasOwn(table, text),
  };
}

/** Where a job stands. */
export const JOB_STATE = /* @__PURE__ */ codes("job state", {
  open: 1,
  matched: 2,
  running: 3,
  submitted: 4,
  settled: 5,
  paused: 6,
  ending: 7,
});
export type JobState = (typeof JOB_STATE)["words"][number];

/** How a settled job ended. */
export const OUTCOME = /* @__PURE__ */ codes("outcome", {
  none: 0,
  accepted: 1,
  unchallenged: 2,
  rejected: 3,
  unavailable: 4,
  inconclusive: 5,
  cancelled: 6,
  unmatched: 7,
  never_started: 8,
  no_receipt: 9,
  unjudged: 10,
  declined: 11,
  stopped: 12,
  ended: 13,
  dead: 14,
  withdrawn: 15,
});
export type Outcome = (typeof OUTCOME)["words"][number];

/** Whether the provider earns its metered time. */
export function paysProvider(outcome: Outcome): boolean {
  return ["accepted", "unchallenged", "stopped", "ended", "dead", "withdrawn"].includes(outcome);
}

/** How a job lives. */
export const JOB_KIND = /* @__PURE__ */ codes("job kind", { batch: 1, array: 2, service: 3 });
export type JobKind = (typeof JOB_KIND)["words"][number];

/** How a result is proved. */
export const CLASS = /* @__PURE__ */ codes("verification class", {
  deterministic: 1,
  tolerant: 2,
  witnessed: 3,
  confidential: 4,
  zero_knowledge: 5,
});
export type VerificationClass = (typeof CLASS)["words"][number];

/** Standing of a provider; each includes the ones before it. */
export const TIER = /* @__PURE__ */ codes("tier", { any: 0, consumer: 1, prosumer: 2, datacenter: 3 });
export type Tier = (typeof TIER)["words"][number];

/** What a committee found. */
export const OPINION = /* @__PURE__ */ codes("opinion", { valid: 1, invalid: 2, unavailable: 3, inconclusive: 4 });
export type Opinion = (typeof OPINION)["words"][number];

/** How a container ended. */
export const TERMINATION = /* @__PURE__ */ codes("termination", {
  exited: 0,
  out_of_memory: 1,
  timed_out: 2,
  output_refused: 3,
});
export type Termination = (typeof TERMINATION)["words"][number];

/** Bits of `Job.claimed`. */
export const CLAIMED = { reward: 1, refund: 2, fee: 4, sla: 8 } as const;
