/** A gateway that is down, slow, old or lies: what the page then says, and that nothing is signed for it. */
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { startChrome, type Chrome } from '../browser';
import { key, startFixture, type Fixture, type Json } from '../fixture-gateway/gateway';

let fixture: Fixture;
let chrome: Chrome;
let page: Page;

beforeAll(async () => {
  fixture = await startFixture();
  chrome = await startChrome(fixture.url);
});
afterAll(async () => {
  await chrome.close();
  await fixture.close();
});
beforeEach(() => {
  fixture.mischief = {};
});
afterEach(async () => {
  await page.close();
  expect(chrome.complaints).toEqual([]);
  expect(chrome.strangers).toEqual([]);
});

const says = (text: string | RegExp) => page.getByText(text).first().waitFor();

test('a_gateway_that_is_down_is_named_and_found_again_when_it_is_back', async () => {
  fixture.mischief = { down: '/v1/' };
  page = await chrome.open(fixture.url);
  await says('The gateway does not answer.');
  await says('Your money does not depend on it');
  expect(await page.getByText('NVIDIA').count()).toBe(0);
  fixture.mischief = {};
  await says('Local network, slot');
  await says('NVIDIA GeForce RTX 4090');
});

test('what_was_known_stays_with_its_age_when_the_gateway_goes_away', async () => {
  page = await chrome.open(`${fixture.url}/jobs?all=yes`);
  await says('Running');
  fixture.mischief = { down: '/v1/jobs' };
  await says('Shown as of');
  await says('Running');
});

test('a_slow_gateway_shows_bones_and_says_that_it_is_slow', async () => {
  fixture.mischief = { slow: 4_000 };
  page = await chrome.open(`${fixture.url}/governance`);
  await says('The gateway is slow; still waiting for its answer.');
  await says('Platform fee');
});

test('an_answer_that_is_no_json_is_nonsense_and_nothing_of_it_is_shown', async () => {
  fixture.mischief = {
    raw: (path) => (path === '/v1/offers' ? '<html><script>document.title="owned"</script></html>' : null),
  };
  page = await chrome.open(fixture.url);
  await says('The gateway sent something that cannot be true (the answer is not JSON).');
  expect(await page.title()).not.toContain('owned');
});

test('an_answer_nested_without_end_is_refused_before_it_is_parsed', async () => {
  fixture.mischief = { raw: (path) => (path === '/v1/offers' ? '['.repeat(200_000) : null) };
  page = await chrome.open(fixture.url);
  await says('nested too deeply');
});

test('an_amount_as_a_json_number_is_refused', async () => {
  fixture.mischief = {
    twist: (path, body) =>
      path === '/v1/offers' ? twistItems(body, (item) => ({ ...item, price_per_second: 1e21 })) : body,
  };
  page = await chrome.open(fixture.url);
  await says('price_per_second: a decimal string was expected');
});

test('amounts_beyond_what_a_number_holds_are_shown_to_the_atom', async () => {
  fixture.mischief = {
    twist: (path, body) =>
      path === `/v1/jobs/${key('job running')}` ? { ...(body as object), escrowed: '18446744073709551615' } : body,
  };
  page = await chrome.open(`${fixture.url}/jobs/${key('job running')}`);
  await says('18\u202f446\u202f744\u202f073\u202f709.551615');
});

test('an_amount_beyond_64_bits_is_refused', async () => {
  fixture.mischief = {
    twist: (path, body) =>
      path === `/v1/jobs/${key('job running')}` ? { ...(body as object), escrowed: '18446744073709551616' } : body,
  };
  page = await chrome.open(`${fixture.url}/jobs/${key('job running')}`);
  await says('escrowed: more than 64 bits');
});

test('markup_and_turning_marks_in_names_are_shown_as_harmless_text', async () => {
  const name = '<img src=x onerror="document.title=\'owned\'">\u202eevil\u2066 GPU\u0007';
  fixture.mischief = {
    twist: (path, body) => (path === '/v1/offers' ? twistItems(body, (item) => ({ ...item, gpu_model: name })) : body),
  };
  page = await chrome.open(fixture.url);
  await says('\u25a1evil\u25a1 GPU\u25a1');
  expect(await page.locator('main img').count()).toBe(0);
  expect(await page.title()).not.toContain('owned');
  expect(await page.locator('main').innerText()).not.toMatch(/[\u202a-\u202e\u2066-\u2069]/u);
});

test('an_old_index_is_called_old', async () => {
  fixture.mischief = {
    twist: (path, body) => (path === '/v1/network' ? { ...(body as object), indexed_slot: 12 } : body),
  };
  page = await chrome.open(fixture.url);
  await says(/slots behind the chain/u);
  await says('Before you sign, everything that matters is read from the chain again.');
});

test('a_paused_market_says_that_exits_stay_open', async () => {
  fixture.mischief = { twist: (path, body) => (path === '/v1/network' ? { ...(body as object), paused: true } : body) };
  page = await chrome.open(fixture.url);
  await says('every exit stays open');
});

test('a_page_that_is_not_there_says_so', async () => {
  page = await chrome.open(`${fixture.url}/no/such/page`);
  await says('There is no such page');
});

function twistItems(body: Json, change: (item: Record<string, Json | undefined>) => Json): Json {
  const found = body as { items: readonly Record<string, Json>[]; next_cursor: null };
  return { ...found, items: found.items.map(change) };
}
