/** A gateway that lies, stalls and floods: nothing of what it says is used, and the error says where it lied. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import {
  checkJobRecord,
  checkNetworkRecord,
  checkOfferRecord,
  derive,
  GatewayAnswerError,
  GatewayClient,
  GatewayRefusal,
  GatewayUnreachable,
  InputError,
  jobAddress,
  market,
  MismatchError,
  walletAddress,
  type Accounts,
  type JobRecord,
  type OfferRecord,
} from "../../src/index.js";

const OWNER = walletAddress("3hE8Jbnzd3LtVaP3aQDCbwQv2k7kqsLfeszBjeQLNNdd");
const MINT = "DTZ5CbeTft7iWqHtNB6zB1aYzSwXzaXQeEjsp8ytZa5V";
const JOB = jobAddress("4TQc8DiQNyPEpCeuBcm21Efr1m4Fnb1gXsaik97T4hF2");

const zero = "0".repeat(64);
const job = {
  address: JOB,
  tenant: OWNER,
  index: "7",
  kind: "batch",
  class: "deterministic",
  state: "open",
  outcome: null,
  mint: MINT,
  provider: null,
  array: null,
  task_index: null,
  attempt: 1,
  attempts_max: 1,
  matched_by: null,
  price_per_second: null,
  price_ceiling_per_second: "5",
  max_seconds: 60,
  escrowed: "300",
  paid: "0",
  refunded: "0",
  fee: "0",
  slashed: "0",
  lock: "0",
  claimed: [],
  metered_ms: "0",
  streamed: "0",
  paused_ms: "0",
  sla_bond: null,
  sla_uptime_bps: null,
  bids: 0,
  best_bid_per_second: null,
  spec_hash: zero,
  image_digest: zero,
  input_root: zero,
  output_root: null,
  receipt_hash: null,
  node_key: null,
  exit_code: null,
  termination: null,
  audit_bps: null,
  fee_bps: 250,
  posted_at: 1_700_000_000,
  posted_slot: 5,
  bids_until: null,
  matched_at: null,
  started_at: null,
  submitted_at: null,
  paused_at: null,
  settled_at: null,
  start_by: null,
  receipt_by: null,
  verdict_by: null,
  tenant_node_key: zero,
  tier: "any",
  vram_mib: 0,
  gpu_count: 0,
  region: 0,
  uptime_bps: 0,
  certificate_age_seconds_max: 0,
  allow_simulated: true,
  closed: false,
};

let server: Server | undefined;
const sockets = new Set<{ destroy(): void }>();
afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  await new Promise<void>((resolve) => {
    if (server === undefined) resolve();
    else
      server.close(() => {
        resolve();
      });
  });
  server = undefined;
});

/** A gateway that answers as told. */
async function gateway(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
  options: { timeoutMs?: number; tries?: number } = {},
): Promise<GatewayClient> {
  server = createServer(answer);
  server.on("connection", (socket) => sockets.add(socket));
  await new Promise<void>((resolve) => server?.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return new GatewayClient({ url: `http://127.0.0.1:${port}`, tries: 1, ...options });
}
const says = (body: unknown) => (_: IncomingMessage, response: ServerResponse) =>
  response.end(typeof body === "string" ? body : JSON.stringify(body));

test("an honest record is read, with amounts as bigint", async () => {
  const client = await gateway(says({ ...job, a_field_to_come: 1 }));
  expect(await client.job(JOB)).toMatchObject({ escrowed: 300n, state: "open", index: 7n });
});

test.each([
  ["an amount as a JSON number", { escrowed: 300 }, "escrowed"],
  ["an amount beyond 64 bits", { escrowed: "18446744073709551616" }, "escrowed"],
  ["an amount with an exponent", { escrowed: "1e9" }, "escrowed"],
  ["a negative amount", { paid: "-1" }, "paid"],
  ["an amount with leading zeros", { paid: "007" }, "paid"],
  ["an unknown state", { state: "paid_twice" }, "state"],
  ["a state of the object's prototype", { state: "constructor" }, "state"],
  ["an address that is none", { tenant: "0OIl" }, "tenant"],
  ["an address with a hidden mark", { tenant: `${OWNER}\u202e` }, "tenant"],
  ["a hash in capitals", { spec_hash: "AB".repeat(32) }, "spec_hash"],
  ["a missing field", { mint: undefined }, "mint"],
  ["a fraction of a second", { posted_at: 1.5 }, "posted_at"],
  ["a time after the year 10000", { posted_at: 1e15 }, "posted_at"],
  ["a list without end", { claimed: Array.from({ length: 100_000 }, () => "fee") }, "claimed"],
  ["an object for a text", { kind: { toString: "batch" } }, "kind"],
  ["another job's record", { address: MINT }, "address"],
])("%s is refused, by its place", async (_, change, at) => {
  const client = await gateway(says({ ...job, ...change }));
  const error: unknown = await client.job(JOB).catch((found: unknown) => found);
  expect(error).toBeInstanceOf(GatewayAnswerError);
  expect((error as GatewayAnswerError).at).toBe(at);
});

test("2^53 + 1 arrives to the last digit", async () => {
  const client = await gateway(says({ ...job, escrowed: "9007199254740993" }));
  expect((await client.job(JOB)).escrowed).toBe(9_007_199_254_740_993n);
});

test("what is not JSON, too deep or too long is refused", async () => {
  await expect((await gateway(says("<html><script>alert(1)</script>"))).job(JOB)).rejects.toBeInstanceOf(
    GatewayAnswerError,
  );
  server?.close();
  await expect((await gateway(says("[".repeat(100_000)))).job(JOB)).rejects.toBeInstanceOf(GatewayAnswerError);
  server?.close();
  const flood = await gateway((_, response) => {
    const more = (): void => {
      while (response.write("x".repeat(65_536)));
      response.once("drain", more);
    };
    more();
  });
  await expect(flood.job(JOB)).rejects.toBeInstanceOf(GatewayAnswerError);
});

test("HTML stays text, and marks that deceive are taken out", async () => {
  const provider = {
    owner: OWNER,
    address: JOB,
    active: true,
    node_key: zero,
    endpoint: null,
    tier: "consumer",
    region: 0,
    gpu_count: 1,
    vram_mib: 1,
    gpu_model: "<img src=x onerror=alert(1)>\u202e\u200b\u0007RTX",
    gpu_class: zero,
    simulated: false,
    capacity: 1,
    jobs_accepted: 0,
    jobs_rejected: 0,
    jobs_failed: 0,
    consecutive_accepted: 0,
    uptime_bps: 10_000,
    uptime_measured: false,
    certificate: null,
    stake: null,
    rewarded_epoch: 0,
    registered_at: 1,
  };
  const client = await gateway(says(provider));
  expect((await client.provider(OWNER)).gpu_model).toBe("<img src=x onerror=alert(1)>RTX");
  server?.close();
  await expect(
    (await gateway(says({ ...provider, gpu_model: "x".repeat(10_000) }))).provider(OWNER),
  ).rejects.toMatchObject({ at: "gpu_model" });
});

test("a gateway that never answers, or trickles, is given up", async () => {
  const silent = await gateway(() => undefined, { timeoutMs: 50 });
  await expect(silent.network()).rejects.toMatchObject({ code: "gateway_silent" });
  server?.close();
  const trickle = await gateway(
    (_, response) => {
      response.writeHead(200);
      const timer = setInterval(() => response.write(" "), 10);
      response.once("close", () => {
        clearInterval(timer);
      });
    },
    { timeoutMs: 100 },
  );
  await expect(trickle.network()).rejects.toBeInstanceOf(GatewayUnreachable);
});

test("a busy gateway is asked again a bounded number of times, and what must not be repeated once", async () => {
  let asked = 0;
  const client = await gateway(
    (_, response) => {
      asked += 1;
      response.writeHead(503).end();
    },
    { tries: 3 },
  );
  await expect(client.network()).rejects.toMatchObject({ status: 503 });
  expect(asked).toBe(3);
  asked = 0;
  await expect(client.faucet(OWNER)).rejects.toBeInstanceOf(GatewayRefusal);
  expect(asked).toBe(1);
});

test("a gateway's own error keeps its code and next step; its words are cleaned", async () => {
  const client = await gateway((_, response) => {
    response.writeHead(404).end(
      JSON.stringify({
        error: { code: "not_found", message: "no such\u202e job", next: "Look again.", field: null },
      }),
    );
  });
  await expect(client.job(JOB)).rejects.toMatchObject({
    code: "not_found",
    status: 404,
    message: "no such job",
    next: "Look again.",
  });
});

test("a redirect is not followed, and plain http only to this machine", async () => {
  const client = await gateway((_, response) => {
    response.writeHead(302, { location: "http://127.0.0.1:1/" }).end();
  });
  await expect(client.network()).rejects.toBeInstanceOf(GatewayUnreachable);
  expect(() => new GatewayClient("http://gateway.example")).toThrow(InputError);
  expect(() => new GatewayClient("https://user:pass@gateway.example")).toThrow(InputError);
});

test("a list that never ends is left", async () => {
  const client = await gateway(says({ items: [], next_cursor: "again" }));
  const all = async (): Promise<void> => {
    for await (const found of client.all((at) => client.jobs(at))) expect(found).toBeUndefined();
  };
  await expect(all()).rejects.toMatchObject({ at: "next_cursor" });
});

test("a message to sign that is for another site or wallet is not given to the wallet", async () => {
  const asks = (message: string) => says({ message, message_fields: {} });
  const good = `here.example wants you to sign in with your Solana account:\n${OWNER}\n\nStatement`;
  expect(await (await gateway(asks(good))).challenge(OWNER, "here.example")).toBe(good);
  server?.close();
  await expect((await gateway(asks(good))).challenge(OWNER, "there.example")).rejects.toMatchObject({
    code: "challenge_foreign",
  });
  server?.close();
  await expect((await gateway(asks(good.replace(OWNER, MINT)))).challenge(OWNER, "here.example")).rejects.toMatchObject(
    { code: "challenge_foreign" },
  );
  server?.close();
  await expect(
    (await gateway(asks("\u0080\u0001\u0000transaction"))).challenge(OWNER, "here.example"),
  ).rejects.toBeInstanceOf(GatewayAnswerError);
});

test("a stream is taken up again where it broke, and a lie in it ends it", async () => {
  const seen: (string | undefined)[] = [];
  const client = await gateway((request, response) => {
    seen.push(request.headers["last-event-id"] as string | undefined);
    response.writeHead(200, { "content-type": "text/event-stream" });
    if (seen.length === 1) response.end(`: hello\n\nid: 4\nevent: job\ndata: ${JSON.stringify(job)}\n\n`);
    else
      response.end(
        `id: 5\r\nevent: job\r\ndata: ${JSON.stringify({ ...job, state: "settled", outcome: "accepted" })}\r\n\r\nid: 6\nevent: job\ndata: {"address":1}\n\n`,
      );
  });
  const states: string[] = [];
  const read = async (): Promise<void> => {
    for await (const change of client.stream({ topics: ["jobs"] }))
      if (change.topic === "job") states.push(change.job.state);
  };
  await expect(read()).rejects.toBeInstanceOf(GatewayAnswerError);
  expect(states).toEqual(["open", "settled"]);
  expect(seen).toEqual([undefined, "4"]);
});

test("a log whose pieces do not follow one another is refused, and a break is mended without loss", async () => {
  const base64 = (text: string): string => Buffer.from(text).toString("base64");
  const from: (string | null)[] = [];
  const client = await gateway((request, response) => {
    const at = new URL(request.url ?? "", "http://x").searchParams.get("from");
    from.push(at);
    response.writeHead(200, { "content-type": "text/event-stream" });
    if (at === "0")
      response.end(
        `event: chunk\ndata: {"offset":"0","base64":"${base64("hello ")}"}\n\nevent: end\ndata: {"error":"lost"}\n\n`,
      );
    else
      response.end(
        `event: chunk\ndata: {"offset":"6","base64":"${base64("world")}"}\n\nevent: end\ndata: {"length":"11"}\n\n`,
      );
  });
  let log = "";
  for await (const chunk of client.logs(JOB)) log += new TextDecoder().decode(chunk.bytes);
  expect(log).toBe("hello world");
  expect(from).toEqual(["0", "6"]);
  const skip = async (): Promise<void> => {
    for await (const chunk of client.logs(JOB, 3n)) expect(chunk).toBeUndefined();
  };
  await expect(skip()).rejects.toMatchObject({ at: "chunk.offset" });
});

test("an output that is not the chain's is not returned", async () => {
  const client = await gateway(says("PMB1 but not really"));
  await expect(client.output(JOB, "ab".repeat(32) as never)).rejects.toThrow();
});

// What the chain holds against a gateway's word.

const network = {
  version: "1",
  genesis_hash: MINT,
  market: market.MARKET_PROGRAM_ADDRESS,
  arbiter: market.MARKET_PROGRAM_ADDRESS,
} as never;

test("another network or another program is noticed", () => {
  expect(() => {
    checkNetworkRecord(network, MINT);
  }).toThrow(MismatchError);
});

test("an offer with another price, owner or address than the account's is refused", async () => {
  const provider = await derive.provider(OWNER);
  const address = await derive.offer(provider, 0);
  const record = {
    address,
    provider,
    owner: OWNER,
    index: 0,
    mint: MINT,
    price_per_second: 250n,
    seconds_max: 60,
    valid_until: 9,
    simulated: false,
  } as unknown as OfferRecord;
  const accounts = {
    offer: () => Promise.resolve({ provider, mint: MINT, pricePerSecond: 250n, secondsMax: 60, expiresAt: 9n }),
    provider: () => Promise.resolve({ owner: OWNER, simulated: 0 }),
  } as unknown as Accounts;
  await expect(checkOfferRecord(accounts, record)).resolves.toBeDefined();
  for (const [field, value] of [
    ["price_per_second", 1n],
    ["owner", MINT],
    ["address", JOB],
    ["seconds_max", 61],
    ["simulated", true],
    ["index", 1],
  ] as const) {
    await expect(checkOfferRecord(accounts, { ...record, [field]: value }), field).rejects.toBeInstanceOf(
      MismatchError,
    );
  }
});

test("a job's amounts and parties are the chain's; a record that is only behind is called stale", async () => {
  const address = await derive.job(OWNER, 7n);
  const bytes = new Uint8Array(32);
  const onChain = {
    tenant: OWNER,
    mint: MINT,
    specHash: bytes,
    inputRoot: bytes,
    imageDigest: bytes,
    maxSeconds: 60,
    state: 1,
    attempt: 1,
    escrowed: 300n,
    provider: "11111111111111111111111111111111",
    pricePerSecond: 0n,
  };
  const accounts = { findJob: () => Promise.resolve(onChain) } as unknown as Accounts;
  const record = { ...job, address, index: 7n, escrowed: 300n } as unknown as JobRecord;
  expect(await checkJobRecord(accounts, record)).toMatchObject({ stale: false });
  await expect(checkJobRecord(accounts, { ...record, escrowed: 301n })).rejects.toMatchObject({
    field: "escrowed",
    claimed: "301",
    found: "300",
  });
  await expect(checkJobRecord(accounts, { ...record, address: JOB })).rejects.toMatchObject({ field: "address" });
  expect(await checkJobRecord(accounts, { ...record, state: "running" })).toMatchObject({ stale: true });
});
