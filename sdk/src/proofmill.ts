/** Everything a tenant does with a job, in a few calls. Each part stands alone in its own module. */
import type {
  Address,
  GetGenesisHashApi,
  GetSlotApi,
  GetBlockTimeApi,
  MessagePartialSigner,
  Rpc,
  TransactionSigner,
} from "@solana/kit";
import { createSignableMessage } from "@solana/kit";
import { accountsOf, OFFER, type AccountRpc, type Accounts, type CoinInfo } from "./accounts.js";
import * as address from "./address.js";
import { escrow } from "./amount.js";
import type { Bundle, ReadBundleOptions } from "./artifacts/bundle.js";
import { writeBundle } from "./artifacts/bundle.js";
import { toBase64 } from "./bytes.js";
import * as compose from "./compose.js";
import { GatewayRefusal, InputError, TransactionError, VerificationError } from "./errors.js";
import { checkNetworkRecord, checkOfferRecord } from "./gateway/check.js";
import { GatewayClient } from "./gateway/client.js";
import type { DeliveryRecord } from "./gateway/records.js";
import type { GatewayOptions } from "./gateway/transport.js";
import {
  bytes32,
  type Hex32,
  type JobAddress,
  type MintAddress,
  type OfferAddress,
  type ProviderAddress,
  type WalletAddress,
} from "./ids.js";
import {
  completeJobDocument,
  documentBytes,
  documentTerms,
  type JobDocument,
  type JobDocumentDraft,
} from "./job-document.js";
import { INDEX_MS_MAX, POLL_MS, TASK_INDEX_FLOOR } from "./limits.js";
import { mismatches, type Mismatch, type OfferFacts, type Requirements } from "./matching.js";
import { pause } from "./pause.js";
import { verifyReceipt, type Receipt } from "./receipt.js";
import {
  prepareTransaction,
  signAndSend,
  type LandedTransaction,
  type PreparedTransaction,
  type PrepareOptions,
  type SendOptions,
  type TransactRpc,
} from "./transact.js";
import type { SignedUsage } from "./usage.js";
import { checkVerdict, outputClaim, type JudgedReceipt } from "./verdict.js";
import { waitForJob, watchJob, type JobView, type WatchOptions } from "./watch.js";

/** The calls that a client needs; kit's `createSolanaRpc` has them all. */
export type ProofmillRpc = AccountRpc & TransactRpc & Rpc<GetGenesisHashApi & GetSlotApi & GetBlockTimeApi>;

/** How a job finds its provider. */
export type Matching =
  /** Take this standing offer, or the cheapest that fits. */
  | { readonly offer: OfferAddress | "cheapest"; readonly priceMax?: bigint }
  /** Ask for bids. */
  | { readonly auctionSeconds: number; readonly priceCeilingPerSecond: bigint };

/** A job to be posted. */
export type PostRequest = {
  readonly tenant: TransactionSigner;
  readonly document: JobDocumentDraft | JobDocument;
  readonly mint: MintAddress;
  readonly matching?: Matching;
  /** Files that the container finds in `/in`. */
  readonly input?: Readonly<Record<string, Uint8Array>>;
  /**
   * Key under which the tenant speaks on the data plane. With a gateway as the bridge, the gateway's `node_key`: it then sees
   * the data, and integrity is verified by roots all the same.
   */
  readonly tenantNodeKey?: Hex32 | Uint8Array;
  /** With the tenant it names the job; by default microseconds since 1970. */
  readonly index?: bigint;
  /** Symbols for the words. */
  readonly describe?: PrepareOptions;
};

/** A job that is simulated and shown, but not signed. */
export type PreparedPost = {
  readonly job: JobAddress;
  readonly document: JobDocument;
  /** What is locked, atoms. */
  readonly escrow: bigint;
  readonly coin: CoinInfo;
  readonly offer: {
    readonly address: OfferAddress;
    readonly provider: ProviderAddress;
    readonly owner: Address;
    readonly pricePerSecond: bigint;
  } | null;
  /** The canonical document, and the input as a bundle: what the provider's node is given. */
  readonly spec: Uint8Array;
  readonly input: { readonly bytes: Uint8Array; readonly root: Hex32 };
  readonly transaction: PreparedTransaction;
};

