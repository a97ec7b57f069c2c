/** The gateway's own description of its answers, from gateway/openapi.json. Types only: the readers check at run time. */

export interface paths {
  readonly "/healthz": {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    /** Whether the process lives */
    readonly get: operations["health"];
    readonly put?: never;
    readonly post?: never;
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly "/metrics": {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    /** Counters for Prometheus */
    readonly get: operations["metrics"];
    readonly put?: never;
    readonly post?: never;
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly "/openapi.json": {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    /** This document */
    readonly get: operations["openapi"];
    readonly put?: never;
    readonly post?: never;
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly "/readyz": {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    /** Whether everything that the node has is indexed */
    readonly get: operations["readiness"];
    readonly put?: never;
    readonly post?: never;
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly "/rpc": {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly get?: never;
    readonly put?: never;
    /**
     * Passes a question on to the network's node
     * @description The methods: getLatestBlockhash, simulateTransaction, sendTransaction, getAccountInfo, getMultipleAccounts,
     *     getSignatureStatuses, getBalance, getTokenAccountBalance, getMinimumBalanceForRentExemption, getGenesisHash, getSlot,
     *     getBlockHeight, getEpochInfo, getRecentPrioritizationFees. Lists of questions are refused.
     */
    readonly post: operations["rpc"];
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly "/v1/audit": {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    /** Who did what in the name of the caller's wallet, the newest first */
    readonly get: operations["audit"];
    readonly put?: never;
    readonly post?: never;
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly "/v1/auth/challenge": {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly get?: never;
    readonly put?: never;
    /** Begins a sign-in: the message for the wallet to sign (Sign-In With Solana) */
    readonly post: operations["challenge"];
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly "/v1/auth/session": {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    /** Who the caller is */
    readonly get: operations["session"];
    readonly put?: never;
    /** Ends a sign-in: a session for the signature */
    readonly post: operations["open_session"];
    /** Ends the caller's session */
    readonly delete: operations["close_session"];
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly "/v1/cases": {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    /** Slashes that wait, are appealed, or are over */
    readonly get: operations["cases"];
    readonly put?: never;
    readonly post?: never;
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly "/v1/config": {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    /** Every parameter of both programs, and the changes that wait */
    readonly get: operations["config"];
    readonly put?: never;
    readonly post?: never;
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly "/v1/epoch": {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    /** The present validator set, and the next */
    readonly get: operations["epoch"];
    readonly put?: never;
    readonly post?: never;
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly "/v1/events": {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    /** Everything that either program did, the newest first */
    readonly get: operations["events"];
    readonly put?: never;
    readonly post?: never;
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly "/v1/faucet": {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly get?: never;
    readonly put?: never;
    /** Test money for a wallet: local networks only */
    readonly post: operations["faucet"];
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly "/v1/jobs": {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    /** Jobs, the newest first; closed ones too */
    readonly get: operations["jobs"];
    readonly put?: never;
    readonly post?: never;
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly "/v1/jobs/{job}": {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    /** A job, also a closed one */
    readonly get: operations["job"];
    readonly put?: never;
    readonly post?: never;
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly "/v1/jobs/{job}/bids": {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    /** Bids on a job, the lowest first */
    readonly get: operations["job_bids"];
    readonly put?: never;
    readonly post?: never;
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly "/v1/jobs/{job}/delivery": {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    /** How far what was given has come */
    readonly get: operations["delivery"];
    readonly put?: never;
    readonly post?: never;
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly "/v1/jobs/{job}/events": {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    /** Everything that happened to a job and to the rounds that judged it, the oldest first */
    readonly get: operations["job_events"];
    readonly put?: never;
    readonly post?: never;
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly "/v1/jobs/{job}/input": {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly get?: never;
    /** Gives the input of a job: the bundle that its root names */
    readonly put: operations["put_input"];
    readonly post?: never;
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly "/v1/jobs/{job}/logs": {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    /**
     * Follows a job's log
     * @description Events `chunk` carry `{"offset": "…", "base64": "…"}`; `end` carries `{"length": "…"}`, or `{"error": "…"}` where
     *     the log broke off: ask again from where you are.
     */
    readonly get: operations["logs"];
    readonly put?: never;
    readonly post?: never;
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly "/v1/jobs/{job}/output": {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    /** The output of a job as a bundle; check it against `output_root` */
    readonly get: operations["output"];
    readonly put?: never;
    readonly post?: never;
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly "/v1/jobs/{job}/ports/{port}/ticket": {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly get?: never;
    readonly put?: never;
    /**
     * A ticket for a port of a service: a path that a browser opens without any other credential
     * @description Below the path the gateway passes on HTTP/1.1 and WebSockets to the port. What the service answers is kept away from
     *     everything else of this origin: its pages run in a sandbox without an origin, its cookies are dropped.
     */
    readonly post: operations["port_ticket"];
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly "/v1/jobs/{job}/receipt": {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    /** The receipt of a job, as its provider signed it */
    readonly get: operations["receipt"];
    readonly put?: never;
    readonly post?: never;
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly "/v1/jobs/{job}/round": {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    /** The rounds that judged a job; those whose accounts are gone, from their events */
    readonly get: operations["job_rounds"];
    readonly put?: never;
    readonly post?: never;
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly "/v1/jobs/{job}/spec": {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly get?: never;
    /** Gives the specification of a job: the canonical JSON that its hash names */
    readonly put: operations["put_spec"];
    readonly post?: never;
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly "/v1/keys": {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    /** The keys of the caller's wallet */
    readonly get: operations["keys"];
    readonly put?: never;
    /** Makes an API key for the caller's wallet */
    readonly post: operations["make_key"];
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly "/v1/keys/{id}": {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly get?: never;
    readonly put?: never;
    readonly post?: never;
    /** Ends a key */
    readonly delete: operations["drop_key"];
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly "/v1/match": {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly get?: never;
    readonly put?: never;
    /** Which offers fit a job, and which requirement fails where */
    readonly post: operations["explain_match"];
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly "/v1/network": {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    /** The network as this gateway sees it */
    readonly get: operations["network"];
    readonly put?: never;
    readonly post?: never;
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly "/v1/offers": {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    /** Standing offers, the cheapest first */
    readonly get: operations["offers"];
    readonly put?: never;
    readonly post?: never;
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly "/v1/prices/history": {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    /** Prices of matches over time; spans without a match are left out */
    readonly get: operations["price_history"];
    readonly put?: never;
    readonly post?: never;
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly "/v1/prices/percentiles": {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    /** Where prices lie: of offers now, of matches in the last day */
    readonly get: operations["price_percentiles"];
    readonly put?: never;
    readonly post?: never;
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly "/v1/providers": {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    /** Providers, by their addresses */
    readonly get: operations["providers"];
    readonly put?: never;
    readonly post?: never;
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly "/v1/providers/{owner}": {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    /** A provider, by its owner's or its own address */
    readonly get: operations["provider"];
    readonly put?: never;
    readonly post?: never;
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly "/v1/rewards": {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    /** Reward pools, the newest epoch first */
    readonly get: operations["rewards"];
    readonly put?: never;
    readonly post?: never;
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly "/v1/stakes/{owner}": {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    /** The stake of an owner */
    readonly get: operations["stake"];
    readonly put?: never;
    readonly post?: never;
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly "/v1/stream": {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    /**
     * Changes as they happen
     * @description Events `job`, `offer`, `provider`, `round` and `slot` carry the JSON of the endpoints; an offer that is gone is
     *     `{"address", "removed": true}`. `id` resumes; where that is too long ago, `reset` says that the endpoints must be
     *     read anew. A comment every 15 seconds shows that the stream lives.
     */
    readonly get: operations["stream"];
    readonly put?: never;
    readonly post?: never;
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly "/v1/validators": {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    /** Every validator on the roster */
    readonly get: operations["validators"];
    readonly put?: never;
    readonly post?: never;
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
}
export type webhooks = Record<string, never>;
export interface components {
  schemas: {
    /**
     * @description 64 bits without sign as a decimal text.
     * @example 1000000
     */
    readonly Amount: string;
    /** @description A line of the audit log. */
    readonly AuditLine: {
      readonly action: string;
      /** @description `session`, or `key:<id>`. */
      readonly actor: string;
      /** Format: int64 */
      readonly at: number;
      readonly sequence: components["schemas"]["Amount"];
      /** @description What it was done to. */
      readonly subject: string;
    };
    /** @description A provider's answer to an open job. */
    readonly Bid: {
      /** @description The attempt that it won; 0 if none. */
      readonly accepted_attempt: number;
      readonly address: components["schemas"]["Key"];
      readonly deposit_lamports: components["schemas"]["Amount"];
      readonly job: components["schemas"]["Key"];
      /** Format: int64 */
      readonly placed_at: number;
      readonly price_per_second: components["schemas"]["Amount"];
      readonly provider: components["schemas"]["Key"];
      readonly withdrawn: boolean;
    };
    /** @description Prices of matches within one span of time. */
    readonly Bucket: {
      /**
       * Format: int64
       * @description Its begin, unix seconds.
       */
      readonly at: number;
      /** Format: int64 */
      readonly count: number;
      readonly max: components["schemas"]["Amount"];
      readonly median: components["schemas"]["Amount"];
      readonly min: components["schemas"]["Amount"];
    };
    /** @description A slash that waits, is appealed, or is over. */
    readonly Case: {
      readonly address: components["schemas"]["Key"];
      readonly amount: components["schemas"]["Amount"];
      readonly attempt: number;
      /** @description Bond of the appeal, while it is undecided. */
      readonly bond: components["schemas"]["Amount"];
      readonly bounty: components["schemas"]["Amount"];
      /**
       * Format: int64
       * @description Until when an appeal has to be decided; null without one.
       */
      readonly decide_by: number | null;
      /**
       * Format: int64
       * @description When anyone may apply it; until then its owner may appeal.
       */
      readonly due_at: number;
      readonly evidence: components["schemas"]["Key"] | null;
      readonly job: components["schemas"]["Key"];
      /** @description verdict, or the kind of evidence. */
      readonly kind: string;
      /** Format: int64 */
      readonly opened_at: number;
      readonly owner: components["schemas"]["Key"] | null;
      readonly remaining: components["schemas"]["Amount"];
      readonly reporter: components["schemas"]["Key"] | null;
      readonly slashed: components["schemas"]["Amount"];
      /** @description The stake that is slashed, and its owner. */
      readonly stake: components["schemas"]["Key"];
      /** @description open, appealed, upheld, taken or returned. */
      readonly state: string;
    };
    /** @description What the arbiter measured of a provider's GPU. */
    readonly Certificate: {
      /** @description Exact int8 operations per second, in 10^9. */
      readonly gops: components["schemas"]["Amount"];
      /** Format: int64 */
      readonly measured_at: number;
      readonly tier: string;
      readonly vram_mib: number;
    };
    /** @description What the wallet is to sign. */
    readonly Challenge: {
      /** @description Sign exactly these bytes (UTF-8). */
      readonly message: string;
      readonly message_fields: components["schemas"]["MessageFields"];
    };
    /** @description The wallet that wants to sign in. */
    readonly ChallengeRequest: {
      readonly address: components["schemas"]["Key"];
    };
    /** @description How far what was given has come. */
    readonly Delivery: {
      /** @description Why the last try failed; null if none did. */
      readonly error: string | null;
      /** @description missing, held or delivered. */
      readonly input: string;
      /** @description missing, held or delivered. */
      readonly spec: string;
    };
    /** @description The life of the present validator set. */
    readonly Epoch: {
      /** @description 0 before the first. */
      readonly epoch: number;
      /** @description Least life of a set, seconds. */
      readonly epoch_seconds: number;
      /** @description Members of the present set. */
      readonly frozen: readonly components["schemas"]["Member"][];
      readonly next: components["schemas"]["Set"] | null;
      /** Format: int64 */
      readonly started_at: number;
    };
    /** @description The body of every refusal. */
    readonly ErrorBody: {
      readonly error: components["schemas"]["ErrorDetail"];
    };
    /** @description What was refused and what to do next. */
    readonly ErrorDetail: {
      /** @description For programs: snake case, stable. */
      readonly code: string;
      /** @description The parameter or field that was refused, where one was. */
      readonly field: string | null;
      /** @description For people. */
      readonly message: string;
      /** @description What to do next. */
      readonly next: string;
    };
    /** @description What a job would cost. */
    readonly Estimate: {
      readonly cheapest_price_per_second: components["schemas"]["Amount"] | null;
      readonly cheapest_total: components["schemas"]["Amount"] | null;
      /** @description Locked when the job is posted: ceiling times reserved seconds, atoms. */
      readonly escrow: components["schemas"]["Amount"];
      /** @description Platform fee at most, out of the provider's gross, atoms. */
      readonly fee: components["schemas"]["Amount"];
      /** @description Why no offer can be taken at all at present; null if there is no such reason. */
      readonly obstacle: string | null;
    };
    /** @description Something that a program did. */
    readonly Event: {
      /**
       * Format: int64
       * @description Unix seconds, as the block says.
       */
      readonly at: number | null;
      /** @description Every field: addresses in base58, bytes in hexadecimal, 64-bit numbers without sign as texts. */
      readonly data: Record<string, never>;
      /** @description Position among the events of its transaction. */
      readonly index: number;
      readonly job: components["schemas"]["Key"] | null;
      /** @description As the interface description names it. */
      readonly name: string;
      /** @description market or arbiter. */
      readonly program: string;
      /** @description Orders all events; never used twice. */
      readonly sequence: components["schemas"]["Amount"];
      readonly signature: string;
      /** Format: int64 */
      readonly slot: number;
    };
    /** @description What fits, and why the rest does not. */
    readonly Explanation: {
      readonly estimate: components["schemas"]["Estimate"];
      /** @description The cheapest first. */
      readonly matches: readonly components["schemas"]["Offer"][];
      /** @description The cheapest first. */
      readonly refused: readonly components["schemas"]["Refused"][];
    };
    /** @description A requirement that an offer does not meet. */
    readonly Failing: {
      readonly found: string;
      readonly needed: string;
      /** @description As the program's refusal names it, in snake case. */
      readonly requirement: string;
    };
    /** @description Who wants test money. */
    readonly FaucetRequest: {
      readonly address: components["schemas"]["Key"];
    };
    /** @description What was given. */
    readonly Given: {
      readonly lamports: components["schemas"]["Amount"];
      readonly payment: components["schemas"]["Amount"] | null;
      readonly payment_mint: components["schemas"]["Key"] | null;
      readonly signature: string;
      readonly stake: components["schemas"]["Amount"] | null;
      readonly stake_mint: components["schemas"]["Key"] | null;
    };
    /**
     * @description 32 bytes in lower hexadecimal.
     * @example 0000000000000000000000000000000000000000000000000000000000000001
     */
    readonly Hash32: string;
    /** @description That the process lives. */
    readonly Health: {
      readonly status: string;
    };
    /** @description A job. What a closed job's events do not say is null. */
    readonly Job: {
      readonly address: components["schemas"]["Key"];
      readonly allow_simulated: boolean | null;
      readonly array: components["schemas"]["Key"] | null;
      readonly attempt: number;
      readonly attempts_max: number | null;
      /** @description Share of such receipts that is audited, basis points. */
      readonly audit_bps: number | null;
      readonly best_bid_per_second: components["schemas"]["Amount"] | null;
      readonly bids: number | null;
      /** Format: int64 */
      readonly bids_until: number | null;
      readonly certificate_age_seconds_max: number | null;
      /** @description Which parts have been collected: reward, refund, fee, sla. */
      readonly claimed: readonly string[];
      /** @description deterministic or witnessed. */
      readonly class: string | null;
      /** @description Whether the account is gone; what is left was rebuilt from events. */
      readonly closed: boolean;
      readonly escrowed: components["schemas"]["Amount"];
      /** Format: int32 */
      readonly exit_code: number | null;
      readonly fee: components["schemas"]["Amount"];
      readonly fee_bps: number | null;
      readonly gpu_count: number | null;
      readonly image_digest: components["schemas"]["Hash32"] | null;
      readonly index: components["schemas"]["Amount"] | null;
      readonly input_root: components["schemas"]["Hash32"] | null;
      /** @description batch, array (a task of one) or service. */
      readonly kind: string | null;
      /** @description Stake of the provider pledged to this job. */
      readonly lock: components["schemas"]["Amount"];
      /** Format: int64 */
      readonly matched_at: number | null;
      /** @description instant or auction. */
      readonly matched_by: string | null;
      readonly max_seconds: number | null;
      /** @description Billed time, milliseconds. */
      readonly metered_ms: components["schemas"]["Amount"];
      readonly mint: components["schemas"]["Key"];
      readonly node_key: components["schemas"]["Hash32"] | null;
      readonly outcome: string | null;
      readonly output_root: components["schemas"]["Hash32"] | null;
      readonly paid: components["schemas"]["Amount"];
      /** Format: int64 */
      readonly paused_at: number | null;
      readonly paused_ms: components["schemas"]["Amount"];
      /** Format: int64 */
      readonly posted_at: number | null;
      /**
       * Format: int64
       * @description Slot of posting: tells this life of the address from any other.
       */
      readonly posted_slot: number;
      readonly price_ceiling_per_second: components["schemas"]["Amount"] | null;
      readonly price_per_second: components["schemas"]["Amount"] | null;
      readonly provider: components["schemas"]["Key"] | null;
      /**
       * Format: int64
       * @description Latest instant for the receipt, once running.
       */
      readonly receipt_by: number | null;
      readonly receipt_hash: components["schemas"]["Hash32"] | null;
      readonly refunded: components["schemas"]["Amount"];
      readonly region: number | null;
      readonly service: components["schemas"]["Service"] | null;
      /** Format: int64 */
      readonly settled_at: number | null;
      readonly sla_bond: components["schemas"]["Amount"] | null;
      readonly sla_uptime_bps: number | null;
      readonly slashed: components["schemas"]["Amount"];
      readonly spec_hash: components["schemas"]["Hash32"] | null;
      /**
       * Format: int64
       * @description Latest instant to start, once matched.
       */
      readonly start_by: number | null;
      /** Format: int64 */
      readonly started_at: number | null;
      readonly state: string;
      /** @description Net that the provider has been paid while its service runs. */
      readonly streamed: components["schemas"]["Amount"];
      /** Format: int64 */
      readonly submitted_at: number | null;
      readonly task_index: number | null;
      readonly tenant: components["schemas"]["Key"];
      readonly tenant_node_key: components["schemas"]["Hash32"] | null;
      /** @description exited, out_of_memory, timed_out or output_refused. */
      readonly termination: string | null;
      /** @description Least tier asked for. */
      readonly tier: string | null;
      readonly uptime_bps: number | null;
      /**
       * Format: int64
       * @description Latest instant for a verdict, once submitted.
       */
      readonly verdict_by: number | null;
      readonly vram_mib: number | null;
    };
    /**
     * @description 32 bytes in base58.
     * @example 4RxD8qYa4468A16255q7Jv6v3L2T17wLbcfo9De1baRC
     */
    readonly Key: string;
    /** @description What a key is to be. */
    readonly KeyRequest: {
      /**
       * Format: int64
       * @description Unix seconds; without an end if not given.
       */
      readonly expires_at?: number | null;
      /** @description For the list alone. */
      readonly name: string;
      /** @description owner, operator or viewer. */
      readonly role: string;
    };
    /** @description A key, without its secret. */
    readonly ListedKey: {
      /** Format: int64 */
      readonly created_at: number;
      /** Format: int64 */
      readonly expires_at: number | null;
      readonly id: string;
      readonly name: string;
      /** @description owner, operator or viewer. */
      readonly role: string;
    };
    /** @description A key that was made. */
    readonly MadeKey: {
      readonly id: string;
      /** @description For `X-Api-Key`; shown once. */
      readonly key: string;
    };
    /** @description What a job would ask for. */
    readonly MatchRequest: {
      readonly allow_simulated?: boolean;
      /** @description Oldest certificate accepted; 0 asks for none. */
      readonly certificate_age_seconds_max?: number;
      readonly gpu_count?: number;
      /** @description batch or service. */
      readonly kind?: string | null;
      readonly max_seconds: number;
      readonly mint: components["schemas"]["Key"];
      /** @description Atoms per second at most. */
      readonly price_ceiling_per_second: components["schemas"]["Amount"];
      /** @description ISO 3166 numeric country code; 0 for anywhere. */
      readonly region?: number;
      readonly sla_bond?: components["schemas"]["Amount"] | null;
      readonly sla_uptime_bps?: number;
      /** @description any, consumer, prosumer or datacenter. */
      readonly tier?: string | null;
      readonly uptime_bps?: number;
      readonly vram_mib?: number;
    };
    /** @description A member of a frozen set. */
    readonly Member: {
      readonly delegate: components["schemas"]["Key"];
      readonly node_key: components["schemas"]["Hash32"];
      readonly owner: components["schemas"]["Key"];
      readonly seat: number;
      readonly weight: components["schemas"]["Amount"];
    };
    /** @description What the message says, field by field. */
    readonly MessageFields: {
      readonly address: components["schemas"]["Key"];
      readonly chain_id: string;
      readonly domain: string;
      readonly expiration_time: string;
      readonly issued_at: string;
      readonly nonce: string;
      readonly statement: string;
      readonly uri: string;
      readonly version: string;
    };
    /** @description A mint in which jobs may be paid. */
    readonly Mint: {
      /** @description Most that the audit budget pays for a second of a re-execution, atoms. */
      readonly audit_price_max: components["schemas"]["Amount"];
      readonly decimals: number;
      readonly enabled: boolean;
      /** @description Least escrow of a job, atoms. */
      readonly escrow_min: components["schemas"]["Amount"];
      /** @description Stake locked per atom of escrow, basis points. */
      readonly lock_bps: number;
      readonly mint: components["schemas"]["Key"];
      /** @description The token program that the mint belongs to. */
      readonly token_program: components["schemas"]["Key"];
    };
    /** @description The network as this gateway sees it. */
    readonly Network: {
      /** @description Whether simulated devices may be matched: local networks only. */
      readonly allow_simulated: boolean;
      /** @description Address of the arbiter program. */
      readonly arbiter: components["schemas"]["Key"];
      /**
       * Format: int64
       * @description Newest slot that the node has answered for.
       */
      readonly chain_slot: number;
      /** @description Whether `POST /v1/faucet` gives test money. */
      readonly faucet: boolean;
      readonly genesis_hash: string;
      /**
       * Format: int64
       * @description Every event up to this slot is indexed.
       */
      readonly indexed_slot: number;
      /** @description Whether this is a local network, whose money is worth nothing. */
      readonly local: boolean;
      /** @description Address of the market program. */
      readonly market: components["schemas"]["Key"];
      readonly mints: readonly components["schemas"]["Mint"][];
      readonly node_key: components["schemas"]["Hash32"] | null;
      /** @description Whether openings (posts, matches, offers, bids) are refused. */
      readonly paused: boolean;
      readonly stake_mint: components["schemas"]["Key"] | null;
      /** @description Version of the gateway. */
      readonly version: string;
    };
    /** @description A provider's standing price. */
    readonly Offer: {
      readonly active_jobs: number;
      readonly address: components["schemas"]["Key"];
      /** @description Concurrent jobs that the provider takes at most. */
      readonly capacity: number;
      /** @description Whether the smallest job could take it at this moment. */
      readonly fits_now: boolean;
      readonly gpu_count: number;
      readonly gpu_model: string;
      readonly index: number;
      readonly mint: components["schemas"]["Key"];
      readonly owner: components["schemas"]["Key"];
      /** @description Atoms per second. */
      readonly price_per_second: components["schemas"]["Amount"];
      /** @description The `Provider` account. */
      readonly provider: components["schemas"]["Key"];
      /** Format: int64 */
      readonly published_at: number;
      readonly region: number;
      /** @description Longest run it covers. */
      readonly seconds_max: number;
      /** @description Whether services may take it. */
      readonly services: boolean;
      readonly simulated: boolean;
      readonly sla_bond_max: components["schemas"]["Amount"];
      readonly sla_uptime_max_bps: number;
      readonly tier: string;
      /**
       * Format: int64
       * @description Unix seconds.
       */
      readonly valid_until: number;
      readonly vram_mib: number;
    };
    /** @description A session that is open. */
    readonly OpenedSession: {
      readonly address: components["schemas"]["Key"];
      /** Format: int64 */
      readonly expires_at: number;
      /** @description For `Authorization: Bearer`; shown once. */
      readonly token: string;
    };
    /** @description One page of a list. */
    readonly Page_AuditLine: {
      readonly items: readonly components["schemas"]["AuditLine"][];
      /** @description Give it back as `cursor` to read on; null at the end. */
      readonly next_cursor: string | null;
    };
    /** @description One page of a list. */
    readonly Page_Bid: {
      readonly items: readonly components["schemas"]["Bid"][];
      /** @description Give it back as `cursor` to read on; null at the end. */
      readonly next_cursor: string | null;
    };
    /** @description One page of a list. */
    readonly Page_Case: {
      readonly items: readonly components["schemas"]["Case"][];
      /** @description Give it back as `cursor` to read on; null at the end. */
      readonly next_cursor: string | null;
    };
    /** @description One page of a list. */
    readonly Page_Event: {
      readonly items: readonly components["schemas"]["Event"][];
      /** @description Give it back as `cursor` to read on; null at the end. */
      readonly next_cursor: string | null;
    };
    /** @description One page of a list. */
    readonly Page_Job: {
      readonly items: readonly components["schemas"]["Job"][];
      /** @description Give it back as `cursor` to read on; null at the end. */
      readonly next_cursor: string | null;
    };
    /** @description One page of a list. */
    readonly Page_ListedKey: {
      readonly items: readonly components["schemas"]["ListedKey"][];
      /** @description Give it back as `cursor` to read on; null at the end. */
      readonly next_cursor: string | null;
    };
    /** @description One page of a list. */
    readonly Page_Offer: {
      readonly items: readonly components["schemas"]["Offer"][];
      /** @description Give it back as `cursor` to read on; null at the end. */
      readonly next_cursor: string | null;
    };
    /** @description One page of a list. */
    readonly Page_Provider: {
      readonly items: readonly components["schemas"]["Provider"][];
      /** @description Give it back as `cursor` to read on; null at the end. */
      readonly next_cursor: string | null;
    };
    /** @description One page of a list. */
    readonly Page_RewardPool: {
      readonly items: readonly components["schemas"]["RewardPool"][];
      /** @description Give it back as `cursor` to read on; null at the end. */
      readonly next_cursor: string | null;
    };
    /** @description Every parameter, and what waits for the timelock. */
    readonly Parameters: {
      /** @description Every field of the arbiter's `ArbiterConfig`. */
      readonly arbiter: Record<string, never> | null;
      /** @description Every field of the market's `Config`. */
      readonly market: Record<string, never> | null;
      /** @description The change that waits, with `applies_at`; null if none does. */
      readonly queued_arbiter: Record<string, never> | null;
      /** @description The change that waits, with `applies_at`; null if none does. */
      readonly queued_market: Record<string, never> | null;
    };
    /** @description Where prices lie, atoms per second. Null where there are none. */
    readonly Percentiles: {
      /** Format: int64 */
      readonly count: number;
      readonly p10: components["schemas"]["Amount"] | null;
      readonly p50: components["schemas"]["Amount"] | null;
      readonly p90: components["schemas"]["Amount"] | null;
    };
    /** @description A way to a service's port. Whoever has the path reaches it: keep it as a password. */
    readonly PortTicket: {
      /**
       * Format: int64
       * @description Unix seconds; it ends before with the service.
       */
      readonly expires_at: number;
      /** @description Where the port's HTTP is, on this gateway: `/p/<ticket>/`. */
      readonly path: string;
    };
    /** @description Where prices lie. */
    readonly Prices: {
      /** @description Of matches in the last day. */
      readonly matched_24h: components["schemas"]["Percentiles"];
      /** @description Of standing offers that can be taken now. */
      readonly offers: components["schemas"]["Percentiles"];
    };
    /** @description A provider. Names are its own words and unverified. */
    readonly Provider: {
      /** @description Whether it takes new jobs. */
      readonly active: boolean;
      readonly address: components["schemas"]["Key"];
      /** @description Concurrent jobs at most. */
      readonly capacity: number;
      readonly certificate: components["schemas"]["Certificate"] | null;
      /** @description Audited and accepted since the last fault. */
      readonly consecutive_accepted: number;
      /** @description Where the node is dialled, `[ip]:port`; null if it did not say. */
      readonly endpoint: string | null;
      /** @description Hash of the hardware and runtime class: re-executions happen within it. */
      readonly gpu_class: components["schemas"]["Hash32"];
      readonly gpu_count: number;
      /** @description Device model as the driver names it, unverified. */
      readonly gpu_model: string;
      readonly jobs_accepted: number;
      /** @description Given back, not started, or without a receipt. */
      readonly jobs_failed: number;
      readonly jobs_rejected: number;
      /** @description Key that signs receipts and names the node on the data plane. */
      readonly node_key: components["schemas"]["Hash32"];
      readonly owner: components["schemas"]["Key"];
      /** @description ISO 3166 numeric country code; 0 if unknown. */
      readonly region: number;
      /** Format: int64 */
      readonly registered_at: number;
      /** @description Last epoch for which rewards were claimed. */
      readonly rewarded_epoch: number;
      readonly simulated: boolean;
      readonly stake: components["schemas"]["Stake"] | null;
      /** @description consumer, prosumer or datacenter. */
      readonly tier: string;
      readonly uptime_bps: number;
      /** @description Whether `uptime_bps` was measured or is the initial assumption. */
      readonly uptime_measured: boolean;
      readonly vram_mib: number;
    };
    /** @description Whether everything that the node has is indexed. */
    readonly Readiness: {
      readonly accounts: boolean;
      /** Format: int64 */
      readonly chain_slot: number;
      readonly database: boolean;
      /** Format: int64 */
      readonly indexed_slot: number;
      readonly ready: boolean;
    };
    /** @description A receipt as its provider signed it. */
    readonly Receipt: {
      /** @description The key that signed: that of the match. */
      readonly node_key: components["schemas"]["Hash32"];
      /** @description The 512 bytes, in base64. */
      readonly receipt: string;
      /** @description SHA-256 of them, as the chain holds it. */
      readonly receipt_hash: components["schemas"]["Hash32"];
      /** @description The node key's signature over the receipt's core, in base64; null until it is indexed. */
      readonly signature: string | null;
    };
    /** @description An offer that does not fit, and why. */
    readonly Refused: {
      /** @description The first is what the program would refuse. */
      readonly failing: readonly components["schemas"]["Failing"][];
      readonly offer: components["schemas"]["Key"];
      readonly provider: components["schemas"]["Key"];
    };
    /** @description Rewards of one epoch. */
    readonly RewardPool: {
      readonly address: components["schemas"]["Key"];
      readonly epoch: number;
      readonly funded: components["schemas"]["Amount"];
      readonly mint: components["schemas"]["Key"];
      readonly paid: components["schemas"]["Amount"];
      readonly root: components["schemas"]["Hash32"] | null;
      /** @description Whether somebody has claimed: from then on it takes no more. */
      readonly started: boolean;
      readonly weight_total: components["schemas"]["Amount"];
    };
    /** @description One judging of one receipt. */
    readonly Round: {
      readonly address: components["schemas"]["Key"];
      readonly attempt: number | null;
      /** Format: int64 */
      readonly commit_until: number | null;
      /** @description One per seat. */
      readonly committed: readonly boolean[];
      /** @description One per seat; null where the set that names it is gone. */
      readonly committee: readonly (components["schemas"]["Key"] | null)[];
      readonly epoch: number | null;
      /** @description 1, 2 after an escalation, 3 on appeal. */
      readonly index: number;
      /** @description Seats whose missed reveal is on record. */
      readonly missed: readonly boolean[];
      /** Format: int64 */
      readonly opened_at: number | null;
      readonly re_executed: boolean;
      readonly re_executor: components["schemas"]["Key"] | null;
      /** Format: int64 */
      readonly reveal_until: number | null;
      readonly revealed: readonly components["schemas"]["SeatOpinion"][];
      readonly reveals_min: number | null;
      /** @description open, escalated, final, or closed when the account is gone. */
      readonly state: string;
      readonly threshold: number | null;
      /** @description The verdict on the job's attempt, once reached. */
      readonly verdict: string | null;
    };
    /** @description An answer of JSON-RPC 2.0: `result` or `error`. */
    readonly RpcAnswer: {
      readonly error?: components["schemas"]["RpcFault"] | null;
      readonly id: unknown;
      readonly jsonrpc: string;
      readonly result?: unknown;
    };
    /** @description An error of JSON-RPC 2.0. */
    readonly RpcFault: {
      /** Format: int64 */
      readonly code: number;
      readonly data: unknown;
      readonly message: string;
    };
    /** @description A question of JSON-RPC 2.0. */
    readonly RpcRequest: {
      /** @description Given back as it is: a number, a text or null. */
      readonly id?: unknown;
      readonly jsonrpc: string;
      /** @description One of the methods that are passed on. */
      readonly method: string;
      readonly params?: readonly unknown[] | null;
    };
    /** @description What one seat said. */
    readonly SeatOpinion: {
      /** @description What that means. */
      readonly reason: string;
      readonly seat: number;
      readonly validator: components["schemas"]["Key"] | null;
      /** @description valid, invalid, unavailable, inconclusive or divergent. */
      readonly verdict: string;
    };
    /**
     * @description The meter of a service whose account is there. Instants are unix seconds, as the account stands: they move when it is
     *     topped up, paused or resumed.
     */
    readonly Service: {
      /**
       * Format: int64
       * @description When its clock has consumed the escrow, if it runs on; null before it runs.
       */
      readonly dry_at: number | null;
      /** @description Whether it waits for more escrow. */
      readonly paused: boolean;
      /**
       * Format: int64
       * @description After this anyone may settle it; null before it runs, and once it is settled.
       */
      readonly settles_after: number | null;
      /** @description Part of the provider's bond that is due to the tenant for missed availability, atoms of the stake mint. */
      readonly sla_due: components["schemas"]["Amount"];
      /** @description Net that its provider has earned and not drawn, atoms. */
      readonly streamable: components["schemas"]["Amount"];
      /** @description Net that its provider has drawn, atoms. */
      readonly streamed: components["schemas"]["Amount"];
      /**
       * Format: int64
       * @description When it was measured, or the service resumed; null before any.
       */
      readonly usage_at: number | null;
      /** @description Accepted usage, milliseconds. */
      readonly usage_ms: components["schemas"]["Amount"];
      /** @description Silence that ends it, seconds. */
      readonly usage_timeout_seconds: number;
    };
    /** @description The signed message. */
    readonly SessionRequest: {
      readonly address: components["schemas"]["Key"];
      /** @description As it was given, byte for byte. */
      readonly message: string;
      /** @description In base64 or base58. */
      readonly signature: string;
    };
    /** @description A frozen validator set. */
    readonly Set: {
      readonly epoch: number;
      /** Format: int64 */
      readonly frozen_at: number;
      readonly members: readonly components["schemas"]["Member"][];
    };
    /** @description A stake's balances, atoms of the stake mint. */
    readonly Stake: {
      /** @description Jobs that hold a lock. */
      readonly active_jobs: number;
      readonly address: components["schemas"]["Key"];
      readonly bonded: components["schemas"]["Amount"];
      /** @description `bonded` less `locked`: what can back a new job or leave. */
      readonly free: components["schemas"]["Amount"];
      /** @description Part of `bonded` pledged to jobs. */
      readonly locked: components["schemas"]["Amount"];
      readonly mint: components["schemas"]["Key"];
      readonly owner: components["schemas"]["Key"];
      /** @description Set aside for slashes that wait, bonds of appeals and unclaimed bounties. */
      readonly pending: components["schemas"]["Amount"];
      /**
       * Format: int64
       * @description When what is unbonding may leave, unix seconds; 0 if nothing does.
       */
      readonly releasable_at: number;
      readonly slashed_total: components["schemas"]["Amount"];
      readonly unbonding: components["schemas"]["Amount"];
    };
    /** @description A member of the oracle network. */
    readonly Validator: {
      /** @description Hot wallet that signs commitments. */
      readonly delegate: components["schemas"]["Key"];
      readonly endpoint: string | null;
      /** @description Whether it will be a member of the next set. */
      readonly in_next_set: boolean;
      /** @description Whether it is a member of the present set. */
      readonly in_set: boolean;
      /** @description Key that signs attestations and names the node on the data plane. */
      readonly node_key: components["schemas"]["Hash32"];
      /** @description Wallet that owns the stake. */
      readonly owner: components["schemas"]["Key"];
      readonly stake: components["schemas"]["Stake"] | null;
      /** Format: int64 */
      readonly weighed_at: number;
      /** @description Bonded stake at the last weighing, atoms. */
      readonly weight: components["schemas"]["Amount"];
    };
    /** @description Who the caller is. */
    readonly WhoAmI: {
      readonly address: components["schemas"]["Key"];
      /**
       * Format: int64
       * @description Null for a key without an end.
       */
      readonly expires_at: number | null;
      /** @description owner, operator or viewer. */
      readonly role: string;
    };
  };
  responses: never;
  parameters: never;
  requestBodies: never;
  headers: never;
  pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
  readonly health: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": components["schemas"]["Health"];
        };
      };
      /** @description A refusal, or a failure: what it is about and what to do next */
      readonly default: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": components["schemas"]["ErrorBody"];
        };
      };
    };
  };
  readonly metrics: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "text/plain": string;
        };
      };
      /** @description A refusal, or a failure: what it is about and what to do next */
      readonly default: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": components["schemas"]["ErrorBody"];
        };
      };
    };
  };
  readonly openapi: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": Record<string, never>;
        };
      };
      /** @description A refusal, or a failure: what it is about and what to do next */
      readonly default: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": components["schemas"]["ErrorBody"];
        };
      };
    };
  };
  readonly readiness: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": components["schemas"]["Readiness"];
        };
      };
      /** @description Not yet */
      readonly 503: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": components["schemas"]["Readiness"];
        };
      };
      /** @description A refusal, or a failure: what it is about and what to do next */
      readonly default: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": components["schemas"]["ErrorBody"];
        };
      };
    };
  };
  readonly rpc: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody: {
      readonly content: {
        readonly "application/json": components["schemas"]["RpcRequest"];
      };
    };
    readonly responses: {
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": components["schemas"]["RpcAnswer"];
        };
      };
      /** @description A refusal, or a failure: what it is about and what to do next */
      readonly default: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": components["schemas"]["ErrorBody"];
        };
      };
    };
  };
  readonly audit: {
    readonly parameters: {
      readonly query?: {
        readonly cursor?: string;
        readonly limit?: number;
      };
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": components["schemas"]["Page_AuditLine"];
        };
      };
      /** @description A refusal, or a failure: what it is about and what to do next */
      readonly default: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": components["schemas"]["ErrorBody"];
        };
      };
    };
  };
  readonly challenge: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody: {
      readonly content: {
        readonly "application/json": components["schemas"]["ChallengeRequest"];
      };
    };
    readonly responses: {
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": components["schemas"]["Challenge"];
        };
      };
      /** @description A refusal, or a failure: what it is about and what to do next */
      readonly default: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": components["schemas"]["ErrorBody"];
        };
      };
    };
  };
  readonly session: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": components["schemas"]["WhoAmI"];
        };
      };
      /** @description A refusal, or a failure: what it is about and what to do next */
      readonly default: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": components["schemas"]["ErrorBody"];
        };
      };
    };
  };
  readonly open_session: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody: {
      readonly content: {
        readonly "application/json": components["schemas"]["SessionRequest"];
      };
    };
    readonly responses: {
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": components["schemas"]["OpenedSession"];
        };
      };
      /** @description A refusal, or a failure: what it is about and what to do next */
      readonly default: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": components["schemas"]["ErrorBody"];
        };
      };
    };
  };
  readonly close_session: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description Ended */
      readonly 204: {
        headers: {
          readonly [name: string]: unknown;
        };
        content?: never;
      };
      /** @description A refusal, or a failure: what it is about and what to do next */
      readonly default: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": components["schemas"]["ErrorBody"];
        };
      };
    };
  };
  readonly cases: {
    readonly parameters: {
      readonly query?: {
        readonly cursor?: string;
        readonly limit?: number;
        /** @description Of the stake of this wallet. */
        readonly owner?: components["schemas"]["Key"];
      };
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": components["schemas"]["Page_Case"];
        };
      };
      /** @description A refusal, or a failure: what it is about and what to do next */
      readonly default: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": components["schemas"]["ErrorBody"];
        };
      };
    };
  };
  readonly config: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": components["schemas"]["Parameters"];
        };
      };
      /** @description A refusal, or a failure: what it is about and what to do next */
      readonly default: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": components["schemas"]["ErrorBody"];
        };
      };
    };
  };
  readonly epoch: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": components["schemas"]["Epoch"];
        };
      };
      /** @description A refusal, or a failure: what it is about and what to do next */
      readonly default: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": components["schemas"]["ErrorBody"];
        };
      };
    };
  };
  readonly events: {
    readonly parameters: {
      readonly query?: {
        /** @description Events in which this address stands. */
        readonly account?: components["schemas"]["Key"];
        readonly cursor?: string;
        readonly limit?: number;
        /** @description As the interface description names it, such as JobSettled. */
        readonly name?: string;
      };
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": components["schemas"]["Page_Event"];
        };
      };
      /** @description A refusal, or a failure: what it is about and what to do next */
      readonly default: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": components["schemas"]["ErrorBody"];
        };
      };
    };
  };
  readonly faucet: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody: {
      readonly content: {
        readonly "application/json": components["schemas"]["FaucetRequest"];
      };
    };
    readonly responses: {
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": components["schemas"]["Given"];
        };
      };
      /** @description A refusal, or a failure: what it is about and what to do next */
      readonly default: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": components["schemas"]["ErrorBody"];
        };
      };
    };
  };
  readonly jobs: {
    readonly parameters: {
      readonly query?: {
        readonly cursor?: string;
        readonly kind?: string;
        readonly limit?: number;
        readonly mint?: components["schemas"]["Key"];
        /** @description The owner's wallet, or the `Provider` account. */
        readonly provider?: components["schemas"]["Key"];
        readonly state?: string;
        readonly tenant?: components["schemas"]["Key"];
      };
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": components["schemas"]["Page_Job"];
        };
      };
      /** @description A refusal, or a failure: what it is about and what to do next */
      readonly default: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": components["schemas"]["ErrorBody"];
        };
      };
    };
  };
  readonly job: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path: {
        /** @description The `Job` account */
        readonly job: components["schemas"]["Key"];
      };
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": components["schemas"]["Job"];
        };
      };
      /** @description A refusal, or a failure: what it is about and what to do next */
      readonly default: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": components["schemas"]["ErrorBody"];
        };
      };
    };
  };
  readonly job_bids: {
    readonly parameters: {
      readonly query?: {
        readonly cursor?: string;
        readonly limit?: number;
      };
      readonly header?: never;
      readonly path: {
        /** @description The `Job` account */
        readonly job: components["schemas"]["Key"];
      };
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": components["schemas"]["Page_Bid"];
        };
      };
      /** @description A refusal, or a failure: what it is about and what to do next */
      readonly default: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": components["schemas"]["ErrorBody"];
        };
      };
    };
  };
  readonly delivery: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path: {
        /** @description The `Job` account */
        readonly job: components["schemas"]["Key"];
      };
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": components["schemas"]["Delivery"];
        };
      };
      /** @description A refusal, or a failure: what it is about and what to do next */
      readonly default: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": components["schemas"]["ErrorBody"];
        };
      };
    };
  };
  readonly job_events: {
    readonly parameters: {
      readonly query?: {
        readonly cursor?: string;
        readonly limit?: number;
      };
      readonly header?: never;
      readonly path: {
        /** @description The `Job` account */
        readonly job: components["schemas"]["Key"];
      };
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": components["schemas"]["Page_Event"];
        };
      };
      /** @description A refusal, or a failure: what it is about and what to do next */
      readonly default: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": components["schemas"]["ErrorBody"];
        };
      };
    };
  };
  readonly put_input: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path: {
        /** @description The `Job` account */
        readonly job: components["schemas"]["Key"];
      };
      readonly cookie?: never;
    };
    readonly requestBody: {
      readonly content: {
        readonly "application/octet-stream": readonly number[];
      };
    };
    readonly responses: {
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": components["schemas"]["Delivery"];
        };
      };
      /** @description A refusal, or a failure: what it is about and what to do next */
      readonly default: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": components["schemas"]["ErrorBody"];
        };
      };
    };
  };
  readonly logs: {
    readonly parameters: {
      readonly query?: {
        /** @description First byte wanted. */
        readonly from?: number;
      };
      readonly header?: never;
      readonly path: {
        /** @description The `Job` account */
        readonly job: components["schemas"]["Key"];
      };
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "text/event-stream": string;
        };
      };
      /** @description A refusal, or a failure: what it is about and what to do next */
      readonly default: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": components["schemas"]["ErrorBody"];
        };
      };
    };
  };
  readonly output: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path: {
        /** @description The `Job` account */
        readonly job: components["schemas"]["Key"];
      };
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/octet-stream": readonly number[];
        };
      };
      /** @description A refusal, or a failure: what it is about and what to do next */
      readonly default: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": components["schemas"]["ErrorBody"];
        };
      };
    };
  };
  readonly port_ticket: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path: {
        /** @description The `Job` account */
        readonly job: components["schemas"]["Key"];
        /** @description The port in the container */
        readonly port: number;
      };
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": components["schemas"]["PortTicket"];
        };
      };
      /** @description A refusal, or a failure: what it is about and what to do next */
      readonly default: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": components["schemas"]["ErrorBody"];
        };
      };
    };
  };
  readonly receipt: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path: {
        /** @description The `Job` account */
        readonly job: components["schemas"]["Key"];
      };
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": components["schemas"]["Receipt"];
        };
      };
      /** @description A refusal, or a failure: what it is about and what to do next */
      readonly default: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": components["schemas"]["ErrorBody"];
        };
      };
    };
  };
  readonly job_rounds: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path: {
        /** @description The `Job` account */
        readonly job: components["schemas"]["Key"];
      };
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": readonly components["schemas"]["Round"][];
        };
      };
      /** @description A refusal, or a failure: what it is about and what to do next */
      readonly default: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": components["schemas"]["ErrorBody"];
        };
      };
    };
  };
  readonly put_spec: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path: {
        /** @description The `Job` account */
        readonly job: components["schemas"]["Key"];
      };
      readonly cookie?: never;
    };
    readonly requestBody: {
      readonly content: {
        readonly "application/octet-stream": readonly number[];
      };
    };
    readonly responses: {
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": components["schemas"]["Delivery"];
        };
      };
      /** @description A refusal, or a failure: what it is about and what to do next */
      readonly default: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": components["schemas"]["ErrorBody"];
        };
      };
    };
  };
  readonly keys: {
    readonly parameters: {
      readonly query?: {
        readonly cursor?: string;
        readonly limit?: number;
      };
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": components["schemas"]["Page_ListedKey"];
        };
      };
      /** @description A refusal, or a failure: what it is about and what to do next */
      readonly default: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": components["schemas"]["ErrorBody"];
        };
      };
    };
  };
  readonly make_key: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody: {
      readonly content: {
        readonly "application/json": components["schemas"]["KeyRequest"];
      };
    };
    readonly responses: {
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": components["schemas"]["MadeKey"];
        };
      };
      /** @description A refusal, or a failure: what it is about and what to do next */
      readonly default: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": components["schemas"]["ErrorBody"];
        };
      };
    };
  };
  readonly drop_key: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path: {
        /** @description The key's id */
        readonly id: string;
      };
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description Ended */
      readonly 204: {
        headers: {
          readonly [name: string]: unknown;
        };
        content?: never;
      };
      /** @description A refusal, or a failure: what it is about and what to do next */
      readonly default: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": components["schemas"]["ErrorBody"];
        };
      };
    };
  };
  readonly explain_match: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody: {
      readonly content: {
        readonly "application/json": components["schemas"]["MatchRequest"];
      };
    };
    readonly responses: {
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": components["schemas"]["Explanation"];
        };
      };
      /** @description A refusal, or a failure: what it is about and what to do next */
      readonly default: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": components["schemas"]["ErrorBody"];
        };
      };
    };
  };
  readonly network: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": components["schemas"]["Network"];
        };
      };
      /** @description A refusal, or a failure: what it is about and what to do next */
      readonly default: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": components["schemas"]["ErrorBody"];
        };
      };
    };
  };
  readonly offers: {
    readonly parameters: {
      readonly query?: {
        readonly cursor?: string;
        /** @description At least so many GPUs. */
        readonly gpu_count?: number;
        readonly limit?: number;
        readonly mint?: components["schemas"]["Key"];
        /** @description At most so many atoms per second. */
        readonly price_max?: components["schemas"]["Amount"];
        /** @description Of this provider: the owner's wallet, or the `Provider` account. */
        readonly provider?: components["schemas"]["Key"];
        /** @description ISO 3166 numeric country code. */
        readonly region?: number;
        /** @description consumer, prosumer or datacenter. */
        readonly tier?: string;
        readonly vram_min_mib?: number;
      };
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": components["schemas"]["Page_Offer"];
        };
      };
      /** @description A refusal, or a failure: what it is about and what to do next */
      readonly default: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": components["schemas"]["ErrorBody"];
        };
      };
    };
  };
  readonly price_history: {
    readonly parameters: {
      readonly query: {
        /** @description Width of a bucket, seconds; an hour if not given. */
        readonly bucket?: number;
        /** @description First instant, unix seconds; a day's worth of buckets back if not given. */
        readonly from?: number;
        readonly mint: components["schemas"]["Key"];
        /** @description consumer, prosumer or datacenter. */
        readonly tier?: string;
        /** @description First instant behind the span; now if not given. */
        readonly to?: number;
      };
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": readonly components["schemas"]["Bucket"][];
        };
      };
      /** @description A refusal, or a failure: what it is about and what to do next */
      readonly default: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": components["schemas"]["ErrorBody"];
        };
      };
    };
  };
  readonly price_percentiles: {
    readonly parameters: {
      readonly query: {
        readonly mint: components["schemas"]["Key"];
        /** @description consumer, prosumer or datacenter. */
        readonly tier?: string;
      };
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": components["schemas"]["Prices"];
        };
      };
      /** @description A refusal, or a failure: what it is about and what to do next */
      readonly default: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": components["schemas"]["ErrorBody"];
        };
      };
    };
  };
  readonly providers: {
    readonly parameters: {
      readonly query?: {
        readonly cursor?: string;
        readonly gpu_min?: number;
        readonly limit?: number;
        /** @description ISO 3166 numeric country code. */
        readonly region?: number;
        readonly simulated?: boolean;
        /** @description consumer, prosumer or datacenter. */
        readonly tier?: string;
        readonly vram_min_mib?: number;
      };
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": components["schemas"]["Page_Provider"];
        };
      };
      /** @description A refusal, or a failure: what it is about and what to do next */
      readonly default: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": components["schemas"]["ErrorBody"];
        };
      };
    };
  };
  readonly provider: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path: {
        /** @description The owner's wallet, or the `Provider` account */
        readonly owner: components["schemas"]["Key"];
      };
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": components["schemas"]["Provider"];
        };
      };
      /** @description A refusal, or a failure: what it is about and what to do next */
      readonly default: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": components["schemas"]["ErrorBody"];
        };
      };
    };
  };
  readonly rewards: {
    readonly parameters: {
      readonly query?: {
        readonly cursor?: string;
        readonly limit?: number;
      };
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": components["schemas"]["Page_RewardPool"];
        };
      };
      /** @description A refusal, or a failure: what it is about and what to do next */
      readonly default: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": components["schemas"]["ErrorBody"];
        };
      };
    };
  };
  readonly stake: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path: {
        /** @description The wallet that owns it */
        readonly owner: components["schemas"]["Key"];
      };
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": components["schemas"]["Stake"];
        };
      };
      /** @description A refusal, or a failure: what it is about and what to do next */
      readonly default: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": components["schemas"]["ErrorBody"];
        };
      };
    };
  };
  readonly stream: {
    readonly parameters: {
      readonly query?: {
        /** @description Of jobs and rounds, only this job's. */
        readonly job?: components["schemas"]["Key"];
        /** @description Resumes as `Last-Event-ID` does, for callers that cannot send headers. */
        readonly last_event_id?: string;
        /** @description Of jobs and rounds, only this tenant's. */
        readonly tenant?: components["schemas"]["Key"];
        /** @description Any of jobs, offers, providers, rounds, slots, separated by commas; all if not given. */
        readonly topics?: string;
      };
      readonly header?: {
        /** @description The last `id` that was received */
        readonly "Last-Event-ID"?: string | null;
      };
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "text/event-stream": string;
        };
      };
      /** @description A refusal, or a failure: what it is about and what to do next */
      readonly default: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": components["schemas"]["ErrorBody"];
        };
      };
    };
  };
  readonly validators: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": readonly components["schemas"]["Validator"][];
        };
      };
      /** @description A refusal, or a failure: what it is about and what to do next */
      readonly default: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": components["schemas"]["ErrorBody"];
        };
      };
    };
  };
}
