/**
 * What a person can do on the chain, as instructions. Each reads what it depends on from the chain; where a gateway's word
 * was shown and the chain says otherwise, nothing is built.
 */
import { createNoopSigner, type Address, type Instruction } from '@solana/kit';
import {
  derive,
  bytes32,
  compose,
  documentTerms,
  MismatchError,
  type Coin,
  type JobAddress,
  type OfferAddress,
  type ProviderAddress,
  type MintAddress,
} from '@proofmill/client';
import { decimal } from '../text/amount';
import type { Plan } from '../signing/plan';
import { SigningFault } from '../signing/words';
import { accounts } from '../gateway/rpc';
import { coinOf, findStake, readConfig, readJob, readOffer, readProvider } from './accounts';
import type { Launch } from './launch';

export const signerOf = (address: string) => createNoopSigner(address as Address);
export const plan = (...instructions: readonly Instruction[]): Plan => ({ instructions });

/** @throws {@link SigningFault} if the wallet holds less than `needed` atoms. */
export async function requireFunds(
  signer: string,
  coin: Coin & { readonly decimals: number },
  needed: bigint,
): Promise<void> {
  const [held] = await accounts([await derive.tokenAccount(signer as Address, coin)]);
  const amount = held === null || held === undefined ? 0n : new DataView(held.data.buffer).getBigUint64(64, true);
  if (amount >= needed) return;
  throw new SigningFault({
    what: `The escrow is ${decimal(needed, coin.decimals)} and your wallet holds ${decimal(amount, coin.decimals)}.`,
    next: 'Nothing was signed. Add tokens to the wallet, or reserve less time.',
  });
}

export interface PostRequest {
  readonly signer: string;
  readonly launch: Launch;
  readonly mint: string;
  /** The gateway's node key, to which the tenant's part of the data plane is entrusted. */
  readonly nodeKey: string;
  /** The offer to take, with the price that was shown; null asks for bids. */
  readonly offer: { readonly address: string; readonly pricePerSecond: bigint } | null;
  readonly ceilingPerSecond: bigint;
  readonly auctionSeconds: number;
  readonly escrowShown: bigint;
}

export async function postJob(request: PostRequest): Promise<Plan> {
  const { signer, launch } = request;
  const coin = await coinOf(request.mint);
  const terms = documentTerms(launch.document);
  let price = request.ceilingPerSecond;
  let take: Parameters<typeof compose.postAndTake>[3];
  if (request.offer !== null) {
    const offer = await readOffer(request.offer.address);
    if (offer.mint !== request.mint) throw new MismatchError('the token of the offer', request.mint, offer.mint);
    if (offer.pricePerSecond !== request.offer.pricePerSecond) {
      throw new MismatchError(
        'the price of the offer',
        `${decimal(request.offer.pricePerSecond, 0)} atoms per second`,
        decimal(offer.pricePerSecond, 0),
      );
    }
    const provider = await readProvider(offer.provider);
    // The account named as the provider has to be the one that its owner derives.
    const derived = await derive.provider(provider.owner);
    if (derived !== (offer.provider as string))
      throw new MismatchError('the provider of the offer', offer.provider, derived);
    price = offer.pricePerSecond;
    take = {
      offer: request.offer.address as OfferAddress,
      provider: offer.provider as ProviderAddress,
      owner: provider.owner,
    };
  }
  const escrow = price * BigInt(terms.maxSeconds);
  if (escrow !== request.escrowShown) {
    throw new MismatchError('the escrow', decimal(request.escrowShown, coin.decimals), decimal(escrow, coin.decimals));
  }
  await requireFunds(signer, coin, escrow);
  const composed = await compose.postAndTake(
    signerOf(signer),
    coin,
    {
      index: launch.index,
      specHash: bytes32(terms.specHash),
      imageDigest: bytes32(terms.imageDigest),
      inputRoot: bytes32(launch.inputRoot),
      tenantNodeKey: bytes32(request.nodeKey),
      priceCeilingPerSecond: price,
      maxSeconds: terms.maxSeconds,
      vramMib: terms.vramMib,
      certificateAgeSecondsMax: terms.certificateAgeSecondsMax,
      slaBond: terms.slaBond,
      auctionSeconds: request.auctionSeconds,
      region: terms.region,
      uptimeBps: terms.uptimeBps,
      slaUptimeBps: terms.slaUptimeBps,
      attemptsMax: terms.attemptsMax,
      kind: terms.kind,
      class: terms.class,
      tier: terms.tier,
      gpuCount: terms.gpuCount,
      allowSimulated: terms.allowSimulated,
    },
    take,
  );
  if (composed.address !== launch.job) throw new MismatchError('the job’s address', launch.job, composed.address);
  return plan(...composed.instructions);
}

export async function cancelJob(signer: string, job: string): Promise<Plan> {
  const found = await readJob(job);
  if (found.tenant !== signer) throw new MismatchError('the tenant', signer, found.tenant);
  return plan(compose.cancelJob(signerOf(signer), job as JobAddress));
}

export async function collectRefund(job: string): Promise<Plan> {
  return plan(await compose.claimRefund(job as JobAddress, await readJob(job)));
}

export async function collectReward(job: string): Promise<Plan> {
  const found = await readJob(job);
  const provider = await readProvider(found.provider);
  const coin = compose.coinOfJob(found);
  const payer = signerOf(provider.owner);
  return plan(
    await compose.createTokenAccount(payer, provider.owner, coin),
    await compose.claimReward(job as JobAddress, found, provider.owner),
  );
}

export async function publishOffer(request: {
  readonly signer: string;
  readonly mint: string;
  readonly pricePerSecond: bigint;
  readonly secondsMax: number;
  readonly expiresAt: number;
  /** Whether services may take it as batch jobs do. */
  readonly services: boolean;
}): Promise<Plan> {
  const at = await derive.provider(request.signer as Address);
  const provider = await readProvider(at);
  const composed = await compose.publishOffer(
    signerOf(request.signer),
    request.signer as Address,
    request.mint as MintAddress,
    {
      pricePerSecond: request.pricePerSecond,
      secondsMax: request.secondsMax,
      expiresAt: BigInt(request.expiresAt),
      slaBondMax: 0n,
      index: provider.offersTotal,
      slaUptimeMaxBps: 0,
      services: request.services ? 1 : 0,
    },
  );
  return plan(...composed.instructions);
}

export async function withdrawOffer(signer: string, offer: string): Promise<Plan> {
  const found = await readOffer(offer);
  return plan(
    compose.withdrawOffer(signerOf(signer), found.provider as ProviderAddress, offer as OfferAddress, found.rentPayer),
  );
}

export async function depositStake(signer: string, amount: bigint): Promise<Plan> {
  const coin = compose.coinOfStakes(await readConfig());
  const stake = await findStake(signer);
  return plan(...(await compose.depositStake(signerOf(signer), coin, amount, stake === null)));
}

export async function unbondStake(signer: string, amount: bigint): Promise<Plan> {
  return plan(await compose.unbondStake(signerOf(signer), amount));
}

export async function withdrawStake(signer: string): Promise<Plan> {
  const coin = compose.coinOfStakes(await readConfig());
  return plan(
    await compose.createTokenAccount(signerOf(signer), signer as Address, coin),
    await compose.withdrawStake(signerOf(signer), coin),
  );
}

export async function appealSlash(signer: string, slashCase: string): Promise<Plan> {
  return plan(await compose.appealSlash(signerOf(signer), slashCase as Address));
}