/** A verified result. */
export type VerifiedResult = {
  readonly bundle: Bundle;
  /** Who stands for the output: a committee that had it reproduced, or the provider alone. */
  readonly by: "committee" | "provider";
  readonly verdict: JudgedReceipt | null;
  /** The provider's signed receipt, where its signature could be had. */
  readonly receipt: Receipt | null;
};

/** No standing offer fits; each says why. */
export class NoOfferFits extends InputError {
  readonly refused: readonly { readonly offer: OfferAddress; readonly failing: readonly Mismatch[] }[];
  constructor(refused: NoOfferFits["refused"]) {
    const words = refused
      .slice(0, 5)
      .map(
        ({ offer, failing }) =>
          `${offer}: ${failing.map((f) => `${f.requirement} (needs ${f.needed}, has ${f.found})`).join(", ")}`,
      );
    super(
      "no_offer_fits",
      refused.length === 0 ? "there is no standing offer" : `no offer fits: ${words.join("; ")}`,
      "Ask for less, raise the price, or post an auction.",
    );
    this.refused = refused;
  }
}

/** A client of one network. */
export class Proofmill {
  readonly rpc: ProofmillRpc;
  readonly accounts: Accounts;
  /** For discovery and data; never believed. */
  readonly gateway: GatewayClient | undefined;
  readonly #gatewayOptions: GatewayOptions | undefined;

  constructor(options: { readonly rpc: ProofmillRpc; readonly gateway?: GatewayOptions | string }) {
    this.rpc = options.rpc;
    this.accounts = accountsOf(options.rpc);
    this.#gatewayOptions = typeof options.gateway === "string" ? { url: options.gateway } : options.gateway;
    this.gateway = this.#gatewayOptions === undefined ? undefined : new GatewayClient(this.#gatewayOptions);
  }

  /** Signs a wallet in to the gateway, and gives a client that speaks for it. */
  async signIn(wallet: MessagePartialSigner): Promise<Proofmill> {
    const given = this.#needGateway();
    const owner = wallet.address as Address as WalletAddress;
    const message = await given.client.challenge(owner, new URL(given.options.url).host);
    const [signatures] = await wallet.signMessages([createSignableMessage(message)]);
    const signature = signatures?.[wallet.address];
    if (signature === undefined)
      throw new TransactionError(
        "refused",
        "the wallet did not sign",
        "Sign the message, or go on without the gateway.",
      );
    const session = await given.client.openSession(owner, message, toBase64(Uint8Array.from(signature)));
    return new Proofmill({ rpc: this.rpc, gateway: { ...given.options, session: session.token } });
  }

  /** Checks that the gateway and the RPC speak of the same network and programs. @throws {@link MismatchError} */
  async checkGateway(): Promise<void> {
    const { client } = this.#needGateway();
    const [network, genesis] = await Promise.all([client.network(), this.rpc.getGenesisHash().send()]);
    checkNetworkRecord(network, genesis);
  }

  /** The chain's clock, unix seconds. */
  async now(): Promise<bigint> {
    const slot = await this.rpc.getSlot({ commitment: "confirmed" }).send();
    const time = await this.rpc
      .getBlockTime(slot)
      .send()
      .catch(() => null);
    return time === null ? BigInt(Math.floor(Date.now() / 1_000)) : BigInt(time);
  }

  /** What the chain says of an offer and what it depends on. */
  async offerFacts(at: OfferAddress): Promise<OfferFacts> {
    const offer = await this.accounts.offer(at);
    const provider = await this.accounts.provider(offer.provider as ProviderAddress);
    const [stake, rule, config, now] = await Promise.all([
      address.stake(provider.owner).then((stakeAt) => this.accounts.stake(stakeAt)),
      this.accounts.mintRule(offer.mint as MintAddress),
      this.accounts.marketConfig(),
      this.now(),
    ]);
    return { offer, provider, stake, rule, config, now };
  }

