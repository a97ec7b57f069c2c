import { afterEach, describe, expect, test, vi } from 'vitest';
import { ask, askAll, askBytes } from '../../src/gateway/client';
import { GatewayFault } from '../../src/gateway/faults';
import { cutEvents } from '../../src/gateway/stream';
import {
  address,
  amount,
  count,
  flag,
  hex32,
  integer,
  list,
  nullable,
  page,
  parseJson,
  scalar,
  shape,
  text,
  word,
} from '../../src/gateway/wire';

const KEY = 'So11111111111111111111111111111111111111112';

afterEach(() => vi.unstubAllGlobals());
const answers = (...bodies: readonly (Response | Error)[]) => {
  const left = [...bodies];
  const asked: string[] = [];
  vi.stubGlobal('fetch', (url: string) => {
    asked.push(url);
    const next = left.shift() ?? new Error('nothing left');
    return next instanceof Error ? Promise.reject(next) : Promise.resolve(next);
  });
  return asked;
};
const json = (body: unknown, status = 200) => new Response(JSON.stringify(body), { status });

describe('reading', () => {
  test.each<[string, (value: unknown, at: string) => unknown, unknown[], unknown[]]>([
    [
      'amount',
      amount,
      ['0', '18446744073709551615'],
      ['18446744073709551616', '01', '-1', '1.5', '', 1, null, '1e3', ' 1'],
    ],
    ['count', count, ['5', 5, 0], [-1, 1.5, 2 ** 53, null, 'x']],
    ['integer', integer, [0, -5, 2 ** 53 - 1], [2 ** 53, 1.5, '1', null, Number.NaN]],
    ['address', address, [KEY], ['', 'O'.repeat(43), `${KEY}\u202e`, 5, null]],
    ['hash', hex32, ['ab'.repeat(32)], ['AB'.repeat(32), 'ab'.repeat(31), null]],
    ['word', word, ['accepted', 'no_receipt'], ['Accepted', '<b>', '', null, 'a'.repeat(41)]],
    ['flag', flag, [true, false], [0, 'true', null]],
  ])('an %s is what it should be or nothing', (_, read, good, bad) => {
    for (const value of good) expect(() => read(value, 'x')).not.toThrow();
    for (const value of bad) expect(() => read(value, 'x')).toThrow(/^x: |^x/u);
  });

  test('a_refusal_names_the_place', () => {
    const read = shape({ items: list(shape({ price: amount })) });
    expect(() => read({ items: [{ price: '1' }, { price: 2 }] }, '')).toThrow(
      'items[1].price: a decimal string was expected',
    );
    expect(() => read([], '')).toThrow('an object was expected');
    expect(() => list(text, 2)(['a', 'b', 'c'], 'names')).toThrow('names: more than 2 entries');
  });

  test('inherited_names_are_no_fields', () => {
    expect(shape({ constructor: nullable(text) })({}, '')).toEqual({ constructor: null });
  });

  test('a_scalar_is_harmless_text', () => {
    expect(scalar('\u202e<b>', '')).toBe('\u25a1<b>');
    expect(scalar(5, '')).toBe('5');
    expect(scalar(null, '')).toBeNull();
  });

  test('json_that_is_too_deep_is_not_parsed', () => {
    expect(() => parseJson('['.repeat(33))).toThrow('nested too deeply');
    expect(parseJson('"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["')).toHaveLength(39);
    expect(() => parseJson('<html>')).toThrow('not JSON');
  });

  test('large_numbers_stay_exact_where_asked', () => {
    const source =
      '{"a":18446744073709551615,"b":"x:18446744073709551615,","c":[1234567890123456,5],"d":1.2345678901234567,"e":-5}';
    expect(parseJson(source, true)).toEqual({
      a: '18446744073709551615',
      b: 'x:18446744073709551615,',
      c: ['1234567890123456', 5],
      d: 1.2345678901234567,
      e: -5,
    });
  });
});

describe('asking', () => {
  test('a_refusal_speaks_with_the_gateways_words_made_harmless', async () => {
    answers(
      json({ error: { code: 'not_found', message: 'There is no job\u202e.', next: 'Check it.', field: null } }, 404),
    );
    const fault = await ask('/v1/jobs/x', text).catch((error: unknown) => error);
    expect(fault).toBeInstanceOf(GatewayFault);
    expect(fault).toMatchObject({
      kind: 'refused',
      code: 'not_found',
      words: { what: 'There is no job\u25a1.', next: 'Check it.' },
    });
  });

  test.each([
    ['a lost connection', [new TypeError('fetch failed')], 'unreachable'],
    ['a proxy without a gateway', [new Response('<html>', { status: 502 })], 'unreachable'],
    ['an answer of another shape', [json({ version: 5 })], 'nonsense'],
    ['an answer that is no JSON', [new Response('hello')], 'nonsense'],
    ['too many questions', [json({}, 429)], 'refused'],
  ])('%s is a fault of its kind', async (_, bodies, kind) => {
    answers(...bodies);
    await expect(ask('/v1/network', shape({ version: text }))).rejects.toMatchObject({ kind });
  });

  test('an_answer_without_end_is_cut_off', async () => {
    let sent = 0;
    const endless = new ReadableStream<Uint8Array>({
      pull: (controller) => {
        sent += 65_536;
        controller.enqueue(new Uint8Array(65_536));
      },
    });
    answers(new Response(endless));
    await expect(askBytes('/v1/jobs/x/output', 1_000_000)).rejects.toMatchObject({ kind: 'nonsense' });
    expect(sent).toBeLessThan(2_000_000);
  });

  test('pages_are_followed_to_their_end_and_not_in_a_circle', async () => {
    const asked = answers(json({ items: ['a'], next_cursor: 'c1' }), json({ items: ['b'], next_cursor: null }));
    expect(await askAll('/v1/x', page(text))).toEqual(['a', 'b']);
    expect(asked[1]).toContain('cursor=c1');
    answers(json({ items: ['a'], next_cursor: 'same' }), json({ items: ['a'], next_cursor: 'same' }));
    expect(await askAll('/v1/x', page(text))).toEqual(['a', 'a']);
  });
});

describe('streams', () => {
  test('events_are_cut_wherever_the_pieces_break', () => {
    const whole = ': hello\nid: 7\nevent: job\ndata: {"a":\ndata: 1}\n\nevent: slot\ndata: 5\r\n\r\ndata: half';
    for (let at = 0; at <= whole.length; at += 1) {
      const first = cutEvents(whole.slice(0, at));
      const second = cutEvents(first.rest + whole.slice(at));
      expect([...first.events, ...second.events]).toEqual([
        { name: 'job', id: '7', data: '{"a":\n1}' },
        { name: 'slot', id: null, data: '5' },
      ]);
      expect(second.rest).toBe('data: half');
    }
  });
});
