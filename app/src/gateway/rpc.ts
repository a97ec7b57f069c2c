/** JSON-RPC of the chain, by the gateway's relay or by a node of one's own choice. */
import { ask, ORIGIN } from './client';
import { GatewayFault } from './faults';
import { amount, anything, count, nullable, shape, WireError, type Read } from './wire';

const CHOSEN = 'proofmill.rpc';

/** The node that reads and sends: a hostile gateway can then hide nothing from the checks before signing. */
export function rpcUrl(): string {
  return localStorage.getItem(CHOSEN) ?? '/rpc';
}

export function chooseRpc(url: string | null): void {
  if (url === null) localStorage.removeItem(CHOSEN);
  else localStorage.setItem(CHOSEN, url);
}

export class RpcFault extends Error {
  override readonly name = 'RpcFault';

  constructor(
    readonly code: number,
    message: string,
    readonly data: unknown,
  ) {
    super(message);
  }
}

let sequence = 0;

export async function rpc<T>(method: string, params: readonly unknown[], read: Read<T>): Promise<T> {
  sequence += 1;
  const url = rpcUrl();
  const answer = await ask(url.startsWith('/') ? `${ORIGIN}${url}` : url, anything, {
    method: 'POST',
    body: { jsonrpc: '2.0', id: sequence, method, params },
    exact: true,
  });
  const { result, error } = answer as {
    result?: unknown;
    error?: { code?: unknown; message?: unknown; data?: unknown };
  };
  if (error) {
    throw new RpcFault(
      Number(error.code ?? 0),
      typeof error.message === 'string' ? error.message.slice(0, 400) : 'the node refused',
      error.data,
    );
  }
  try {
    return read(result, method);
  } catch (found) {
    if (found instanceof WireError) throw GatewayFault.nonsense(found.message);
    throw found;
  }
}

const valued = <T>(read: Read<T>): Read<{ readonly value: T }> => shape({ value: read });

export async function balance(address: string): Promise<bigint> {
  return (await rpc('getBalance', [address, { commitment: 'confirmed' }], valued(count))).value;
}

/** Atoms of a token account; zero if it does not exist. */
export async function tokenBalance(account: string): Promise<bigint> {
  try {
    const found = await rpc(
      'getTokenAccountBalance',
      [account, { commitment: 'confirmed' }],
      valued(shape({ amount })),
    );
    return found.value.amount;
  } catch (error) {
    if (error instanceof RpcFault) return 0n;
    throw error;
  }
}

const accountShape = shape({ data: anything, owner: anything, lamports: count });
export interface RawAccount {
  readonly data: Uint8Array<ArrayBuffer>;
  readonly owner: string;
  readonly lamports: bigint;
}

export async function accounts(addresses: readonly string[]): Promise<readonly (RawAccount | null)[]> {
  const found = await rpc(
    'getMultipleAccounts',
    [addresses, { commitment: 'confirmed', encoding: 'base64' }],
    valued((value, at) => {
      if (!Array.isArray(value) || value.length !== addresses.length) throw new WireError(`${at}: a list was expected`);
      return value.map((entry, index) => nullable(accountShape)(entry, `${at}[${index}]`));
    }),
  );
  return found.value.map((account) => {
    if (account === null) return null;
    const [data] = account.data as readonly unknown[];
    if (typeof data !== 'string' || typeof account.owner !== 'string') throw GatewayFault.nonsense('account data');
    return {
      data: Uint8Array.from(atob(data), (character) => character.charCodeAt(0)),
      owner: account.owner,
      lamports: account.lamports,
    };
  });
}
