/** The time, for what changes with it. One timer for all who ask at the same beat. */
import { useSyncExternalStore } from 'react';

interface Beat {
  listeners: Set<() => void>;
  timer: ReturnType<typeof setInterval> | null;
  now: number;
}
const beats = new Map<number, Beat>();

function beatOf(every: number): Beat {
  let beat = beats.get(every);
  if (beat === undefined) {
    beat = { listeners: new Set(), timer: null, now: Date.now() };
    beats.set(every, beat);
  }
  return beat;
}

/** The time of the last beat; while nobody listens there is no timer, and whoever comes first sees the present. */
function present(every: number): number {
  const beat = beatOf(every);
  if (beat.timer === null && Date.now() - beat.now >= every) beat.now = Date.now();
  return beat.now / 1_000;
}

/** The present time in unix seconds (with fraction), renewed every so many milliseconds. */
export function useNow(every = 1_000): number {
  const beat = beatOf(every);
  return useSyncExternalStore(
    (listener) => {
      beat.listeners.add(listener);
      beat.timer ??= setInterval(() => {
        beat.now = Date.now();
        for (const each of beat.listeners) each();
      }, every);
      return () => {
        beat.listeners.delete(listener);
        if (beat.listeners.size === 0 && beat.timer !== null) {
          clearInterval(beat.timer);
          beat.timer = null;
        }
      };
    },
    () => present(every),
  );
}
