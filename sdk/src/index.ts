/** @packageDocumentation The client of Proofmill: rent GPUs on Solana, pay for proven work. */
export * as market from "./generated/market/index.js";
export * as arbiter from "./generated/arbiter/index.js";
