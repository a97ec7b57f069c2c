/** Tabs that share a stream: who is connected, and that each change reaches each tab once. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { GatewayFault } from '../../src/gateway/faults';
import { cutEvents, followWhileVisible, writeEvent, type StreamEvent } from '../../src/gateway/stream';
import { followTogether } from '../../src/gateway/tabs';
import { EVENT_CHARACTERS_MAX, HIDDEN_STREAM_MS, LEADER_SILENCE_MS } from '../../src/limits';

type Granted = (lock: object | null) => unknown;

/** The browser's locks, as the standard says: a queue for each name, `ifAvailable`, `steal` and `signal`. */
class SimulatedLocks {
  readonly #queues = new Map<string, { run: () => void; lose: (error: Error) => void }[]>();

  request(name: string, how: LockOptions, granted: Granted): Promise<unknown> {
    const queue = this.#queues.get(name) ?? [];
    this.#queues.set(name, queue);
    return new Promise((resolve, reject) => {
      if (how.ifAvailable === true && queue.length > 0) {
        resolve(granted(null));
        return;
      }
      const entry = {
        run: () =>
          void Promise.resolve(granted({}))
            .then(resolve, reject)
            .finally(() => leave()),
        lose: reject,
      };
      const leave = (): void => {
        const at = queue.indexOf(entry);
        if (at < 0) return;
        queue.splice(at, 1);
        if (at === 0) queue[0]?.run();
      };
      how.signal?.addEventListener('abort', () => {
        if (queue.indexOf(entry) <= 0) return;
        leave();
        reject(how.signal?.reason as Error);
      });
      if (how.steal === true) {
        queue.shift()?.lose(new DOMException('stolen', 'AbortError'));
        queue.unshift(entry);
        entry.run();
      } else {
        queue.push(entry);
        if (queue.length === 1) entry.run();
      }
    });
  }
}

/** A gateway that numbers its changes and sends those that a tab has not seen. */
class SimulatedGateway {
  readonly kept: StreamEvent[] = [];
  readonly open = new Set<ReadableStreamDefaultController<Uint8Array>>();
  readonly resumedFrom: (string | null)[] = [];
  refuses = false;

  readonly fetch = (_: string, { headers, signal }: RequestInit): Promise<Response> => {
    if (this.refuses) return Promise.resolve(new Response('{}', { status: 404 }));
    const last = new Headers(headers).get('last-event-id');
    this.resumedFrom.push(last);
    const body = new ReadableStream<Uint8Array>({
      start: (stream) => {
        this.open.add(stream);
        signal?.addEventListener('abort', () => {
          if (this.open.delete(stream)) stream.error(new DOMException('aborted', 'AbortError'));
        });
        for (const event of this.kept) if (last !== null && Number(event.id) > Number(last)) send(stream, event);
      },
      cancel: () => undefined,
    });
    return Promise.resolve(new Response(body));
  };

  publish(name = 'job'): void {
    const event = { name, id: String(this.kept.length + 1), data: '{}' };
    this.kept.push(event);
    for (const stream of this.open) send(stream, event);
  }

  heartbeat(): void {
    for (const stream of this.open) stream.enqueue(new TextEncoder().encode(': alive\n\n'));
  }
}
const send = (stream: ReadableStreamDefaultController<Uint8Array>, event: StreamEvent): void =>
  stream.enqueue(new TextEncoder().encode(writeEvent(event)));

interface Tab {
  readonly ids: (string | null)[];
  readonly names: string[];
  readonly states: string[];
  readonly ended: Promise<unknown>;
  readonly window: EventTarget;
  close(): void;
}

let gateway: SimulatedGateway;
let locks: SimulatedLocks;
let tabs: Tab[];

