/** A typed client of the gateway's contract. It never trusts what it reads: see {@link checkJobRecord} and its like. */
import type { Address } from "@solana/kit";
import { readBundle, type Bundle, type ReadBundleOptions } from "../artifacts/bundle.js";
import { fromBase64 } from "../bytes.js";
import type { JobKind, JobState, Tier } from "../codes.js";
import { GatewayAnswerError, VerificationError } from "../errors.js";
import { type Hex32, type JobAddress, type MintAddress, type OfferAddress, type WalletAddress } from "../ids.js";
import { BUNDLE_BYTES_MAX } from "../limits.js";
import {
  amount,
  list,
  page,
  parseAnswer,
  record,
  text,
  flag,
  address,
  type Loose,
  type Page,
  type Read,
} from "./read.js";
import * as records from "./records.js";
import { follow, chunks, type FollowOptions } from "./stream.js";
import { Transport, type Ask, type GatewayOptions } from "./transport.js";

/** Which page of a list. */
export type PageOptions = { readonly limit?: number; readonly cursor?: string; readonly abortSignal?: AbortSignal };
/** A request that can be ended. */
export type CallOptions = { readonly abortSignal?: AbortSignal };

/** What a job asks for, for the explanation of a match. */
export type MatchQuestion = {
  readonly mint: MintAddress;
  readonly pricePerSecondMax: bigint;
  readonly maxSeconds: number;
  readonly gpuCount?: number;
  readonly vramMib?: number;
  readonly tier?: Tier;
  readonly region?: number;
  readonly uptimeBps?: number;
  readonly certificateAgeSecondsMax?: number;
  readonly allowSimulated?: boolean;
  readonly kind?: "batch" | "service";
  readonly slaBond?: bigint;
  readonly slaUptimeBps?: number;
};

/** A change as a gateway tells it. */
export type Change =
  | { readonly topic: "job"; readonly job: records.JobRecord }
  | { readonly topic: "offer"; readonly offer: records.OfferRecord }
  | { readonly topic: "offer_removed"; readonly address: OfferAddress }
  | { readonly topic: "provider"; readonly provider: records.ProviderRecord }
  | { readonly topic: "round"; readonly round: records.RoundRecord }
  | { readonly topic: "slot"; readonly slot: Loose }
  /** What happened in between is lost: read everything again. */
  | { readonly topic: "reset" };

/** What a stream is about. */
export type StreamOptions = FollowOptions & {
  readonly topics?: readonly ("jobs" | "offers" | "providers" | "rounds" | "slots")[];
  readonly job?: JobAddress;
  readonly tenant?: Address;
};

/** A piece of a job's log. */
export type LogChunk = { readonly offset: bigint; readonly bytes: Uint8Array };

const options = (call: CallOptions | undefined): Pick<Ask, "abortSignal"> =>
  call?.abortSignal === undefined ? {} : { abortSignal: call.abortSignal };

/** One gateway. */
export class GatewayClient {
  readonly #transport: Transport;

  constructor(gateway: GatewayOptions | string) {
    this.#transport = new Transport(typeof gateway === "string" ? { url: gateway } : gateway);
  }

