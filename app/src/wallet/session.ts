/**
 * Sign-In With Solana: the gateway asks for a signed sentence before it takes a job's files. What is signed is read here
 * first: a gateway that asks for anything else gets nothing.
 */
import { ask } from '../gateway/client';
import { integer, nullable, shape, type Read } from '../gateway/wire';
import { anything, address as addressRead } from '../gateway/wire';
import { toBase64 } from '../text/base58';
import { signMessage, type Wallet, type WalletAccount } from './standard';

const STORED = 'proofmill.session';

export interface Session {
  readonly token: string;
  readonly address: string;
  readonly expiresAt: number;
}

const plain: Read<string> = (value, at) => {
  if (typeof value !== 'string' || value.length > 4_096) throw new Error(`${at}: a text was expected`);
  return value;
};

export function storedSession(address: string | null, now: number): Session | null {
  const text = localStorage.getItem(STORED);
  if (text === null || address === null) return null;
  try {
    const session = JSON.parse(text) as Session;
    return session.address === address && session.expiresAt > now + 60 ? session : null;
  } catch {
    return null;
  }
}

/** The token of the session that is stored, whoever's it is: the gateway checks it against what is asked. */
export function currentToken(): string | null {
  try {
    return (JSON.parse(localStorage.getItem(STORED) ?? 'null') as Session | null)?.token ?? null;
  } catch {
    return null;
  }
}

export function forgetSession(): void {
  localStorage.removeItem(STORED);
}

/** Why a sentence must not be signed, or null if it is a plain sign-in to this page for this address. */
export function objection(message: string, host: string, address: string): string | null {
  const lines = message.split('\n');
  if (lines[0] !== `${host} wants you to sign in with your Solana account:`) {
    return 'it is not a sign-in to this page';
  }
  if (lines[1] !== address) return 'it names another account';
  if (/[^\x20-\x7e\n]/u.test(message)) return 'it holds characters that cannot be read';
  if (message.length > 2_000) return 'it is too long';
  for (const line of lines) {
    const uri = /^URI: (.*)$/u.exec(line)?.[1];
    if (uri !== undefined && new URL(uri).host !== host) return 'it names another page';
  }
  return null;
}

export interface Challenge {
  readonly message: string;
}

export async function challenge(address: string): Promise<Challenge> {
  return ask('/v1/auth/challenge', shape({ message: plain, message_fields: nullable(anything) }), {
    method: 'POST',
    body: { address },
  });
}

export class SignInRefused extends Error {
  override readonly name = 'SignInRefused';
}

/** Signs the sentence that was shown and opens the session. */
export async function signIn(wallet: Wallet, account: WalletAccount, message: string): Promise<Session> {
  const found = objection(message, window.location.host, account.address);
  if (found !== null) throw new SignInRefused(found);
  const signature = await signMessage(wallet, account, new TextEncoder().encode(message));
  if (signature === null) throw new SignInRefused('this wallet cannot sign messages');
  const opened = await ask('/v1/auth/session', shape({ token: plain, expires_at: integer, address: addressRead }), {
    method: 'POST',
    body: { address: account.address, message, signature: toBase64(signature) },
  });
  const session: Session = { token: opened.token, address: account.address, expiresAt: opened.expires_at };
  localStorage.setItem(STORED, JSON.stringify(session));
  return session;
}