beforeEach(() => {
  gateway = new SimulatedGateway();
  locks = new SimulatedLocks();
  tabs = [];
  vi.stubGlobal('navigator', { locks });
  vi.stubGlobal('fetch', gateway.fetch);
});
afterEach(async () => {
  for (const tab of tabs) tab.close();
  await settled();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

/** Messages between tabs and pieces of streams take a few turns of the loop. */
const settled = async (): Promise<void> => {
  for (let turn = 0; turn < 40; turn += 1) await new Promise((resolve) => setImmediate(resolve));
};

async function openTab(topics = 'jobs'): Promise<Tab> {
  const controller = new AbortController();
  const window = new EventTarget();
  vi.stubGlobal('window', window);
  const ids: (string | null)[] = [];
  const names: string[] = [];
  const states: string[] = [];
  const ended = followTogether('/v1/stream', {
    query: () => ({ topics }),
    signal: controller.signal,
    onState: (state) => states.push(state),
    onEvent: ({ id, name }) => {
      ids.push(id);
      names.push(name);
      return false;
    },
  }).catch((error: unknown) => error);
  const tab: Tab = { ids, names, states, ended, window, close: () => controller.abort() };
  tabs.push(tab);
  await settled();
  return tab;
}

const channelOf = (topics = 'jobs') => new BroadcastChannel(`proofmill.stream /v1/stream?topics=${topics}`);

test('of_many_tabs_one_is_connected_and_each_hears_each_change_once', async () => {
  for (let count = 0; count < 12; count += 1) await openTab();
  for (let count = 0; count < 5; count += 1) gateway.publish();
  await settled();
  expect(gateway.open.size).toBe(1);
  for (const tab of tabs) {
    expect(tab.ids).toEqual(['1', '2', '3', '4', '5']);
    expect(tab.states.at(-1)).toBe('open');
  }
});

test('a_lead_that_passes_on_loses_no_change_and_repeats_none', async () => {
  for (let count = 0; count < 4; count += 1) await openTab();
  for (let count = 0; count < 3; count += 1) {
    gateway.publish();
    gateway.publish();
    await settled();
    // Two more happen while nobody is connected.
    tabs[count]?.close();
    gateway.open.clear();
    gateway.publish();
    gateway.publish();
    await settled();
    expect(gateway.open.size).toBe(1);
  }
  expect(gateway.resumedFrom).toEqual([null, '2', '6', '10']);
  expect(tabs[3]?.ids).toEqual(Array.from({ length: 12 }, (_, at) => String(at + 1)));
});

test('the_last_words_of_an_earlier_leader_are_taken_once', async () => {
  const first = await openTab();
  const second = await openTab();
  gateway.publish();
  await settled();
  first.close();
  gateway.publish();
  await settled();
  const late = channelOf();
  late.postMessage(`event\n${writeEvent({ name: 'job', id: '2', data: '{}' })}`);
  late.postMessage(`event\n${writeEvent({ name: 'job', id: '3', data: '{}' })}`);
  await settled();
  late.close();
  expect(second.ids).toEqual(['1', '2', '3']);
});

test('a_tab_that_comes_late_goes_on_from_where_the_leader_was', async () => {
  const first = await openTab();
  gateway.publish();
  gateway.publish();
  await settled();
  const second = await openTab();
  first.close();
  gateway.open.clear();
  gateway.publish();
  await settled();
  expect(gateway.resumedFrom).toEqual([null, '2']);
  expect(second.ids).toEqual(['2', '3']);
  expect(second.states.at(-1)).toBe('open');
});

test('who_leads_next_without_knowing_from_where_asks_everything_anew', async () => {
  let release: (() => void) | null = null;
  void locks.request('proofmill.stream /v1/stream?topics=jobs', {}, () => new Promise<void>((end) => (release = end)));
  const tab = await openTab();
  expect(tab.names).toEqual([]);
  (release as (() => void) | null)?.();
  await settled();
  expect(tab.names).toEqual(['reset']);
  expect(gateway.open.size).toBe(1);
});

test('a_leader_that_falls_silent_loses_its_lead_and_one_with_heartbeats_keeps_it', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const lost = vi.fn();
  locks
    .request('proofmill.stream /v1/stream?topics=jobs', {}, () => new Promise(() => undefined))
    .catch((error: unknown) => {
      lost((error as Error).name);
    });
  const first = await openTab();
  const second = await openTab();
  vi.advanceTimersByTime(LEADER_SILENCE_MS - 1);
  await settled();
  expect(lost).not.toHaveBeenCalled();
  vi.advanceTimersByTime(LEADER_SILENCE_MS);
  await settled();
  expect(lost).toHaveBeenCalledExactlyOnceWith('AbortError');
  expect(gateway.open.size).toBe(1);
  const led = gateway.resumedFrom.length;
  for (let beats = 0; beats < 20; beats += 1) {
    vi.advanceTimersByTime(15_000);
    gateway.heartbeat();
    await settled();
  }
  expect(gateway.resumedFrom).toHaveLength(led);
  gateway.publish();
  await settled();
  expect([first.ids.at(-1), second.ids.at(-1)]).toEqual(['1', '1']);
});

test.each([
  ['freeze', 'resume'],
  ['pagehide', 'pageshow'],
])('a_page_put_away_gives_the_lead_up_and_asks_everything_anew_when_it_is_back: %s', async (away, back) => {
  const first = await openTab();
  const second = await openTab();
  gateway.publish();
  await settled();
  first.window.dispatchEvent(new Event(away));
  await settled();
  expect(gateway.open.size).toBe(1);
  gateway.publish();
  await settled();
  expect(second.ids).toEqual(['1', '2']);
  first.window.dispatchEvent(new Event(back));
  second.close();
  await settled();
  gateway.publish();
  await settled();
  expect(first.names).toContain('reset');
  expect(first.ids.at(-1)).toBe('3');
  expect(gateway.open.size).toBe(1);
});

test('a_tab_whose_lead_is_taken_lets_its_connection_go_and_waits_again', async () => {
  const tab = await openTab();
  gateway.publish();
  await settled();
  let release: (() => void) | null = null;
  void locks.request(
    'proofmill.stream /v1/stream?topics=jobs',
    { steal: true },
    () => new Promise<void>((end) => (release = end)),
  );
  await settled();
  expect(gateway.open.size).toBe(0);
  gateway.publish();
  (release as (() => void) | null)?.();
  await settled();
  expect(tab.ids).toEqual(['1', '2']);
  expect(gateway.open.size).toBe(1);
});

test('what_is_no_event_on_the_channel_changes_nothing', async () => {
  const first = await openTab();
  const second = await openTab();
  const stranger = channelOf();
  const words = [5, null, {}, ['event\n'], '', 'event', 'event\n', 'event\nid: 9\n\n', 'close\n', 'at\n9'];
  for (const word of words) stranger.postMessage(word);
  stranger.postMessage(`event\n${writeEvent({ name: 'job', id: '9', data: 'x'.repeat(EVENT_CHARACTERS_MAX) })}`);
  await settled();
  stranger.close();
  gateway.publish();
  await settled();
  for (const tab of [first, second]) expect(tab.ids).toEqual(['1']);
});

test('another_query_is_another_stream', async () => {
  const jobs = await openTab('jobs');
  const offers = await openTab('offers');
  expect(gateway.open.size).toBe(2);
  gateway.publish();
  await settled();
  expect([jobs.ids, offers.ids]).toEqual([['1'], ['1']]);
});

test('a_refusal_ends_it_for_every_tab', async () => {
  gateway.refuses = true;
  await openTab();
  await openTab();
  for (const tab of tabs) expect(await tab.ended).toBeInstanceOf(GatewayFault);
});

test.each([['locks'], ['channel']])('where_the_browser_lacks_them_each_tab_is_connected: %s', async (lacks) => {
  if (lacks === 'locks') vi.stubGlobal('navigator', {});
  else vi.stubGlobal('BroadcastChannel', undefined);
  await openTab();
  await openTab();
  expect(gateway.open.size).toBe(2);
  gateway.publish();
  await settled();
  for (const tab of tabs) expect(tab.ids).toEqual(['1']);
});

test('where_locks_are_refused_each_tab_is_connected', async () => {
  vi.stubGlobal('navigator', { locks: { request: () => Promise.reject(new DOMException('no', 'SecurityError')) } });
  await openTab();
  await openTab();
  expect(gateway.open.size).toBe(2);
});

test.each<StreamEvent>([
  { name: 'job', id: '7', data: '{"a":1}' },
  { name: 'slot', id: null, data: '5' },
  { name: 'message', id: '', data: 'two\nlines\n' },
])('an_event_that_is_written_is_read_as_it_was: %o', (event) => {
  expect(cutEvents(writeEvent(event))).toEqual({ events: [event], rest: '' });
});

test('a_page_in_the_background_gives_its_own_stream_back_and_goes_on_where_it_was', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const page = Object.assign(new EventTarget(), { hidden: true });
  vi.stubGlobal('document', page);
  const look = async (hidden: boolean): Promise<void> => {
    page.hidden = hidden;
    page.dispatchEvent(new Event('visibilitychange'));
    await settled();
  };
  const ids: (string | null)[] = [];
  const controller = new AbortController();
  const ended = followWhileVisible('/v1/jobs/x/logs', {
    token: 'secret',
    signal: controller.signal,
    onEvent: ({ id, name }) => {
      ids.push(id);
      return name === 'end';
    },
  });
  await settled();
  expect(gateway.open.size).toBe(0);
  await look(false);
  gateway.publish();
  await look(true);
  // A glance at another tab.
  vi.advanceTimersByTime(HIDDEN_STREAM_MS - 1);
  await look(false);
  vi.advanceTimersByTime(HIDDEN_STREAM_MS);
  await settled();
  expect(gateway.resumedFrom).toEqual([null]);
  await look(true);
  vi.advanceTimersByTime(HIDDEN_STREAM_MS);
  await settled();
  expect(gateway.open.size).toBe(0);
  gateway.publish();
  await look(false);
  expect(gateway.resumedFrom).toEqual([null, '1']);
  expect(ids).toEqual(['1', '2']);
  gateway.publish('end');
  await ended;
  expect(ids).toEqual(['1', '2', '3']);
});
