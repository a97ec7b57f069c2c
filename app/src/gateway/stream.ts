/** Server-sent events over fetch: with a token where one is needed, resumed where they broke off. */
import { EVENT_CHARACTERS_MAX, HIDDEN_STREAM_MS, STREAM_RETRY_MS, STREAM_SILENCE_MS } from '../limits';
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

/** An event as `cutEvents` reads it. */
export function writeEvent({ name, id, data }: StreamEvent): string {
  const lines = data.split('\n').map((line) => `data: ${line}\n`);
  return `event: ${name}\n${id === null ? '' : `id: ${id}\n`}${lines.join('')}\n`;
}

/** How far a stream was followed, kept up to date: whoever follows it next goes on there. */
export interface Place {
  last: string | null;
}

export interface Follow {
  readonly query?: () => Query;
  readonly token?: string | null;
  readonly signal: AbortSignal;
  readonly place?: Place;
  /** Returns true when the stream is over for good. */
  readonly onEvent: (event: StreamEvent) => boolean;
  /** An open stream says so again with each heartbeat. */
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
  const place = options.place ?? { last: null };
  let wait: number = STREAM_RETRY_MS.first;
  const { signal } = options;
  while (!signal.aborted) {
    const silence = new AbortController();
    let timer = setTimeout(() => silence.abort(), STREAM_SILENCE_MS);
    let fault: GatewayFault = GatewayFault.unreachable();
    try {
      const headers: Record<string, string> = { accept: 'text/event-stream' };
      if (place.last !== null) headers['last-event-id'] = place.last;
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
          rest = cut.rest.length > EVENT_CHARACTERS_MAX ? '' : cut.rest;
          if (cut.events.length === 0) options.onState?.('open', null);
          for (const event of cut.events) {
            if (event.id !== null) place.last = event.id;
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

const visible = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const look = (): void => {
      if (document.hidden && !signal.aborted) return;
      document.removeEventListener('visibilitychange', look);
      signal.removeEventListener('abort', look);
      resolve();
    };
    document.addEventListener('visibilitychange', look);
    signal.addEventListener('abort', look);
    look();
  });

/**
 * Follows what one page alone shows, while somebody looks at it. A browser has six connections for one gateway: a tab in the
 * background gives its own back, and goes on where it was when it is looked at again.
 */
export async function followWhileVisible(path: string, options: Follow): Promise<void> {
  const { signal, place = { last: null } } = options;
  for (;;) {
    await visible(signal);
    if (signal.aborted) return;
    const unseen = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const look = (): void => {
      clearTimeout(timer);
      if (document.hidden) timer = setTimeout(() => unseen.abort(), HIDDEN_STREAM_MS);
    };
    document.addEventListener('visibilitychange', look);
    try {
      await follow(path, { ...options, place, signal: AbortSignal.any([signal, unseen.signal]) });
      if (!unseen.signal.aborted) return;
    } finally {
      document.removeEventListener('visibilitychange', look);
      clearTimeout(timer);
    }
  }
}
