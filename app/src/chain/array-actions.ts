/** What a tenant can do with an array, as instructions; each is built from what the chain says. */
import {
  arrayEscrow,
  arrayMayClose,
  bytes32,
  compose,
  documentTerms,
  JOB_STATE,
  MismatchError,
  type ArrayAddress,
  type JobAddress,
} from '@proofmill/client';
import type { Plan } from '../signing/plan';
import { SigningFault } from '../signing/words';
import { decimal } from '../text/amount';
import { coinOf, readArray, readConfig, readJob, readProvider } from './accounts';
import { plan, requireFunds, signerOf } from './actions';
import type { Launch } from './launch';

export interface ArrayRequest {
  readonly signer: string;
  readonly launch: Launch;
  readonly mint: string;
  /** The gateway's node key, to which the tenant's part of the data plane is entrusted. */
  readonly nodeKey: string;
  readonly ceilingPerSecond: bigint;
  readonly tasks: number;
  readonly deadlineSeconds: number;
  readonly escrowShown: bigint;
}

export async function postArray(request: ArrayRequest): Promise<Plan> {
  const { signer, launch } = request;
  const coin = await coinOf(request.mint);
  const terms = documentTerms(launch.document);
  const escrow = arrayEscrow(request.ceilingPerSecond, terms.maxSeconds, request.tasks);
  if (escrow !== request.escrowShown) {
    throw new MismatchError('the escrow', decimal(request.escrowShown, coin.decimals), decimal(escrow, coin.decimals));
  }
  await requireFunds(signer, coin, escrow);
  const composed = await compose.postArray(signerOf(signer), coin, {
    index: Number(launch.index),
    specHash: bytes32(terms.specHash),
    imageDigest: bytes32(terms.imageDigest),
    inputRoot: bytes32(launch.inputRoot),
    tenantNodeKey: bytes32(request.nodeKey),
    priceCeilingPerSecond: request.ceilingPerSecond,
    maxSeconds: terms.maxSeconds,
    deadlineSeconds: request.deadlineSeconds,
    vramMib: terms.vramMib,
    certificateAgeSecondsMax: terms.certificateAgeSecondsMax,
    tasksTotal: request.tasks,
    region: terms.region,
    uptimeBps: terms.uptimeBps,
    attemptsMax: terms.attemptsMax,
    class: terms.class,
    tier: terms.tier,
    gpuCount: terms.gpuCount,
    allowSimulated: terms.allowSimulated,
  });
  if (composed.address !== launch.job) throw new MismatchError('the array’s address', launch.job, composed.address);
  return plan(...composed.instructions);
}

export async function cancelArray(signer: string, array: string): Promise<Plan> {
  const found = await readArray(array);
  if (found.tenant !== signer) throw new MismatchError('the tenant', signer, found.tenant);
  return plan(compose.cancelArray(signerOf(signer), array as ArrayAddress));
}

/** Closes an array that is over; what it did not pay goes to its tenant, whoever signs. */
export async function closeArray(signer: string, array: string, nowSeconds: number): Promise<Plan> {
  const found = await readArray(array);
  if (!arrayMayClose(found, BigInt(Math.floor(nowSeconds)))) {
    throw new SigningFault({
      what: 'The array is not over: a task of it is held, or may still be taken.',
      next: 'Nothing was signed. Cancel it first, and wait until no task is held.',
    });
  }
  const coin = await coinOf(found.mint);
  return plan(
    // The tenant may have closed its token account since; whoever signs opens it again.
    await compose.createTokenAccount(signerOf(signer), found.tenant, coin),
    await compose.closeArray({ address: array as ArrayAddress, array: found, tokenProgram: coin.tokenProgram }),
  );
}

/** Pays everybody whom a settled task owes and closes its job, so that the array counts it. */
export async function closeTask(array: string, job: string): Promise<Plan> {
  const found = await readJob(job);
  if (found.array !== array) throw new MismatchError('the array of the task', array, found.array);
  if (found.state !== JOB_STATE.code('settled')) {
    throw new SigningFault({ what: 'This task is not settled.', next: 'Nothing was signed. Wait until it is.' });
  }
  const [provider, config] = await Promise.all([readProvider(found.provider), readConfig()]);
  return plan(
    ...(await compose.payOutAndClose({
      address: job as JobAddress,
      job: found,
      providerOwner: provider.owner,
      treasury: config.treasury,
    })),
  );
}
