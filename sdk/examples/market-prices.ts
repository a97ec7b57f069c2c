/**
 * Reads the market from the chain alone: offers, cheapest first, and what a job would cost and lock. Needs no key.
 *
 * Environment: RPC_URL, MINT.
 */
import { env } from "node:process";
import { createSolanaRpc } from "@solana/kit";
import { accountsOf, escrow, formatTokens, lock, mintAddress } from "@proofmill/client";

const { RPC_URL = "", MINT = "" } = env;
const accounts = accountsOf(createSolanaRpc(RPC_URL));
const coin = await accounts.coin(mintAddress(MINT));
const hour = 3_600;
const offers = (await accounts.offers()).filter(({ data }) => data.mint === coin.mint);
console.log(
  JSON.stringify(
    offers.map(({ address, data }) => ({
      offer: address,
      hour: formatTokens(escrow(data.pricePerSecond, hour), coin.decimals),
      locks: lock(data.pricePerSecond, hour, coin.lockBps).toString(),
    })),
  ),
);
