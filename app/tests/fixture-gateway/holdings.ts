/** SIMULATED arrays and services, for tests alone: their accounts on the simulated chain, and the records beside them. */
import { createPrivateKey, createPublicKey } from 'node:crypto';
import { derive, market, taskJob, type ArrayAddress, type JobAddress } from '@proofmill/client';
import type { Address, ReadonlyUint8Array } from '@solana/kit';
import { fromBase58, toBase58 } from '../../src/text/base58';
import { TEST_SEED } from '../test-wallet';
import { PAYMENT, type Fixture, type Json } from './gateway';

/** Address of the test wallet. */
export const WALLET = ((): Address => {
  const pkcs8 = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), Buffer.from(TEST_SEED, 'hex')]);
  const secret = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' });
  return toBase58(createPublicKey(secret).export({ format: 'der', type: 'spki' }).subarray(-32)) as Address;
})();

const now = (): number => Math.floor(Date.now() / 1_000);
const nothing = <T>(codec: { readonly fixedSize: number; decode: (bytes: Uint8Array) => T }): T =>
  codec.decode(new Uint8Array(codec.fixedSize));
const held = (data: ReadonlyUint8Array): { data: Uint8Array; owner: string } => ({
  data: Uint8Array.from(data),
  owner: market.MARKET_PROGRAM_ADDRESS,
});

function tokens(fixture: Fixture, at: string, owner: string, atoms: bigint): void {
  const data = new Uint8Array(165);
  data.set(fromBase58(PAYMENT) ?? [], 0);
  data.set(fromBase58(owner) ?? [], 32);
  new DataView(data.buffer).setBigUint64(64, atoms, true);
  fixture.chain.set(at, { data, owner: derive.TOKEN_PROGRAM });
}

export async function putArray(
  fixture: Fixture,
  change: Partial<market.JobArrayInput> & { readonly vaultAtoms?: bigint } = {},
): Promise<{ readonly address: ArrayAddress; readonly array: market.JobArray }> {
  const { vaultAtoms, ...rest } = change;
  const index = rest.index ?? 7;
  const address = await derive.array(WALLET, index);
  const vault = await derive.arrayVault(address);
  const data = market.getJobArrayEncoder().encode({
    ...nothing(market.getJobArrayDecoder()),
    version: 1,
    attemptsMax: 2,
    tasksTotal: 6,
    index,
    maxSeconds: 60,
    priceCeilingPerSecond: 100n,
    taskEscrow: 6_000n,
    postedAt: BigInt(now() - 60),
    deadlineAt: BigInt(now() + 3_600),
    tenant: WALLET,
    mint: PAYMENT as Address,
    vault,
    rentPayer: WALLET,
    ...rest,
  });
  fixture.chain.set(address, held(data));
  tokens(fixture, vault, address, vaultAtoms ?? 36_000n);
  return { address, array: market.getJobArrayDecoder().decode(data) };
}

/** The job of a task that somebody holds. */
export async function putTask(
  fixture: Fixture,
  of: { readonly address: ArrayAddress; readonly array: market.JobArray },
  task: number,
  change: Partial<market.JobInput>,
  record: Readonly<Record<string, Json>> = {},
): Promise<JobAddress> {
  const address = await taskJob(of.array, task);
  const provider = fixture.providers[0] ?? '';
  const data = market.getJobEncoder().encode({
    ...nothing(market.getJobDecoder()),
    version: 1,
    state: 2,
    kind: 1,
    class: 1,
    attempt: 1,
    taskIndex: task,
    tenant: WALLET,
    mint: PAYMENT as Address,
    array: of.address,
    provider: provider as Address,
    pricePerSecond: 90n,
    escrowed: 6_000n,
    ...change,
  });
  fixture.chain.set(address, held(data));
  fixture.jobs.push(
    fixture.record(`task ${task}`, { address, tenant: WALLET, array: of.address, task_index: task, ...record }),
  );
  return address;
}

/** A service that the test wallet posted; `since` seconds healthy, of which `signedMs` are accepted. */
export async function putService(
  fixture: Fixture,
  change: Partial<market.JobInput> = {},
  record: Readonly<Record<string, Json>> = {},
): Promise<JobAddress> {
  const address = await derive.job(WALLET, 99n);
  const provider = fixture.providers[0] ?? '';
  const data = market.getJobEncoder().encode({
    ...nothing(market.getJobDecoder()),
    version: 1,
    state: 3,
    kind: 3,
    class: 3,
    attempt: 1,
    index: 99n,
    feeBps: 250,
    maxSeconds: 3_600,
    usageTimeoutSeconds: 120,
    pricePerSecond: 100n,
    priceCeilingPerSecond: 100n,
    escrowed: 360_000n,
    meteredMs: 600_000n,
    startedAt: BigInt(now() - 700),
    usageAt: BigInt(now() - 60),
    tenant: WALLET,
    mint: PAYMENT as Address,
    provider: provider as Address,
    vault: await derive.vault(address),
    ...change,
  });
  fixture.chain.set(address, held(data));
  fixture.jobs.push(
    fixture.record('service', {
      address,
      tenant: WALLET,
      kind: 'service',
      class: 'witnessed',
      state: 'running',
      provider,
      price_per_second: '100',
      escrowed: '360000',
      metered_ms: '600000',
      matched_at: now() - 710,
      started_at: now() - 700,
      ...record,
    }),
  );
  return address;
}

/** What a posted array's bytes say becomes an account: simulated, without any check a chain would make. */
export async function postedArray(
  fixture: Fixture,
  tenant: Address | undefined,
  data: ReadonlyUint8Array,
): Promise<void> {
  const terms = market.getPostArrayInstructionDataDecoder().decode(data);
  const escrow = terms.priceCeilingPerSecond * BigInt(terms.maxSeconds);
  await putArray(fixture, {
    ...terms,
    ...(tenant === undefined ? {} : { tenant }),
    taskEscrow: escrow,
    deadlineAt: BigInt(now() + terms.deadlineSeconds),
    vaultAtoms: escrow * BigInt(terms.tasksTotal),
  });
}
