/**
 * What the page knows and how old it is. One entry per question: the last good answer stays on screen, with its age,
 * while a newer one is asked for or fails.
 */
import { useCallback, useEffect, useSyncExternalStore } from 'react';
import { GatewayFault } from '../gateway/faults';
import { SLOW_MS } from '../limits';

export interface Known<T> {
  readonly data: T | undefined;
  /** When `data` was received, milliseconds since 1970. */
  readonly at: number;
  readonly fault: GatewayFault | null;
  readonly asking: boolean;
  /** Asked for longer than a person waits without a word. */
  readonly slow: boolean;
}

const NOTHING: Known<never> = { data: undefined, at: 0, fault: null, asking: false, slow: false };

interface Entry {
  known: Known<unknown>;
  load: ((signal: AbortSignal) => Promise<unknown>) | null;
  listeners: Set<() => void>;
  running: AbortController | null;
}

const entries = new Map<string, Entry>();
/** Answers kept though nobody looks at them: enough to go back and forth. */
const KEPT_MAX = 200;

function entryOf(key: string): Entry {
  let entry = entries.get(key);
  if (entry === undefined) {
    entry = { known: NOTHING, load: null, listeners: new Set(), running: null };
    entries.set(key, entry);
    if (entries.size > KEPT_MAX) {
      for (const [other, { listeners }] of entries) {
        if (listeners.size === 0 && other !== key) {
          entries.delete(other);
          break;
        }
      }
    }
  }
  return entry;
}

function tell(entry: Entry, change: Partial<Known<unknown>>): void {
  entry.known = { ...entry.known, ...change };
  for (const listener of entry.listeners) listener();
}

async function run(entry: Entry): Promise<void> {
  if (entry.running !== null || entry.load === null) return;
  const controller = new AbortController();
  entry.running = controller;
  tell(entry, { asking: true, slow: false });
  const timer = setTimeout(() => tell(entry, { slow: true }), SLOW_MS);
  try {
    const data = await entry.load(controller.signal);
    if (!controller.signal.aborted) tell(entry, { data, at: Date.now(), fault: null });
  } catch (error) {
    if (!controller.signal.aborted) {
      tell(entry, { fault: error instanceof GatewayFault ? error : GatewayFault.nonsense(String(error)) });
    }
  } finally {
    clearTimeout(timer);
    entry.running = null;
    tell(entry, { asking: false, slow: false });
  }
}

/** Asks again for every entry whose key starts so and that somebody looks at; the others are asked when looked at. */
export function refresh(prefix: string): void {
  for (const [key, entry] of entries) {
    if (!key.startsWith(prefix)) continue;
    if (entry.listeners.size > 0) void run(entry);
    else entry.known = { ...entry.known, at: 0 };
  }
}

/** Forgets everything, for a change of account. */
export function forget(prefix: string): void {
  for (const [key, entry] of entries) {
    if (!key.startsWith(prefix)) continue;
    entry.running?.abort();
    entry.running = null;
    tell(entry, NOTHING);
    if (entry.listeners.size > 0) void run(entry);
  }
}

export interface Freshness {
  /** Ask again this often while the page is visible, milliseconds; 0 asks once. */
  readonly every?: number;
}

/** What is known under `key`; asks when somebody starts to look. A null key knows nothing and asks nothing. */
export function useKnown<T>(
  key: string | null,
  load: (signal: AbortSignal) => Promise<T>,
  { every = 0 }: Freshness = {},
): Known<T> {
  const subscribe = useCallback(
    (listener: () => void) => {
      if (key === null) return () => undefined;
      const entry = entryOf(key);
      entry.listeners.add(listener);
      return () => {
        entry.listeners.delete(listener);
      };
    },
    [key],
  );
  const known = useSyncExternalStore(subscribe, () => (key === null ? NOTHING : entryOf(key).known)) as Known<T>;

  useEffect(() => {
    if (key === null) return undefined;
    const entry = entryOf(key);
    entry.load = load;
    const old = Date.now() - entry.known.at;
    if (entry.known.data === undefined || old > 2_000) void run(entry);
    if (every === 0) return undefined;
    const timer = setInterval(() => {
      if (!document.hidden) void run(entry);
    }, every);
    return () => clearInterval(timer);
    // The key says all that `load` depends on.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [key, every]);

  return known;
}
