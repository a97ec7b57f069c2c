/** Keeps, sends and sees through what was signed. */
import { GatewayFault } from '../gateway/faults';
import { rpc, RpcFault } from '../gateway/rpc';
import { anything, count, shape } from '../gateway/wire';
import { CONFIRM_POLL_MS, RESEND_MS } from '../limits';
import { alone } from '../store/database';
import { pending, record, tidy, type Sent } from '../store/outbox';
import { fromBase58, toBase58, toBase64 } from '../text/base58';
import { failureWords } from './failures';
import { SigningFault, type Prepared } from './words';

const sleep = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Whether the wallet signed what was shown: the same message, by the right key. Anything else is never sent. */
export async function checkSigned(
  prepared: Prepared,
  signed: Uint8Array,
  signer: string,
): Promise<Uint8Array<ArrayBuffer>> {
  const wrong = (what: string): SigningFault =>
    new SigningFault({ what, next: 'It was not sent. Do not use this wallet before you know why.' });
  const signatures = signed[0] ?? 0;
  const message = signed.subarray(1 + 64 * signatures);
  const same =
    message.length === prepared.message.length && message.every((byte, index) => byte === prepared.message[index]);
  if (signatures !== prepared.wire[0] || !same) {
    throw wrong('The wallet returned another transaction than the one that was shown.');
  }
  const signature = Uint8Array.from(signed.subarray(1, 65));
  const key = fromBase58(signer);
  if (key === null) throw wrong('The signer is no address.');
  const publicKey = await crypto.subtle.importKey('raw', key, 'Ed25519', false, ['verify']);
  if (!(await crypto.subtle.verify('Ed25519', publicKey, signature, prepared.message))) {
    throw wrong('The wallet’s signature does not verify.');
  }
  return signature;
}

/** Checks what the wallet returned and writes it down, before anything is sent. */
export async function keep(
  prepared: Prepared,
  signed: Uint8Array,
  signer: string,
  title: string,
  job: string | null,
): Promise<Sent> {
  const signature = await checkSigned(prepared, signed, signer);
  const sent: Sent = {
    signature: toBase58(signature),
    wire: toBase64(signed),
    lastValidBlockHeight: prepared.lastValidBlockHeight.toString(),
    title,
    address: signer,
    signedAt: Date.now(),
    fate: 'signed',
    failure: null,
    job,
  };
  await record(sent);
  return sent;
}

async function send(sent: Sent): Promise<string | null> {
  try {
    await rpc('sendTransaction', [sent.wire, { encoding: 'base64', skipPreflight: true, maxRetries: 0 }], anything);
    return null;
  } catch (error) {
    // A node that refuses the bytes says why; one that cannot be reached says nothing about them.
    if (error instanceof RpcFault) return error.message;
    if (error instanceof GatewayFault) return null;
    throw error;
  }
}

type Status = { readonly known: boolean; readonly final: boolean; readonly failure: string | null };

async function status(sent: Sent): Promise<Status> {
  const found = await rpc(
    'getSignatureStatuses',
    [[sent.signature], { searchTransactionHistory: true }],
    shape({ value: anything }),
  );
  const [entry] = found.value as readonly ({ err?: unknown; confirmationStatus?: unknown } | null)[];
  if (entry === null || entry === undefined) return { known: false, final: false, failure: null };
  if (entry.err !== null && entry.err !== undefined)
    return { known: true, final: true, failure: failureWords(entry.err) };
  return { known: true, final: entry.confirmationStatus !== 'processed', failure: null };
}

/** Sends again and asks until the chain has it or can no longer take it. A lost connection only makes it slower. */
export async function seeOneThrough(sent: Sent): Promise<Sent> {
  let lastSend = 0;
  for (;;) {
    try {
      const before = await status(sent);
      if (before.final) return await settle(sent, before);
      if (!before.known) {
        const height = await rpc('getBlockHeight', [{ commitment: 'confirmed' }], count);
        if (height > BigInt(sent.lastValidBlockHeight)) {
          // It may have landed between the two questions.
          const after = await status(sent);
          if (after.final) return await settle(sent, after);
          if (!after.known)
            return await finish({
              ...sent,
              fate: 'expired',
              failure: 'It was not taken in time and can no longer take effect.',
            });
        }
      }
      if (Date.now() - lastSend > RESEND_MS && !before.known) {
        lastSend = Date.now();
        await send(sent);
      }
    } catch (error) {
      if (!(error instanceof GatewayFault) && !(error instanceof RpcFault)) throw error;
      await sleep(RESEND_MS);
    }
    await sleep(CONFIRM_POLL_MS);
  }
}

const settle = (sent: Sent, found: Status): Promise<Sent> =>
  finish(found.failure === null ? { ...sent, fate: 'confirmed' } : { ...sent, fate: 'failed', failure: found.failure });

async function finish(sent: Sent): Promise<Sent> {
  await record(sent);
  return sent;
}

/** Sees through what is left over, in one tab only. */
export async function seeThrough(tell: (sent: Sent) => void): Promise<void> {
  await alone('outbox', async () => {
    await tidy(Date.now());
    await Promise.all((await pending()).map(async (sent) => tell(await seeOneThrough(sent))));
  });
}
