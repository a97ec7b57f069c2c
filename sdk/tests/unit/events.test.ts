/** Events out of logs: who wrote a line follows from the runtime's lines, which no program imitates. */
import { address, getAddressEncoder } from "@solana/kit";
import { sha256 } from "@noble/hashes/sha2.js";
import { expect, test } from "vitest";
import { decodeAccount, eventsOf, JOB, market, readLog } from "../../src/index.js";

const MARKET = market.MARKET_PROGRAM_ADDRESS;
const OTHER = address("4TQc8DiQNyPEpCeuBcm21Efr1m4Fnb1gXsaik97T4hF2");
const data = (byte: number): string => `Program data: ${btoa(String.fromCharCode(byte))}`;
const entry = (program: string, byte: number): unknown => ({ program, data: Uint8Array.of(byte) });

test("data belongs to the innermost running program", () => {
  const log = [
    `Program ${OTHER} invoke [1]`,
    data(1),
    `Program ${MARKET} invoke [2]`,
    "Program log: Instruction: PostJob",
    data(2),
    `Program ${MARKET} success`,
    data(3),
    `Program ${OTHER} success`,
  ];
  expect(readLog(log)).toEqual({ complete: true, entries: [entry(OTHER, 1), entry(MARKET, 2), entry(OTHER, 3)] });
});

test("a program's text cannot imitate the runtime", () => {
  const log = [
    `Program ${OTHER} invoke [1]`,
    `Program log: Program ${MARKET} invoke [2]`,
    `Program log: x\nProgram ${MARKET} invoke [2]`,
    data(1),
    `Program ${OTHER} success`,
  ];
  expect(readLog(log).entries).toEqual([entry(OTHER, 1)]);
});

test("a cut log is reported, and nothing behind the cut is read", () => {
  expect(readLog([`Program ${MARKET} invoke [1]`, data(1), "Log truncated", data(2)])).toEqual({
    complete: false,
    entries: [entry(MARKET, 1)],
  });
  for (const log of [
    [data(1)],
    [`Program ${MARKET} invoke [2]`, data(1)],
    [`Program ${MARKET} invoke [1]`, `Program ${OTHER} success`],
  ])
    expect(readLog(log)).toEqual({ complete: false, entries: [] });
});

test("an event is decoded only if its own program wrote it", () => {
  const encoded = Uint8Array.from([
    ...discriminator("JobClosed"),
    ...getAddressEncoder().encode(OTHER),
    5,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
  ]);
  const line = `Program data: ${btoa(String.fromCharCode(...encoded))}`;
  expect(eventsOf([`Program ${MARKET} invoke [1]`, line, `Program ${MARKET} success`])).toEqual([
    { program: "market", name: "JobClosed", data: { job: OTHER, dust: 5n } },
  ]);
  expect(eventsOf([`Program ${OTHER} invoke [1]`, line, `Program ${OTHER} success`])).toEqual([]);
});

/** `sha256("event:Name")[..8]`, Anchor's rule. */
function discriminator(name: string): number[] {
  for (let at = 0; at < market.MARKET_EVENT_NAMES.length; at += 1)
    if (market.MARKET_EVENT_NAMES[at] === name)
      return [...sha256(new TextEncoder().encode(`event:${name}`)).slice(0, 8)];
  throw new Error(`no event ${name}`);
}

test("an account of another program, kind, length or version is refused", () => {
  const bytes = new Uint8Array(market.getJobSize());
  bytes.set(market.JOB_DISCRIMINATOR);
  bytes[8] = 1;
  bytes.set(getAddressEncoder().encode(OTHER), market.JOB_OFFSETS.tenant);
  expect(decodeAccount(JOB, MARKET, bytes).tenant).toBe(OTHER);
  const refused = (owner: typeof MARKET | typeof OTHER, changed: Uint8Array, code: string): void => {
    expect(() => decodeAccount(JOB, owner, changed)).toThrow(expect.objectContaining({ code }) as Error);
  };
  refused(OTHER, bytes, "account_owner");
  refused(
    MARKET,
    Uint8Array.from(bytes, (byte, at) => (at === 0 ? byte ^ 1 : byte)),
    "account_kind",
  );
  refused(MARKET, bytes.slice(0, -1), "account_length");
  refused(
    MARKET,
    Uint8Array.from(bytes, (byte, at) => (at === 8 ? 9 : byte)),
    "account_version",
  );
});
