/** A job's result, fetched through a gateway that is not trusted and verified here. */
import {
  JOB_STATE,
  checkVerdict,
  hex32,
  outputClaim,
  readBundle,
  verifyReceipt,
  type Hex32,
  type JobAddress,
} from '@proofmill/client';
import { ask, askBytes } from '../gateway/client';
import { nullable, shape, type Read } from '../gateway/wire';
import { RESULT_BYTES_MAX } from '../limits';
import { fromBase64 } from '../text/base58';
import { cleanLogLine } from '../text/clean';
import { storedSession } from '../wallet/session';
import { findJob, findVerdict, readConfig, readJob } from './accounts';

/**
 * Who stands for the root: a committee after an independent re-run; the provider's signature, while a committee may still
 * judge it; or the provider's signature alone, because it was not drawn for an audit.
 */
export type Standing = 'committee' | 'provider_so_far' | 'provider';

export interface VerifiedResult {
  readonly root: string;
  readonly by: Standing;
  readonly files: readonly { readonly path: string; readonly bytes: Uint8Array<ArrayBuffer> }[];
  readonly preview: { readonly path: string; readonly text: string } | null;
}

const plain: Read<string> = (value, at) => {
  if (typeof value !== 'string') throw new Error(`${at}: a text was expected`);
  return value;
};

/** Which root the chain stands for: the committee's, or the one in the receipt whose hash the chain holds. */
async function rootOf(job: string, token: string): Promise<{ readonly root: Hex32; readonly by: Standing }> {
  const account = await readJob(job);
  const stated = outputClaim(account);
  if (stated.by === 'committee') return { root: stated.root, by: 'committee' };
  const verdict = await findVerdict(job, account.attempt);
  if (verdict !== null) {
    const judged = checkVerdict(verdict, job as JobAddress, account);
    if (judged.outputRoot !== null) return { root: judged.outputRoot, by: 'committee' };
  }
  const receipt = await ask(`/v1/jobs/${job}/receipt`, shape({ receipt: plain, signature: nullable(plain) }), {
    token,
  });
  if (receipt.signature === null)
    throw new Error('The gateway has not seen the signature of the receipt yet. Try again in a moment.');
  const config = await readConfig();
  const verified = verifyReceipt(
    fromBase64(receipt.receipt),
    fromBase64(receipt.signature),
    job as JobAddress,
    account,
    config.domain,
  );
  return {
    root: hex32(verified.outputRoot),
    by: account.state === JOB_STATE.code('settled') ? 'provider' : 'provider_so_far',
  };
}

/** Who stands for a root by now; null where the chain no longer says, because the job is closed. */
export async function standingOf(job: string, root: string): Promise<Standing | null> {
  const account = await findJob(job);
  if (account === null) return null;
  const stated = outputClaim(account);
  if (stated.by === 'committee') return stated.root === root ? 'committee' : null;
  return account.state === JOB_STATE.code('settled') ? 'provider' : 'provider_so_far';
}

/** Longest text shown as a preview, bytes. */
const PREVIEW_BYTES = 4_096;

export async function fetchResult(job: string): Promise<VerifiedResult> {
  const address = (await readJob(job)).tenant;
  const session = storedSession(address, Date.now() / 1_000);
  if (session === null) throw new Error('Sign in first');
  const { root, by } = await rootOf(job, session.token);
  const bytes = await askBytes(`/v1/jobs/${job}/output`, RESULT_BYTES_MAX, { token: session.token, patience: 600_000 });
  const bundle = await readBundle(bytes, root, { bytesMax: RESULT_BYTES_MAX });
  const files = bundle.files.map((file) => ({ path: file.path, bytes: Uint8Array.from(file.bytes) }));
  return { root: bundle.root, by, files, preview: previewOf(files) };
}

function previewOf(files: VerifiedResult['files']): VerifiedResult['preview'] {
  for (const { path, bytes } of files) {
    if (bytes.length === 0) continue;
    try {
      const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(0, PREVIEW_BYTES));
      return { path, text: text.split('\n').map(cleanLogLine).join('\n') };
    } catch {
      // No text: the next one may be.
    }
  }
  return null;
}
