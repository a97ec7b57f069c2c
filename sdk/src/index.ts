/**
 * The client of Proofmill: rent GPUs on Solana, pay for proven work.
 *
 * {@link Proofmill} does what a tenant does in a few calls. Beneath it every part stands alone and pulls in nothing else:
 * instructions ({@link compose}), addresses ({@link derive}), words for a signing screen ({@link describeTransaction}),
 * verification of receipts, verdicts and bundles, the gateway's client, and the generated clients of both programs.
 * @packageDocumentation
 */
export * from "./accounts.js";
export * as derive from "./address.js";
export type { Coin } from "./address.js";
export * from "./amount.js";
export * from "./arrays.js";
export * from "./artifacts/bundle.js";
export * from "./artifacts/limits.js";
export * from "./artifacts/manifest.js";
export * from "./codes.js";
export * as compose from "./compose.js";
export * from "./describe.js";
export * from "./envelope.js";
export * from "./errors.js";
export * from "./event-log.js";
export * from "./gateway/check.js";
export * from "./gateway/client.js";
export type * from "./gateway/records.js";
export type { Page } from "./gateway/read.js";
export type { GatewayOptions } from "./gateway/transport.js";
export * from "./ids.js";
export * from "./job-document.js";
export * from "./matching.js";
export * from "./priority.js";
export * from "./program-error.js";
export * from "./proofmill.js";
export * from "./receipt.js";
export * from "./service.js";
export * from "./text.js";
export * from "./transact.js";
export * from "./usage.js";
export * from "./verdict.js";
export * from "./watch.js";
export * as arbiter from "./generated/arbiter/index.js";
export * as market from "./generated/market/index.js";
