/**
 * A service: what the chain says of its time and money, and what either side can do with it. A gateway's word on usage, on
 * when the escrow runs dry, or on who is owed what is not asked.
 */
import {
  compose,
  derive,
  dryAt,
  expiresAfter,
  isService,
  JOB_STATE,
  meterOf,
  MismatchError,
  NOBODY,
  slaDue,
  streamable,
  topUp,
  type JobAddress,
  type JobState,
  type market,
  type Meter,
} from '@proofmill/client';
import type { Address } from '@solana/kit';
import type { Plan } from '../signing/plan';
import { SigningFault } from '../signing/words';
import { decimal } from '../text/amount';
import { coinOf, findJob, readConfig, readJob, readProvider } from './accounts';
import { plan, requireFunds, signerOf } from './actions';

/** A service as its account has it. */
export interface ServiceView {
  readonly state: JobState;
  readonly tenant: string;
  readonly provider: string | null;
  /** The provider's operator, who resumes; and its owner, who is paid. */
  readonly operator: string | null;
  readonly owner: string | null;
  readonly mint: string;
  readonly meter: Meter;
  readonly pricePerSecond: bigint;
  readonly escrowed: bigint;
  readonly feeBps: number;
  readonly streamed: bigint;
  /** When the clock will have consumed the escrow; null while it does not run. */
  readonly dryAt: number | null;
  /** After this anyone may end it; null where that is not for the clock to say. */
  readonly expiresAfter: number | null;
  readonly sla: {
    readonly bond: bigint;
    readonly requiredBps: number;
    /** Due to the tenant, atoms of the stake mint: settled, or if it ended now. */
    readonly due: bigint;
    readonly settled: boolean;
    readonly claimed: boolean;
  } | null;
}

/** Bit of `Job.claimed`: the tenant has collected what was due of the bond. */
const CLAIMED_SLA = 8;

export function serviceView(
  job: market.Job,
  provider: { readonly operator: string; readonly owner: string } | null,
  now: number,
): ServiceView {
  const meter = meterOf(job);
  const state = JOB_STATE.word(job.state);
  const settled = state === 'settled';
  const clocked = state === 'running' || state === 'paused';
  return {
    state,
    tenant: job.tenant,
    provider: provider === null ? null : job.provider,
    operator: provider?.operator ?? null,
    owner: provider?.owner ?? null,
    mint: job.mint,
    meter,
    pricePerSecond: job.pricePerSecond,
    escrowed: job.escrowed,
    feeBps: job.feeBps,
    streamed: job.streamed,
    dryAt: clocked ? Number(dryAt(meter)) : null,
    expiresAfter: clocked ? Number(expiresAfter(meter)) : null,
    sla:
      job.slaBond === 0n
        ? null
        : {
            bond: job.slaBond,
            requiredBps: job.slaUptimeBps,
            due: settled ? job.slaDue : slaDue(meter, BigInt(Math.floor(now)), job.slaBond, job.slaUptimeBps),
            settled,
            claimed: (job.claimed & CLAIMED_SLA) !== 0,
          },
  };
}

/** Null when the account is gone: the service is closed. */
export async function readService(at: string, now: number): Promise<ServiceView | null> {
  const job = await findJob(at);
  if (job === null) return null;
  requireService(job);
  return serviceView(job, (job.provider as string) === NOBODY ? null : await readProvider(job.provider), now);
}

function requireService(job: market.Job): void {
  if (isService(job)) return;
  throw new SigningFault({ what: 'The chain says that this job is no service.', next: 'Nothing was signed.' });
}

async function serviceJob(at: string): Promise<market.Job> {
  const job = await readJob(at);
  requireService(job);
  return job;
}

/** What more time costs this payer, by the chain as it is now. */
export async function topUpCost(payer: string, at: string, seconds: number): Promise<bigint> {
  const job = await serviceJob(at);
  return topUp(job, seconds, payer === job.tenant).atoms;
}

export async function topUpService(payer: string, at: string, seconds: number, costShown: bigint): Promise<Plan> {
  const job = await serviceJob(at);
  const coin = await coinOf(job.mint);
  const { atoms } = topUp(job, seconds, payer === job.tenant);
  if (atoms !== costShown) {
    throw new MismatchError('the cost', decimal(costShown, coin.decimals), decimal(atoms, coin.decimals));
  }
  await requireFunds(payer, coin, atoms);
  return plan(
    // What the escrow covers already costs nothing, but the program still names the account.
    await compose.createTokenAccount(signerOf(payer), payer as Address, coin),
    await compose.topUpJob(signerOf(payer), at as JobAddress, job, seconds),
  );
}

export async function stopService(party: string, at: string): Promise<Plan> {
  const job = await serviceJob(at);
  const provider = await readProvider(job.provider);
  if (party !== job.tenant && party !== provider.operator)
    throw new MismatchError('who may end it', party, `${job.tenant} or ${provider.operator}`);
  return plan(await compose.stopJob(signerOf(party), at as JobAddress, job, provider));
}

export async function resumeService(operator: string, at: string): Promise<Plan> {
  const job = await serviceJob(at);
  const provider = await readProvider(job.provider);
  if (operator !== provider.operator) throw new MismatchError('the operator', operator, provider.operator);
  return plan(compose.resumeJob(signerOf(operator), at as JobAddress, job));
}

/** Draws the provider's earnings; whoever signs, they go to its owner. */
export async function drawEarnings(signer: string, at: string): Promise<Plan> {
  const job = await serviceJob(at);
  const provider = await readProvider(job.provider);
  if (streamable({ ...job, usageMs: job.meteredMs }) === 0n) {
    throw new SigningFault({
      what: 'There is nothing to draw: no usage was accepted since the last time.',
      next: 'Nothing was signed. Usage is accepted when the tenant co-signs it, or validators witness it.',
    });
  }
  return plan(
    await compose.createTokenAccount(signerOf(signer), provider.owner, compose.coinOfJob(job)),
    await compose.claimStream(at as JobAddress, job, provider.owner),
  );
}

/** Collects what is due of the provider's bond; whoever signs, it goes to the tenant. */
export async function claimSla(signer: string, at: string): Promise<Plan> {
  const job = await serviceJob(at);
  const [provider, config] = await Promise.all([readProvider(job.provider), readConfig()]);
  const stakes = compose.coinOfStakes(config);
  if ((await derive.provider(provider.owner)) !== job.provider)
    throw new MismatchError('the provider', job.provider, provider.owner);
  return plan(
    await compose.createTokenAccount(signerOf(signer), job.tenant, stakes),
    await compose.claimSla(at as JobAddress, job, provider.owner, stakes),
  );
}