  /**
   * The cheapest standing offer that fits. A gateway, if there is one, names candidates; every one is read from the chain and
   * checked there before it is proposed.
   * @throws {@link NoOfferFits} with the requirement that fails, offer by offer
   */
  async cheapestOffer(need: Requirements): Promise<{ readonly address: OfferAddress; readonly facts: OfferFacts }> {
    const refused: { offer: OfferAddress; failing: readonly Mismatch[] }[] = [];
    for await (const candidate of this.#candidates(need)) {
      const facts = await this.offerFacts(candidate);
      const failing = mismatches(need, facts);
      if (failing.length === 0) return { address: candidate, facts };
      refused.push({ offer: candidate, failing });
    }
    throw new NoOfferFits(refused);
  }

  async *#candidates(need: Requirements): AsyncGenerator<OfferAddress, void, void> {
    if (this.gateway !== undefined) {
      const pages = this.gateway.all(
        (at) =>
          (this.gateway as GatewayClient).offers({
            ...at,
            mint: need.mint as MintAddress,
            priceMax: need.priceCeilingPerSecond,
          }),
        500,
      );
      const offers = [];
      for await (const offer of pages) offers.push(offer);
      offers.sort((a, b) => (a.price_per_second < b.price_per_second ? -1 : 1));
      for (const offer of offers) {
        await checkOfferRecord(this.accounts, offer);
        yield offer.address;
      }
      return;
    }
    const listed = await this.accounts.list(OFFER);
    listed.sort((a, b) => (a.data.pricePerSecond < b.data.pricePerSecond ? -1 : 1));
    for (const { address: at } of listed) yield at as OfferAddress;
  }

  /** Builds and simulates the posting transaction, with the match in it. Nothing is signed: show `transaction.words`. */
  async preparePost(request: PostRequest): Promise<PreparedPost> {
    const document = completeJobDocument(request.document);
    const terms = documentTerms(document);
    const coin = await this.accounts.coin(request.mint);
    const input = writeBundle(request.input ?? {});
    if (document.inputs.root !== null && document.inputs.root !== input.root) {
      throw new InputError(
        "input_root",
        `the document asks for the input ${document.inputs.root}, the files have ${input.root}`,
        "Give the files that the document names, or correct it.",
      );
    }
    const matching: Matching = request.matching ?? { offer: "cheapest" };
    const ceilingOfDocument = terms.priceCeilingPerSecond === 0n ? undefined : terms.priceCeilingPerSecond;
    let offer: PreparedPost["offer"] = null;
    let price: bigint;
    let auctionSeconds = 0;
    if ("offer" in matching) {
      const need: Requirements = {
        ...terms,
        mint: request.mint,
        priceCeilingPerSecond: least(matching.priceMax, ceilingOfDocument),
        allowSimulated: terms.allowSimulated === 1,
      };
      const found =
        matching.offer === "cheapest"
          ? await this.cheapestOffer(need)
          : { address: matching.offer, facts: await this.offerFacts(matching.offer) };
      const failing = mismatches(need, found.facts);
      if (failing.length > 0) throw new NoOfferFits([{ offer: found.address, failing }]);
      price = found.facts.offer.pricePerSecond;
      offer = {
        address: found.address,
        provider: found.facts.offer.provider as ProviderAddress,
        owner: found.facts.provider.owner,
        pricePerSecond: price,
      };
    } else {
      price = matching.priceCeilingPerSecond;
      auctionSeconds = matching.auctionSeconds;
      if (ceilingOfDocument !== undefined && price > ceilingOfDocument) {
        throw new InputError(
          "price_ceiling",
          `${price} atoms per second, the document allows ${ceilingOfDocument}`,
          "Lower the price, or change the document.",
        );
      }
    }
    const index = request.index ?? BigInt(Date.now()) * 1_000n + BigInt(Math.floor(Math.random() * 1_000));
    if (index < 0n || index >= TASK_INDEX_FLOOR)
      throw new InputError("index", `${index} is no job index`, "Use a number below 2^63.");
    const nodeKey = request.tenantNodeKey ?? (await this.#bridgeKey());
    const composed = await compose.postAndTake(
      request.tenant,
      coin,
      {
        ...terms,
        index,
        specHash: bytes32(terms.specHash),
        imageDigest: bytes32(terms.imageDigest),
        inputRoot: bytes32(input.root),
        tenantNodeKey: bytes32(nodeKey),
        priceCeilingPerSecond: price,
        auctionSeconds,
      },
      offer === null ? undefined : { offer: offer.address, provider: offer.provider, owner: offer.owner },
    );
    const mints = { [request.mint]: { decimals: coin.decimals }, ...request.describe?.mints };
    const transaction = await prepareTransaction(this.rpc, request.tenant, composed.instructions, {
      ...request.describe,
      wallet: request.tenant.address,
      mints,
    });
    return {
      job: composed.address,
      document,
      escrow: escrow(price, document.max_seconds),
      coin,
      offer,
      spec: documentBytes(document),
      input,
      transaction,
    };
  }

  /** Signs and sends what was prepared. */
  send(prepared: { readonly transaction: PreparedTransaction }, options?: SendOptions): Promise<LandedTransaction> {
    return signAndSend(this.rpc, prepared.transaction, options);
  }

  /** Prepares, signs and sends, and gives document and input to the gateway where there is a signed-in one. */
  async post(
    request: PostRequest,
    options?: SendOptions,
  ): Promise<PreparedPost & { readonly landed: LandedTransaction; readonly delivery: DeliveryRecord | null }> {
    const prepared = await this.preparePost(request);
    const landed = await this.send(prepared, options);
    const delivery =
      this.#gatewayOptions?.session === undefined && this.#gatewayOptions?.apiKey === undefined
        ? null
        : await this.deliver(prepared);
    return { ...prepared, landed, delivery };
  }

  /** Gives the job's document and input to the gateway, which hands them to the provider's node. */
  async deliver(prepared: Pick<PreparedPost, "job" | "spec" | "input">): Promise<DeliveryRecord> {
    const { client } = this.#needGateway();
    await onceIndexed(() => client.putSpec(prepared.job, prepared.spec));
    return client.putInput(prepared.job, prepared.input.bytes);
  }

  /** The job, at once and whenever it changes. */
  watch(job: JobAddress, options: WatchOptions = {}): AsyncGenerator<JobView, void, void> {
    return watchJob(this.accounts, job, this.gateway === undefined ? options : { gateway: this.gateway, ...options });
  }

  /** Waits until the job is settled, or `until` says so. */
  wait(
    job: JobAddress,
    options: WatchOptions & { readonly until?: (view: JobView) => boolean } = {},
  ): Promise<JobView> {
    return waitForJob(this.accounts, job, this.gateway === undefined ? options : { gateway: this.gateway, ...options });
  }

  /**
   * Downloads a job's output and verifies it: against the committee's root where there was a verdict, else against the
   * provider's signed receipt whose hash the chain holds. What does not verify is not returned.
   */
  async result(
    at: JobAddress,
    options: ReadBundleOptions & { readonly job?: JobView["job"]; readonly abortSignal?: AbortSignal } = {},
  ): Promise<VerifiedResult> {
    const { client } = this.#needGateway();
    const [job, config] = await Promise.all([options.job ?? this.accounts.job(at), this.accounts.marketConfig()]);
    const found = await this.accounts.findVerdict(at, job.attempt);
    const verdict = found === undefined ? null : checkVerdict(found, at, job);
    const signed = await client.receipt(
      at,
      options.abortSignal === undefined ? {} : { abortSignal: options.abortSignal },
    );
    const receipt =
      signed.signature === null ? null : verifyReceipt(signed.bytes, signed.signature, at, job, config.domain);
    const claim = outputClaim(job, receipt?.outputRoot);
    const root = claim.by === "nobody" ? verdict?.outputRoot : claim.root;
    if (root === undefined || root === null) {
      throw new VerificationError(
        "output_unproved",
        "neither a verdict nor a signed receipt names the output",
        "Wait for the verdict, or ask another gateway for the receipt.",
      );
    }
    if (verdict?.outputRoot != null && receipt !== null && receipt.outputRoot !== verdict.outputRoot) {
      throw new VerificationError(
        "output_contested",
        "the provider's receipt and the committee's verdict name different outputs",
        "Trust the verdict; report the provider.",
      );
    }
    const bundle = await client.output(at, root, options);
    return {
      bundle,
      by: claim.by === "provider" && verdict?.outputRoot == null ? "provider" : "committee",
      verdict,
      receipt,
    };
  }

  /** Withdraws an open job and pays its escrow back, in one transaction. */
  async prepareCancel(tenant: TransactionSigner, at: JobAddress): Promise<PreparedTransaction> {
    const job = await this.accounts.job(at);
    return this.prepare(tenant, [compose.cancelJob(tenant, at), await compose.claimRefund(at, job)]);
  }

  /** Pays everybody whom a settled job owes and closes it. */
  async prepareClose(payer: TransactionSigner, at: JobAddress): Promise<PreparedTransaction> {
    const [job, config] = await Promise.all([this.accounts.job(at), this.accounts.marketConfig()]);
    const provider = await this.accounts.provider(job.provider as ProviderAddress).catch(() => undefined);
    const of = {
      address: at,
      job,
      treasury: config.treasury,
      ...(provider === undefined ? {} : { providerOwner: provider.owner }),
    };
    return this.prepare(payer, await compose.payOutAndClose(of));
  }

  /** Adds running time to a service; anyone may pay. */
  async prepareTopUp(payer: TransactionSigner, at: JobAddress, seconds: number): Promise<PreparedTransaction> {
    return this.prepare(payer, [await compose.topUpJob(payer, at, await this.accounts.job(at), seconds)]);
  }

  /** Ends a service, by its tenant or its provider's operator. */
  async prepareStop(party: TransactionSigner, at: JobAddress): Promise<PreparedTransaction> {
    const job = await this.accounts.job(at);
    const provider = await this.accounts.provider(job.provider as ProviderAddress);
    return this.prepare(party, [await compose.stopJob(party, at, job, provider)]);
  }

  /** Lets a paused service run on, by its provider's operator. */
  async prepareResume(operator: TransactionSigner, at: JobAddress): Promise<PreparedTransaction> {
    return this.prepare(operator, [compose.resumeJob(operator, at, await this.accounts.job(at))]);
  }

  /** Draws what a service has earned so far into its provider's owner's account, which is opened if it is not there. */
  async prepareDraw(payer: TransactionSigner, at: JobAddress): Promise<PreparedTransaction> {
    const job = await this.accounts.job(at);
    const { owner } = await this.accounts.provider(job.provider as ProviderAddress);
    return this.prepare(payer, [
      await compose.createTokenAccount(payer, owner, compose.coinOfJob(job)),
      await compose.claimStream(at, job, owner),
    ]);
  }

  /** Tells the chain what both sides signed of a service's usage; anyone may send it. */
  async prepareUsage(payer: TransactionSigner, at: JobAddress, usage: SignedUsage): Promise<PreparedTransaction> {
    return this.prepare(payer, [await compose.reportUsage(at, usage)]);
  }

  /** Simulates instructions and puts them into words. */
  prepare(
    payer: TransactionSigner,
    instructions: Parameters<typeof prepareTransaction>[2],
    options: PrepareOptions = {},
  ): Promise<PreparedTransaction> {
    return prepareTransaction(this.rpc, payer, instructions, { wallet: payer.address, ...options });
  }

  /** The gateway's own key, where it is the bridge to the data plane. */
  async #bridgeKey(): Promise<Hex32> {
    const key = this.gateway === undefined ? null : (await this.gateway.network()).node_key;
    if (key === null) {
      throw new InputError(
        "tenant_node_key",
        "the job names no key for the data plane",
        "Give `tenantNodeKey`, or a gateway that bridges the data plane.",
      );
    }
    return key;
  }

  #needGateway(): { readonly client: GatewayClient; readonly options: GatewayOptions } {
    if (this.gateway === undefined || this.#gatewayOptions === undefined) {
      throw new InputError("no_gateway", "this needs a gateway", "Give one: new Proofmill({ rpc, gateway: url }).");
    }
    return { client: this.gateway, options: this.#gatewayOptions };
  }
}

/** Asks again while the gateway has not seen what the chain confirmed already. */
async function onceIndexed<T>(ask: () => Promise<T>): Promise<T> {
  const until = Date.now() + INDEX_MS_MAX;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof GatewayRefusal && error.status === 404) || Date.now() > until) throw error;
      await pause(POLL_MS);
    }
  }
}

function least(a: bigint | undefined, b: bigint | undefined): bigint {
  const most = (1n << 64n) - 1n;
  const [x, y] = [a ?? most, b ?? most];
  return x < y ? x : y;
}
