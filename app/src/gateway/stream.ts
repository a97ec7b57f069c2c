/** Server-sent events over fetch: with a token where one is needed, resumed where they broke off. */
import { STREAM_RETRY_MS, STREAM_SILENCE_MS } from '../limits';
import { url, type Query } from './client';
import { GatewayFault } from './faults';
import { parseJson } from './wire';

export interface StreamEvent {
  readonly name: string;
  readonly id: string | null;
  readonly data: string;
}

/** Cuts a stream of text into events. Pure: what is left over is returned for the next piece. */
export function cutEvents(buffered: string): { readonly events: readonly StreamEvent[]; readonly rest: string } {
  const blocks = buffered.replaceAll('\r\n', '\n').split('\n\n');
  const rest = blocks.pop() ?? '';
  const events: StreamEvent[] = [];
  for (const block of blocks) {
    let name = 'message';
    let id: string | null = null;
    const data: string[] = [];
    for (const line of block.split('\n')) {
      const colon = line.indexOf(':');
      if (colon === 0) continue;
      const field = colon < 0 ? line : line.slice(0, colon);
      const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /u, '');
      if (field === 'event') name = value;
      else if (field === 'id') id = value;
      else if (field === 'data') data.push(value);
    }
    if (data.length > 0) events.push({ name, id, data: data.join('\n') });
  }
  return { events, rest };
}

export interface Follow {
  readonly query?: () => Query;
  readonly token?: string | null;
  readonly signal: AbortSignal;
  /** Returns true when the stream is over for good. */
  readonly onEvent: (event: StreamEvent) => boolean;
  readonly onState?: (state: 'open' | 'lost', fault: GatewayFault | null) => void;
}

const pause = (milliseconds: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });

/** Follows until aborted or over. A refusal (4xx) ends it and is thrown; everything else is tried again. */
export async function follow(path: string, options: Follow): Promise<void> {
  let last: string | null = null;
  let wait: number = STREAM_RETRY_MS.first;
  const { signal } = options;
  while (!signal.aborted) {
    const silence = new AbortController();
    let timer = setTimeout(() => silence.abort(), STREAM_SILENCE_MS);
    let fault: GatewayFault = GatewayFault.unreachable();
    try {
      const headers: Record<string, string> = { accept: 'text/event-stream' };
      if (last !== null) headers['last-event-id'] = last;
      if (options.token) headers['authorization'] = `Bearer ${options.token}`;
      const response = await fetch(url(path, options.query?.()), {
        headers,
        signal: AbortSignal.any([signal, silence.signal]),
        credentials: 'omit',
        cache: 'no-store',
      });
      if (!response.ok) {
        let body: unknown = null;
        try {
          body = parseJson(await response.text());
        } catch {
          // The status says enough.
        }
        const refusal = GatewayFault.refused(response.status, body);
        if (response.status < 500 && response.status !== 429) throw refusal;
        fault = refusal;
      } else if (response.body !== null) {
        options.onState?.('open', null);
        wait = STREAM_RETRY_MS.first;
        const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
        let rest = '';
        for (;;) {
          const { done, value } = await reader.read();
          if (done) break;
          clearTimeout(timer);
          timer = setTimeout(() => silence.abort(), STREAM_SILENCE_MS);
          const cut = cutEvents(rest + value);
          rest = cut.rest.length > 1_000_000 ? '' : cut.rest;
          for (const event of cut.events) {
            if (event.id !== null) last = event.id;
            if (options.onEvent(event)) {
              await reader.cancel();
              return;
            }
          }
        }
      }
    } catch (error) {
      if (error instanceof GatewayFault && error.kind === 'refused') throw error;
    } finally {
      clearTimeout(timer);
    }
    // eslint-disable-next-line @typescript-eslint/no-unnecessary-condition -- aborted while it was awaited
    if (signal.aborted) return;
    options.onState?.('lost', fault);
    await pause(wait, signal);
    wait = Math.min(wait * 2, STREAM_RETRY_MS.longest);
  }
}
