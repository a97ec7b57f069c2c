/** The time, for what changes with it. One timer for all who ask at the same beat. */
import { useSyncExternalStore } from 'react';

interface Beat {
  /** The same function always: a new one would start the beat anew with every render, and it would never come. */
  readonly subscribe: (listener: () => void) => () => void;
  readonly now: () => number;
}
const beats = new Map<number, Beat>();

function beatOf(every: number): Beat {
  const known = beats.get(every);
  if (known !== undefined) return known;
  const listeners = new Set<() => void>();
  let timer: ReturnType<typeof setInterval> | null = null;
  let now = Date.now();
  const beat: Beat = {
    subscribe: (listener) => {
      listeners.add(listener);
      timer ??= setInterval(() => {
        now = Date.now();
        for (const each of listeners) each();
      }, every);
      return () => {
        listeners.delete(listener);
        if (listeners.size === 0 && timer !== null) {
          clearInterval(timer);
          timer = null;
        }
      };
    },
    now: () => {
      // While nobody listens there is no timer: whoever comes first sees the present.
      if (timer === null && Date.now() - now >= every) now = Date.now();
      return now / 1_000;
    },
  };
  beats.set(every, beat);
  return beat;
}

/** The present time in unix seconds (with fraction), renewed every so many milliseconds. */
export function useNow(every = 1_000): number {
  const { subscribe, now } = beatOf(every);
  return useSyncExternalStore(subscribe, now);
}
