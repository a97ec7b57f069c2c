/** The network that the gateway speaks for, and what every page needs of it. */
import { createContext, useContext, useEffect, useMemo, useRef, useState, type ReactNode } from 'react';
import { ask } from './gateway/client';
import { networkRecord, type MintRecord, type NetworkRecord } from './gateway/records';
import { followTogether } from './gateway/tabs';
import { count, parseJson, shape } from './gateway/wire';
import { REFRESH_MS, STALE_SLOTS } from './limits';
import { refresh, useKnown, type Known } from './store/cache';

export interface NetworkState {
  readonly known: Known<NetworkRecord>;
  readonly network: NetworkRecord | null;
  /** Whether the stream of changes is open; without it pages ask every few seconds. */
  readonly live: boolean;
  /** Slots that the index is behind the chain, when that is more than it should be. */
  readonly behind: bigint | null;
  readonly paymentMint: MintRecord | null;
  readonly mint: (address: string) => MintRecord | null;
}

const Context = createContext<NetworkState | null>(null);
// Apart, because it changes with every slot and only the header shows it.
const SlotContext = createContext<bigint | null>(null);

const slotEvent = shape({ slot: count });
/** Which answers a change of each topic makes old. */
const TOUCHES: Readonly<Record<string, readonly string[]>> = {
  job: ['jobs', 'job:', 'chain:', 'events', 'providers'],
  offer: ['offers', 'match', 'prices'],
  provider: ['providers', 'provider:'],
  round: ['job:', 'validators'],
};

export function NetworkProvider({ children }: { children: ReactNode }) {
  const known = useKnown('network', (signal) => ask('/v1/network', networkRecord, { signal }), { every: REFRESH_MS });
  const [live, setLive] = useState(false);
  const [slot, setSlot] = useState<bigint | null>(null);

  useEffect(() => {
    const controller = new AbortController();
    // Many events in one slot make one question.
    const waiting = new Set<string>();
    let timer: ReturnType<typeof setTimeout> | null = null;
    void followTogether('/v1/stream', {
      query: () => ({ topics: 'jobs,offers,providers,rounds,slots' }),
      signal: controller.signal,
      onState: (state) => setLive(state === 'open'),
      onEvent: (event) => {
        if (event.name === 'slot') {
          try {
            setSlot(slotEvent(parseJson(event.data), 'slot').slot);
          } catch {
            // A slot that is no number is not shown.
          }
          return false;
        }
        // Nobody knows any more what we missed: everything may have changed.
        if (event.name === 'reset') waiting.add('');
        for (const prefix of TOUCHES[event.name] ?? []) waiting.add(prefix);
        timer ??= setTimeout(() => {
          timer = null;
          for (const prefix of waiting) refresh(prefix);
          waiting.clear();
        }, 250);
        return false;
      },
    }).catch(() => setLive(false));
    return () => {
      controller.abort();
      if (timer !== null) clearTimeout(timer);
    };
  }, []);

  // A gateway that is back is asked everything again at once.
  const down = known.fault !== null;
  const wasDown = useRef(false);
  useEffect(() => {
    if (wasDown.current && !down) refresh('');
    wasDown.current = down;
  }, [down]);

  const state = useMemo<NetworkState>(() => {
    const network = known.data ?? null;
    const lag = network === null ? 0n : network.chain_slot - network.indexed_slot;
    return {
      known,
      network,
      live,
      behind: lag > STALE_SLOTS ? lag : null,
      paymentMint:
        network?.mints.find((mint) => mint.enabled && mint.mint !== network.stake_mint) ?? network?.mints[0] ?? null,
      mint: (address) => network?.mints.find((mint) => mint.mint === address) ?? null,
    };
  }, [known, live]);

  return (
    <Context.Provider value={state}>
      <SlotContext.Provider value={slot ?? known.data?.chain_slot ?? null}>{children}</SlotContext.Provider>
    </Context.Provider>
  );
}

export function useNetwork(): NetworkState {
  const state = useContext(Context);
  if (state === null) throw new Error('useNetwork needs a NetworkProvider around it');
  return state;
}

/** The newest slot that the gateway has told of. */
export const useSlot = (): bigint | null => useContext(SlotContext);
