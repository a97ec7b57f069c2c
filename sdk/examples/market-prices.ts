/**
 * Reads the market from the chain alone: offers, cheapest first, with what an hour costs the tenant, and the stake that the
 * provider locks for it: the mint's least, and what this provider's record makes of it today. Needs no key.
 *
 * Environment: RPC_URL, MINT.
 */
import { env } from "node:process";
import { createSolanaRpc } from "@solana/kit";
import { accountsOf, escrow, formatTokens, lock, mintAddress, pledge, type ProviderAddress } from "@proofmill/client";

const { RPC_URL = "", MINT = "" } = env;
const accounts = accountsOf(createSolanaRpc(RPC_URL));
const coin = await accounts.coin(mintAddress(MINT));
const [rule, config] = await Promise.all([accounts.mintRule(coin.mint), accounts.marketConfig()]);
const hour = 3_600;
const offers = (await accounts.offers()).filter(({ data }) => data.mint === coin.mint);
const rows = offers.map(async ({ address, data: offer }) => {
  const provider = await accounts.provider(offer.provider as ProviderAddress);
  return {
    offer: address,
    hour: formatTokens(escrow(offer.pricePerSecond, hour), coin.decimals),
    // Atoms of the stake mint, of the provider's own: the tenant pays none of it.
    provider_locks: {
      least: lock(offer.pricePerSecond, hour, coin.lockBps).toString(),
      today: pledge({ maxSeconds: hour }, { offer, provider, rule, config }).toString(),
    },
  };
});
console.log(JSON.stringify(await Promise.all(rows)));
