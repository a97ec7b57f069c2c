/**
 * One stream for all tabs of a browser: over HTTP/1.1 a browser opens six connections to a gateway, and a seventh tab with
 * a stream of its own would wait for ever.
 *
 * Whoever holds the lock of the stream leads: it alone is connected, and passes on what comes. The browser gives the lock to
 * the next tab when the leader goes, and that one goes on after the last event that it saw itself; what it is sent again,
 * because the old leader's last words were still on their way, is known by its id. So nothing is elected, counted or
 * agreed upon between tabs, and the gateway's own memory fills every gap.
 *
 * Only what needs no token is shared, so that none can pass from tab to tab. A tab in the background leads like any other:
 * pages that hand files out learn there, too, who waits for them.
 */
import { EVENT_CHARACTERS_MAX, LEADER_SILENCE_MS, TAKEN_EVENTS_MAX } from '../limits';
import { url } from './client';
import { GatewayFault } from './faults';
import { cutEvents, follow, writeEvent, type Follow, type Place, type StreamEvent } from './stream';

/** What tabs say to each other: a word in the first line, the rest below it. */
type Word = 'hello' | 'open' | 'lost' | 'event';

/** What a page is told that may have missed something: ask everything again. As the gateway says it. */
const RESET: StreamEvent = { name: 'reset', id: null, data: '{}' };

/** Why a tab no longer waits: nobody leads any more. */
const SILENT = 'silent';

/** Follows as `follow` does, with the other tabs. Its query is fixed: it is a part of what the stream is. */
export async function followTogether(path: string, options: Omit<Follow, 'token' | 'place'>): Promise<void> {
  // Not in every browser, and without https in none.
  if (!('locks' in navigator) || typeof BroadcastChannel === 'undefined') return follow(path, options);
  const name = `proofmill.stream ${url(path, options.query?.())}`;
  const channel = new BroadcastChannel(name);
  const say = (word: Word, rest = ''): void => channel.postMessage(`${word}\n${rest}`);
  const done = new AbortController();
  const signal = AbortSignal.any([options.signal, done.signal]);
  const place: Place = { last: null };
  const taken = new Set<string>();
  let newest: StreamEvent | null = null;
  let state: 'open' | 'lost' | null = null;
  let leads = false;
  /** Ends the waiting or the leading that is going on. */
  let turn = new AbortController();
  let silence: ReturnType<typeof setTimeout> | undefined;

  const take = (event: StreamEvent): boolean => {
    if (event.id !== null) {
      if (taken.has(event.id) && event.name !== 'reset') return false;
      taken.add(event.id);
      for (const oldest of taken) {
        if (taken.size <= TAKEN_EVENTS_MAX) break;
        taken.delete(oldest);
      }
      place.last = event.id;
      newest = event;
    }
    return options.onEvent(event);
  };

  /** The leader lives. One that says nothing for long is frozen, and its lock is taken from it. */
  const hear = (): void => {
    clearTimeout(silence);
    // Not all at once: the first to lose patience is heard by the others.
    const patience = LEADER_SILENCE_MS * (1 + Math.random() / 4);
    silence = setTimeout(() => turn.abort(SILENT), patience);
  };

  // A page that is frozen, or kept for the way back, gives the lead up at once; what it missed meanwhile it asks anew.
  let awake = Promise.resolve();
  let wake: (() => void) | null = null;
  const sleep = (): void => {
    if (wake !== null) return;
    awake = new Promise((resolve) => {
      wake = resolve;
    });
    turn.abort();
  };
  const rise = (): void => {
    if (wake === null) return;
    wake();
    wake = null;
    take(RESET);
  };

  channel.onmessage = ({ data }: MessageEvent<unknown>) => {
    if (typeof data !== 'string' || data.length > EVENT_CHARACTERS_MAX) return;
    const end = data.indexOf('\n');
    const word = data.slice(0, end);
    const rest = data.slice(end + 1);
    if (word === 'hello') {
      if (!leads) return;
      if (state !== null) say(state);
      // With its id a tab that has seen nothing yet knows from where it would go on.
      if (newest !== null) say('event', writeEvent(newest));
      return;
    }
    if (!leads && wake === null) hear();
    // Read as what comes from the network is. An earlier leader's last words are heard by the next one, too.
    if (word === 'event') cutEvents(rest).events.forEach((event) => take(event) && done.abort());
    else if (!leads && (word === 'open' || word === 'lost')) options.onState?.(word, null);
  };

  /** Until it is over (true) or this tab's turn is. */
  const lead = async (missed: boolean, ends: AbortSignal): Promise<boolean> => {
    clearTimeout(silence);
    leads = true;
    state = null;
    // It waited for the lead and was never told from where to go on.
    if (missed && newest === null) take(RESET);
    await follow(path, {
      ...options,
      place,
      signal: ends,
      onState: (now, fault) => {
        state = now;
        say(now);
        options.onState?.(now, fault);
      },
      onEvent: (event) => {
        say('event', writeEvent(event));
        return take(event);
      },
    });
    return !ends.aborted;
  };

  const LIFE = { freeze: sleep, pagehide: sleep, resume: rise, pageshow: rise } as const;
  for (const [event, act] of Object.entries(LIFE)) window.addEventListener(event, act, { capture: true });

  try {
    for (let round = 0; !signal.aborted; round += 1) {
      await awake;
      const steals = turn.signal.reason === SILENT;
      turn = new AbortController();
      const ends = AbortSignal.any([signal, turn.signal]);
      // The first tab leads without waiting, and so knows that it missed nothing.
      let how: LockOptions = round === 0 ? { ifAvailable: true } : { signal: ends };
      if (steals) how = { steal: true };
      else if (round > 0) {
        say('hello');
        hear();
      }
      try {
        const over = await navigator.locks.request(name, how, (lock) =>
          lock === null ? false : lead(round > 0, ends),
        );
        if (over) return;
      } catch (error) {
        // Waited enough, or the lock was taken away: the next round.
        if (ends.aborted || (error instanceof DOMException && error.name === 'AbortError')) continue;
        say('lost');
        if (error instanceof GatewayFault) throw error;
        // The browser refuses locks to this page: it follows alone.
        await follow(path, { ...options, place, signal });
        return;
      } finally {
        leads = false;
        clearTimeout(silence);
        turn.abort();
      }
    }
  } finally {
    for (const [event, act] of Object.entries(LIFE)) window.removeEventListener(event, act, { capture: true });
    channel.close();
  }
}