  #get<T>(path: string, read: Read<T>, query: Ask["query"], call?: CallOptions): Promise<T> {
    return this.#transport.read({ path, ...(query === undefined ? {} : { query }), ...options(call) }, read);
  }
  #page<T>(path: string, read: Read<T>, query: NonNullable<Ask["query"]>, at: PageOptions): Promise<Page<T>> {
    return this.#get(path, page(read), { ...query, limit: at.limit, cursor: at.cursor }, at);
  }

  // The network.
  network = (call?: CallOptions): Promise<records.NetworkRecord> =>
    this.#get("v1/network", records.readNetwork, undefined, call);
  config = (call?: CallOptions): Promise<records.ConfigRecord> =>
    this.#get("v1/config", records.readConfig, undefined, call);
  validators = (call?: CallOptions): Promise<readonly records.ValidatorRecord[]> =>
    this.#get("v1/validators", list(records.readValidator, 64), undefined, call);
  epoch = (call?: CallOptions): Promise<records.EpochRecord> =>
    this.#get("v1/epoch", records.readEpoch, undefined, call);
  stake = (owner: Address, call?: CallOptions): Promise<records.StakeRecord> =>
    this.#get(`v1/stakes/${owner}`, records.readStake, undefined, call);
  cases = (at: PageOptions & { readonly owner?: Address } = {}): Promise<Page<records.CaseRecord>> =>
    this.#page("v1/cases", records.readCase, { owner: at.owner }, at);
  rewards = (at: PageOptions = {}): Promise<Page<records.RewardPoolRecord>> =>
    this.#page("v1/rewards", records.readRewardPool, {}, at);
  events = (
    at: PageOptions & { readonly name?: string; readonly account?: Address } = {},
  ): Promise<Page<records.EventRecord>> =>
    this.#page("v1/events", records.readEvent, { name: at.name, account: at.account }, at);

  // The market.
  providers = (
    at: PageOptions & {
      readonly tier?: Tier;
      readonly region?: number;
      readonly gpuMin?: number;
      readonly vramMinMib?: number;
      readonly simulated?: boolean;
    } = {},
  ): Promise<Page<records.ProviderRecord>> =>
    this.#page(
      "v1/providers",
      records.readProvider,
      { tier: at.tier, region: at.region, gpu_min: at.gpuMin, vram_min_mib: at.vramMinMib, simulated: at.simulated },
      at,
    );
  provider = (owner: Address, call?: CallOptions): Promise<records.ProviderRecord> =>
    this.#get(`v1/providers/${owner}`, records.readProvider, undefined, call);
  offers = (
    at: PageOptions & {
      readonly tier?: Tier;
      readonly region?: number;
      readonly gpuCount?: number;
      readonly vramMinMib?: number;
      readonly priceMax?: bigint;
      readonly mint?: MintAddress;
    } = {},
  ): Promise<Page<records.OfferRecord>> =>
    this.#page(
      "v1/offers",
      records.readOffer,
      {
        tier: at.tier,
        region: at.region,
        gpu_count: at.gpuCount,
        vram_min_mib: at.vramMinMib,
        price_max: at.priceMax,
        mint: at.mint,
      },
      at,
    );
  percentiles = (
    of: { readonly mint: MintAddress; readonly tier?: Tier } & CallOptions,
  ): Promise<records.PricePercentiles> =>
    this.#get("v1/prices/percentiles", records.readPercentilesOf, { mint: of.mint, tier: of.tier }, of);
  priceHistory = (
    of: {
      readonly mint: MintAddress;
      readonly tier?: Tier;
      readonly bucketSeconds?: number;
      readonly from?: number;
      readonly to?: number;
    } & CallOptions,
  ): Promise<records.PriceHistory> =>
    this.#get(
      "v1/prices/history",
      records.readPriceHistory,
      { mint: of.mint, tier: of.tier, bucket: of.bucketSeconds, from: of.from, to: of.to },
      of,
    );
  /** Which offers fit, and for each that does not, which requirement fails. */
  match = (question: MatchQuestion, call?: CallOptions): Promise<records.MatchRecord> =>
    this.#transport.read(
      {
        method: "POST",
        path: "v1/match",
        repeatable: true,
        json: {
          mint: question.mint,
          price_ceiling_per_second: question.pricePerSecondMax,
          max_seconds: question.maxSeconds,
          gpu_count: question.gpuCount ?? 1,
          vram_mib: question.vramMib ?? 0,
          tier: question.tier ?? "any",
          region: question.region ?? 0,
          uptime_bps: question.uptimeBps ?? 0,
          certificate_age_seconds_max: question.certificateAgeSecondsMax ?? 0,
          allow_simulated: question.allowSimulated ?? false,
          ...(question.kind === undefined ? {} : { kind: question.kind }),
          ...(question.slaBond === undefined ? {} : { sla_bond: question.slaBond }),
          ...(question.slaUptimeBps === undefined ? {} : { sla_uptime_bps: question.slaUptimeBps }),
        },
        ...options(call),
      },
      records.readMatch,
    );

  // Jobs.
  jobs = (
    at: PageOptions & {
      readonly tenant?: Address;
      readonly provider?: Address;
      readonly state?: JobState;
      readonly kind?: JobKind;
      readonly mint?: MintAddress;
    } = {},
  ): Promise<Page<records.JobRecord>> =>
    this.#page(
      "v1/jobs",
      records.readJob,
      { tenant: at.tenant, provider: at.provider, state: at.state, kind: at.kind, mint: at.mint },
      at,
    );
  /** A job, also one that is closed. The record of another job is refused. */
  job = async (job: JobAddress, call?: CallOptions): Promise<records.JobRecord> => {
    const found = await this.#get(`v1/jobs/${job}`, records.readJob, undefined, call);
    if (found.address !== job) throw new GatewayAnswerError("address", `another job was asked for (${found.address})`);
    return found;
  };
  jobEvents = (job: JobAddress, at: PageOptions = {}): Promise<Page<records.EventRecord>> =>
    this.#page(`v1/jobs/${job}/events`, records.readEvent, {}, at);
  bids = (job: JobAddress, at: PageOptions = {}): Promise<Page<records.BidRecord>> =>
    this.#page(`v1/jobs/${job}/bids`, records.readBid, {}, at);
  rounds = (job: JobAddress, call?: CallOptions): Promise<readonly records.RoundRecord[]> =>
    this.#get(`v1/jobs/${job}/round`, list(records.readRound, 64), undefined, call);

  /** Changes as they happen; a break is mended from the last id. */
  async *stream(of: StreamOptions = {}): AsyncGenerator<Change, void, void> {
    const ask = (last: string | undefined): Ask => ({
      path: "v1/stream",
      query: { topics: of.topics?.join(","), job: of.job, tenant: of.tenant },
      ...(last === undefined ? {} : { headers: { "last-event-id": last } }),
    });
    for await (const { event, data } of follow(this.#transport, ask, of)) {
      const change = readChange(event, data);
      if (change !== undefined) yield change;
    }
  }

  // The data plane, over the gateway.
  /** Gives the canonical job document; what does not hash to the job's `spec_hash` the gateway refuses. */
  putSpec = (job: JobAddress, bytes: Uint8Array, call?: CallOptions): Promise<records.DeliveryRecord> =>
    this.#put(`v1/jobs/${job}/spec`, bytes, call);
  /** Gives the input as a bundle. */
  putInput = (job: JobAddress, bundle: Uint8Array, call?: CallOptions): Promise<records.DeliveryRecord> =>
    this.#put(`v1/jobs/${job}/input`, bundle, call);
  #put(path: string, bytes: Uint8Array, call?: CallOptions): Promise<records.DeliveryRecord> {
    // Named by its hash: the second sending is the first.
    return this.#transport.read(
      { method: "PUT", path, bytes, repeatable: true, timeoutMs: 10 * 60_000, ...options(call) },
      records.readDelivery,
    );
  }
  delivery = (job: JobAddress, call?: CallOptions): Promise<records.DeliveryRecord> =>
    this.#get(`v1/jobs/${job}/delivery`, records.readDelivery, undefined, call);

  /**
   * Follows a job's log from a byte on, until it ends. Nothing is lost or repeated when the stream breaks; an offset that does
   * not follow on is refused. The text is the job's: pass it through {@link cleanText} before showing it.
   */
  async *logs(job: JobAddress, from = 0n, call: FollowOptions = {}): AsyncGenerator<LogChunk, void, void> {
    let at = from;
    for await (const { event, data } of follow(
      this.#transport,
      () => ({ path: `v1/jobs/${job}/logs`, query: { from: at } }),
      call,
    )) {
      if (event === "chunk") {
        const { offset, base64 } = record({ offset: amount, base64: base64Text })(parseAnswer(data), "chunk");
        if (offset !== at) throw new GatewayAnswerError("chunk.offset", `${offset}, but the log goes on at ${at}`);
        const bytes = fromBase64(base64);
        at += BigInt(bytes.length);
        yield { offset, bytes };
      } else if (event === "end") {
        const end = parseAnswer(data);
        // With a length it is over; with an error it broke off, and is asked for again from where it stands.
        if (typeof end === "object" && end !== null && "length" in end) return;
      }
    }
  }

  /** Downloads a job's output and verifies it against the root that the caller has from the chain or a receipt. */
  async output(job: JobAddress, expectedRoot: Hex32, how: ReadBundleOptions & CallOptions = {}): Promise<Bundle> {
    const response = await this.#transport.ask({
      path: `v1/jobs/${job}/output`,
      accept: "application/octet-stream",
      timeoutMs: 60_000,
      ...options(how),
    });
    if (response.body === null) throw new GatewayAnswerError("", "no bundle");
    return readBundle(chunks(response.body, 60_000), expectedRoot, { bytesMax: BUNDLE_BYTES_MAX, ...how });
  }

  /** A job's signed receipt, unverified: give it to {@link verifyReceipt}. The signature is null where the gateway has not seen it. */
  async receipt(
    job: JobAddress,
    call?: CallOptions,
  ): Promise<{ readonly bytes: Uint8Array; readonly signature: Uint8Array | null }> {
    const found = await this.#get(`v1/jobs/${job}/receipt`, records.readReceiptAnswer, undefined, call);
    return {
      bytes: fromBase64(found.receipt),
      signature: found.signature === null ? null : fromBase64(found.signature),
    };
  }

  // Signing in.
  /**
   * Begins a sign-in and checks the message that the wallet is to sign: this gateway's own host, this address, and nothing
   * that reads like a transaction.
   * @throws {@link VerificationError} if the message is about anything else
   */
  async challenge(wallet: WalletAddress, domain: string, call?: CallOptions): Promise<string> {
    const { message } = await this.#transport.read(
      { method: "POST", path: "v1/auth/challenge", json: { address: wallet }, ...options(call) },
      records.readChallenge,
    );
    const lines = message.split("\n");
    if (lines[0] !== `${domain} wants you to sign in with your Solana account:` || lines[1] !== wallet) {
      throw new VerificationError(
        "challenge_foreign",
        "the message to sign is not for this site and this wallet",
        "Do not sign it. Use another gateway.",
      );
    }
    return message;
  }
  /** Ends a sign-in with the wallet's signature, base64 or base58. */
  openSession = (
    wallet: WalletAddress,
    message: string,
    signature: string,
    call?: CallOptions,
  ): Promise<records.SessionRecord> =>
    this.#transport.read(
      { method: "POST", path: "v1/auth/session", json: { address: wallet, message, signature }, ...options(call) },
      records.readSession,
    );
  session = (
    call?: CallOptions,
  ): Promise<{ readonly address: WalletAddress; readonly role: records.Role; readonly expires_at: number | null }> =>
    this.#get("v1/auth/session", records.readSessionState, undefined, call);
  closeSession = async (call?: CallOptions): Promise<void> => {
    await this.#transport.ask({ method: "DELETE", path: "v1/auth/session", ...options(call) });
  };
  makeKey = (
    key: { readonly name: string; readonly role: records.Role; readonly expiresAt?: number },
    call?: CallOptions,
  ): Promise<{ readonly id: string; readonly key: string }> =>
    this.#transport.read(
      {
        method: "POST",
        path: "v1/keys",
        json: { name: key.name, role: key.role, ...(key.expiresAt === undefined ? {} : { expires_at: key.expiresAt }) },
        ...options(call),
      },
      records.readNewKey,
    );
  keys = (at: PageOptions = {}): Promise<Page<records.KeyRecord>> => this.#page("v1/keys", records.readKey, {}, at);
  dropKey = async (id: string, call?: CallOptions): Promise<void> => {
    await this.#transport.ask({ method: "DELETE", path: `v1/keys/${encodeURIComponent(id)}`, ...options(call) });
  };
  audit = (at: PageOptions = {}): Promise<Page<records.AuditRecord>> =>
    this.#page("v1/audit", records.readAudit, {}, at);

  /** Test money, on local networks only. */
  faucet = (wallet: Address, call?: CallOptions): Promise<records.FaucetRecord> =>
    this.#transport.read(
      { method: "POST", path: "v1/faucet", json: { address: wallet }, ...options(call) },
      records.readFaucet,
    );

  /** Every item of a list, page after page, up to `most`. */
  async *all<T>(ask: (at: PageOptions) => Promise<Page<T>>, most = 10_000): AsyncGenerator<T, void, void> {
    let cursor: string | undefined;
    let given = 0;
    const seen = new Set<string>();
    do {
      const found = await ask(cursor === undefined ? { limit: 100 } : { limit: 100, cursor });
      for (const item of found.items) {
        if (given === most) return;
        given += 1;
        yield item;
      }
      cursor = found.next_cursor ?? undefined;
      // A gateway that gives the same place twice would be asked for ever.
      if (cursor !== undefined && seen.has(cursor)) throw new GatewayAnswerError("next_cursor", "the same place twice");
      if (cursor !== undefined) seen.add(cursor);
    } while (cursor !== undefined);
  }
}

/** Base64 of one chunk; its length is bounded by the stream's. */
const base64Text: Read<string> = (value, at) =>
  typeof value === "string" && /^[A-Za-z0-9+/]*={0,2}$/u.test(value) ? value : text(undefined, at);

function readChange(event: string, data: string): Change | undefined {
  const value = parseAnswer(data);
  switch (event) {
    case "job":
      return { topic: "job", job: records.readJob(value, "job") };
    case "offer":
      if (typeof value === "object" && value !== null && "removed" in value) {
        const { address: gone } = record({ address: address<OfferAddress>(), removed: flag })(value, "offer");
        return { topic: "offer_removed", address: gone };
      }
      return { topic: "offer", offer: records.readOffer(value, "offer") };
    case "provider":
      return { topic: "provider", provider: records.readProvider(value, "provider") };
    case "round":
      return { topic: "round", round: records.readRound(value, "round") };
    case "slot":
      return { topic: "slot", slot: value as Loose };
    case "reset":
      return { topic: "reset" };
    default:
      // A kind of event that came later.
      return undefined;
  }
}
