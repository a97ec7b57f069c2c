/**
 * Transactions from the moment they are signed until their fate is known. Written before anything is sent, so that a
 * closed tab or a lost connection loses nothing and sends nothing twice: the same bytes have the same signature.
 */
import { all, onStoreChange, put, remove } from './database';
import { useEffect, useState } from 'react';

export type Fate = 'signed' | 'confirmed' | 'failed' | 'expired';

export interface Sent {
  readonly signature: string;
  /** The signed transaction, base64. */
  readonly wire: string;
  readonly lastValidBlockHeight: string;
  readonly title: string;
  readonly address: string;
  readonly signedAt: number;
  readonly fate: Fate;
  /** What failed, in words. */
  readonly failure: string | null;
  /** The job it is about, if it is about one. */
  readonly job: string | null;
}

export const record = (sent: Sent): Promise<void> => put('outbox', sent);
export const drop = (signature: string): Promise<void> => remove('outbox', signature);
export const pending = async (): Promise<readonly Sent[]> =>
  (await all<Sent>('outbox')).filter((sent) => sent.fate === 'signed');

/** How long settled ones are remembered, milliseconds: for the words on the page after a reload. */
const REMEMBERED_MS = 86_400_000;

export async function tidy(now: number): Promise<void> {
  for (const sent of await all<Sent>('outbox')) {
    if (sent.fate !== 'signed' && now - sent.signedAt > REMEMBERED_MS) await drop(sent.signature);
  }
}

export function useOutbox(): readonly Sent[] {
  const [sent, setSent] = useState<readonly Sent[]>([]);
  useEffect(() => {
    let gone = false;
    const read = (): void => {
      void all<Sent>('outbox').then(
        (found) => {
          if (!gone) setSent(found.toSorted((one, other) => other.signedAt - one.signedAt));
        },
        () => undefined,
      );
    };
    read();
    const off = onStoreChange((store) => {
      if (store === 'outbox') read();
    });
    return () => {
      gone = true;
      off();
    };
  }, []);
  return sent;
}
