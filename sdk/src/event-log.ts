/**
 * Reads the programs' events out of a transaction's log, as `crates/client/src/event_log.rs` does: who wrote a `Program data:`
 * line follows from the `invoke` and `success` lines around it, which no program can imitate. Read only logs of transactions
 * that succeeded.
 */
import { isAddress, type Address } from "@solana/kit";
import { fromBase64 } from "./bytes.js";
import { decodeArbiterEvent, type ArbiterEvent } from "./generated/arbiter/events.js";
import { ARBITER_PROGRAM_ADDRESS } from "./generated/arbiter/programs/arbiter.js";
import { decodeMarketEvent, type MarketEvent } from "./generated/market/events.js";
import { MARKET_PROGRAM_ADDRESS } from "./generated/market/programs/market.js";

/** An event of either program. */
export type ProgramEvent =
  ({ readonly program: "market" } & MarketEvent) | ({ readonly program: "arbiter" } & ArbiterEvent);

/** What a log holds. */
export type ReadLog = {
  readonly entries: readonly { readonly program: Address; readonly data: Uint8Array }[];
  /** False where the log was cut or does not nest: events may be missing, read the accounts instead. */
  readonly complete: boolean;
};

/** The `Program data:` entries of a log, each with the program that wrote it. */
export function readLog(lines: readonly string[]): ReadLog {
  const running: Address[] = [];
  const entries: { program: Address; data: Uint8Array }[] = [];
  const cut = { entries, complete: false };
  for (const line of lines) {
    // Behind the cut an `invoke` line may be missing, and what follows would get the wrong author.
    if (line === "Log truncated") return cut;
    if (line.startsWith("Program data: ")) {
      const data = decoded(line.slice("Program data: ".length));
      const program = running.at(-1);
      if (data === undefined) continue;
      if (program === undefined) return cut;
      entries.push({ program, data });
      continue;
    }
    const [, program, what] = /^Program ([1-9A-HJ-NP-Za-km-z]{32,44}) (.*)$/su.exec(line) ?? [];
    if (program === undefined || what === undefined || !isAddress(program)) continue;
    const depth = /^invoke \[(\d+)\]$/u.exec(what)?.[1];
    if (depth !== undefined) {
      running.push(program);
      if (Number(depth) !== running.length) return cut;
    } else if ((what === "success" || what.startsWith("failed: ")) && running.pop() !== program) return cut;
  }
  return { entries, complete: running.length === 0 };
}

function decoded(text: string): Uint8Array | undefined {
  try {
    return fromBase64(text);
  } catch {
    // Several fields are several slices; an event is one.
    return undefined;
  }
}

/** The events of both programs in a log, in order. What other programs wrote, and events that this client does not know, are left out. */
export function eventsOf(lines: readonly string[]): readonly ProgramEvent[] {
  return readLog(lines).entries.flatMap(({ program, data }): ProgramEvent[] => {
    if (program === MARKET_PROGRAM_ADDRESS) {
      const event = decodeMarketEvent(data);
      return event === undefined ? [] : [{ program: "market", ...event }];
    }
    if (program === ARBITER_PROGRAM_ADDRESS) {
      const event = decodeArbiterEvent(data);
      return event === undefined ? [] : [{ program: "arbiter", ...event }];
    }
    return [];
  });
}
