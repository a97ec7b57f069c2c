/** Asks the gateway. The only place, with stream.ts, from which the dApp speaks to the network. */
import { ANSWER_BYTES_MAX, ANSWER_MS, PAGE_SIZE, PAGES_MAX } from '../limits';
import { GatewayFault } from './faults';
import { parseJson, WireError, type Read } from './wire';

export type Query = Readonly<Record<string, string | number | boolean | null | undefined>>;

export interface Ask {
  readonly query?: Query;
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly body?: unknown;
  /** Sent as they are, instead of `body`. */
  readonly bytes?: Uint8Array;
  readonly token?: string | null;
  readonly signal?: AbortSignal;
  readonly patience?: number;
  /** Keep whole numbers exact that JSON writes without quotes (the RPC's). */
  readonly exact?: boolean;
}

/** Where the gateway is: where the dApp came from. */
export const ORIGIN = '';

export function url(path: string, query: Query = {}): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== null && value !== undefined && value !== '') search.set(name, String(value));
  }
  const text = search.toString();
  return `${ORIGIN}${path}${text === '' ? '' : `?${text}`}`;
}

/** Reads a body that may be larger, slower or longer than announced. */
async function readBytes(response: Response, most: number): Promise<Uint8Array<ArrayBuffer>> {
  if (response.body === null) return new Uint8Array();
  const reader = response.body.getReader();
  const parts: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    length += value.length;
    if (length > most) {
      await reader.cancel();
      throw GatewayFault.nonsense(`an answer of more than ${most} bytes`);
    }
    parts.push(value);
  }
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

async function exchange<T>(path: string, options: Ask, finish: (response: Response) => Promise<T>): Promise<T> {
  const patience = options.patience ?? ANSWER_MS;
  const timeout = AbortSignal.timeout(patience);
  const signal = options.signal === undefined ? timeout : AbortSignal.any([options.signal, timeout]);
  const headers: Record<string, string> = { accept: 'application/json' };
  if (options.token) headers['authorization'] = `Bearer ${options.token}`;
  let body: BodyInit | null = null;
  if (options.bytes !== undefined) {
    headers['content-type'] = 'application/octet-stream';
    body = options.bytes as Uint8Array<ArrayBuffer>;
  } else if (options.body !== undefined) {
    headers['content-type'] = 'application/json';
    body = JSON.stringify(options.body);
  }
  try {
    const response = await fetch(url(path, options.query), {
      method: options.method ?? 'GET',
      headers,
      body,
      signal,
      redirect: 'error',
      credentials: 'omit',
      cache: 'no-store',
    });
    return await finish(response);
  } catch (error) {
    if (error instanceof GatewayFault) throw error;
    if (error instanceof WireError) throw GatewayFault.nonsense(error.message);
    if (options.signal?.aborted) throw error;
    if (timeout.aborted) throw GatewayFault.slow(patience / 1_000);
    throw GatewayFault.unreachable();
  }
}

/** A JSON answer that has the shape it should. */
export async function ask<T>(path: string, read: Read<T>, options: Ask = {}): Promise<T> {
  return exchange(path, options, async (response) => {
    const source = new TextDecoder().decode(await readBytes(response, ANSWER_BYTES_MAX));
    if (!response.ok) {
      let body: unknown = null;
      try {
        body = parseJson(source);
      } catch {
        // A proxy's page of HTML says nothing that the status does not.
      }
      throw response.status >= 502 && response.status <= 504 && body === null
        ? GatewayFault.unreachable()
        : GatewayFault.refused(response.status, body);
    }
    return read(source === '' ? null : parseJson(source, options.exact), '');
  });
}

/** Bytes, whatever they are: who asked verifies them. */
export async function askBytes(path: string, most: number, options: Ask = {}): Promise<Uint8Array<ArrayBuffer>> {
  return exchange(path, { patience: 120_000, ...options }, async (response) => {
    const found = await readBytes(response, response.ok ? most : ANSWER_BYTES_MAX);
    if (response.ok) return found;
    let body: unknown = null;
    try {
      body = parseJson(new TextDecoder().decode(found));
    } catch {
      // As above.
    }
    throw GatewayFault.refused(response.status, body);
  });
}

/** A list, page after page, up to a bound. */
export async function askAll<T>(
  path: string,
  read: Read<{ readonly items: readonly T[]; readonly next_cursor: string | null }>,
  options: Ask = {},
): Promise<readonly T[]> {
  const all: T[] = [];
  let cursor: string | null = null;
  for (let pages = 0; pages < PAGES_MAX; pages += 1) {
    const found: { readonly items: readonly T[]; readonly next_cursor: string | null } = await ask(path, read, {
      ...options,
      query: { limit: PAGE_SIZE, ...options.query, cursor },
    });
    all.push(...found.items);
    if (found.next_cursor === null || found.next_cursor === cursor) break;
    cursor = found.next_cursor;
  }
  return all;
}
