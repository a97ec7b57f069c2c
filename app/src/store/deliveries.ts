/**
 * A job's specification and input, kept in this browser from before the job is signed until the gateway says that the
 * provider has them. A reload, a crash or a closed laptop loses nothing; two tabs hand over once.
 */
import { useEffect, useState } from 'react';
import { ask } from '../gateway/client';
import { GatewayFault } from '../gateway/faults';
import { deliveryRecord, type DeliveryRecord } from '../gateway/records';
import { anything } from '../gateway/wire';
import { storedSession } from '../wallet/session';
import { all, alone, onStoreChange, put, remove } from './database';

/** What has happened so far: kept before signing, handed to the gateway, with the provider. */
export type DeliveryStep = 'kept' | 'held' | 'delivered';

export interface Delivery {
  readonly job: string;
  readonly tenant: string;
  readonly name: string;
  readonly specHash: string;
  readonly inputRoot: string;
  readonly keptAt: number;
  readonly step: DeliveryStep;
  /** Empty once delivered: the facts stay, the bytes go. */
  readonly spec: Uint8Array<ArrayBuffer> | null;
  readonly input: Uint8Array<ArrayBuffer> | null;
  /** What went wrong last, in words. */
  readonly problem: string | null;
  /** Of a service: what its document says that it listens on. */
  readonly ports?: readonly { readonly number: number; readonly protocol: string }[];
  /** Of an array, whose address is then `job`: its tasks, and the attempt of each that was handed its files. */
  readonly array?: { readonly tasks: number; readonly handed: Readonly<Record<string, number>> };
}

/** How long the facts of a delivered job stay in the browser, milliseconds: thirty days. */
const REMEMBERED_MS = 2_592_000_000;

export const keepDelivery = (delivery: Delivery): Promise<void> => put('deliveries', delivery);
export const dropDelivery = (job: string): Promise<void> => remove('deliveries', job);
export const deliveries = (): Promise<readonly Delivery[]> => all<Delivery>('deliveries');

export function useDeliveries(): readonly Delivery[] {
  const [found, setFound] = useState<readonly Delivery[]>([]);
  useEffect(() => {
    let gone = false;
    const read = (): void => {
      void deliveries().then(
        (kept) => {
          if (!gone) setFound(kept);
        },
        () => undefined,
      );
    };
    read();
    const off = onStoreChange((store) => {
      if (store === 'deliveries') read();
    });
    return () => {
      gone = true;
      off();
    };
  }, []);
  return found;
}

export type HandOver = 'nothing' | 'sign_in' | 'waiting' | 'done';

async function handOne(delivery: Delivery, token: string): Promise<Delivery> {
  const path = `/v1/jobs/${delivery.job}`;
  try {
    let state: DeliveryRecord | null = null;
    try {
      state = await ask(`${path}/delivery`, deliveryRecord, { token });
    } catch (error) {
      // A job that the index has not seen yet, or one about which nothing was said: both are asked again.
      if (!(error instanceof GatewayFault) || error.kind !== 'refused') throw error;
    }
    if (state?.spec !== 'delivered' && state?.spec !== 'held' && delivery.spec !== null) {
      await ask(`${path}/spec`, anything, { method: 'PUT', bytes: delivery.spec, token, patience: 60_000 });
    }
    if (state?.input !== 'delivered' && state?.input !== 'held' && delivery.input !== null) {
      await ask(`${path}/input`, anything, { method: 'PUT', bytes: delivery.input, token, patience: 600_000 });
    }
    const after = await ask(`${path}/delivery`, deliveryRecord, { token });
    const delivered = after.spec === 'delivered' && after.input === 'delivered';
    return delivered
      ? { ...delivery, step: 'delivered', spec: null, input: null, problem: null }
      : { ...delivery, step: 'held', problem: after.error };
  } catch (error) {
    if (error instanceof GatewayFault) return { ...delivery, problem: error.words.what };
    throw error;
  }
}

/** Hands over what is kept for this account; says what it waits for. One tab at a time does it. */
export async function handOver(address: string | null): Promise<HandOver> {
  let outcome: HandOver = 'nothing';
  await alone('deliver', async () => {
    const kept = await deliveries();
    const now = Date.now();
    for (const delivery of kept) {
      if (delivery.step === 'delivered' && now - delivery.keptAt > REMEMBERED_MS) await dropDelivery(delivery.job);
    }
    const mine = kept.filter(
      (delivery) => delivery.array === undefined && delivery.step !== 'delivered' && delivery.tenant === address,
    );
    if (mine.length === 0) return;
    const session = storedSession(address, now / 1_000);
    if (session === null) {
      outcome = 'sign_in';
      return;
    }
    outcome = 'done';
    for (const delivery of mine) {
      const after = await handOne(delivery, session.token);
      if (after.step !== 'delivered') outcome = 'waiting';
      if (after.step !== delivery.step || after.problem !== delivery.problem) await keepDelivery(after);
    }
  });
  return outcome;
}
