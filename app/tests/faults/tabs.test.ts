/** Many tabs of one browser: they share its few connections, and each hears of every change. */
import type { Page } from 'playwright-core';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startChrome, type Chrome } from '../browser';
import { key, startFixture, type Fixture } from '../fixture-gateway/gateway';
import { grouped } from '../../src/text/amount';

/** More than twice the connections that a browser opens to one gateway over HTTP/1.1. */
const TABS = 12;
const PATIENCE = { timeout: 60_000 };
const PAGES = ['/', '/jobs?all=yes', `/jobs/${key('job running')}`, '/validators', '/governance', '/network'];

let fixture: Fixture;
let chrome: Chrome;
let tabs: Page[];

beforeEach(async () => {
  fixture = await startFixture();
  // The only slots are those that a test announces: what the header shows came by the stream and in no other way.
  fixture.mischief = { still: true };
  chrome = await startChrome(fixture.url);
  tabs = [];
});
afterEach(async () => {
  const { complaints, strangers } = chrome;
  await chrome.close();
  await fixture.close();
  expect(complaints).toEqual([]);
  expect(strangers).toEqual([]);
});

/** Tabs that lead or wait to. */
const askingToLead = (tab: Page): Promise<number> =>
  tab.evaluate(async () => {
    const { held = [], pending = [] } = await navigator.locks.query();
    return held.length + pending.length;
  });
const openTabs = async (count: number): Promise<void> => {
  for (let opened = 0; opened < count; opened += 1) {
    const tab = await chrome.open(fixture.url + (PAGES[opened % PAGES.length] ?? '/'));
    tabs.push(tab);
    // The lead passes in the order in which they ask for it: a tab that loads slowly must not be overtaken.
    await expect.poll(() => askingToLead(tab), PATIENCE).toBe(opened + 1);
  }
  for (const tab of tabs) await tab.getByText('Local network, slot').waitFor();
};
const announceSlot = (slot: number): void => fixture.announce('slot', { slot });
const allShow = async (slot: number): Promise<void> => {
  await Promise.all(tabs.map((tab) => tab.getByText(`slot ${grouped(slot)}`).waitFor()));
};
const streamsAsked = (): number => fixture.asked.filter((line) => line === 'GET /v1/stream').length;

test('twelve_tabs_hold_one_stream', async () => {
  await openTabs(TABS);
  await expect.poll(() => fixture.streams(), PATIENCE).toBe(1);
  expect(streamsAsked()).toBe(1);
  announceSlot(1_000_001);
  await allShow(1_000_001);
  // Each is still answered what it asks for itself.
  for (const tab of tabs) {
    await tab.reload();
    await tab.getByText('Local network, slot').waitFor();
  }
  await expect.poll(() => fixture.streams(), PATIENCE).toBe(1);
});

test('when_the_leading_tab_is_closed_the_rest_miss_no_change', async () => {
  await openTabs(TABS);
  announceSlot(1_000_001);
  await allShow(1_000_001);
  // The next leader finds the gateway closed at first: a change falls into the gap.
  fixture.mischief = { still: true, down: '/v1/stream' };
  await tabs.shift()?.close();
  await expect.poll(() => fixture.streams(), PATIENCE).toBe(0);
  await expect.poll(() => streamsAsked(), PATIENCE).toBeGreaterThan(1);
  announceSlot(1_000_002);
  fixture.mischief = { still: true };
  await allShow(1_000_002);
  expect(fixture.streams()).toBe(1);
  announceSlot(1_000_003);
  await allShow(1_000_003);
});

test('a_leading_tab_that_is_put_away_or_crashes_is_followed_by_another', async () => {
  await openTabs(3);
  const [first, second] = tabs;
  if (first === undefined || second === undefined) throw new Error('three tabs were opened');
  announceSlot(1_000_001);
  await allShow(1_000_001);
  // A browser without a window freezes nothing: the page is only told so.
  await first.evaluate(() => document.dispatchEvent(new Event('freeze')));
  tabs.shift();
  await expect.poll(() => streamsAsked(), PATIENCE).toBe(2);
  announceSlot(1_000_002);
  await allShow(1_000_002);
  const crasher = await chrome.context.newCDPSession(second);
  void crasher.send('Page.crash').catch(() => undefined);
  tabs.shift();
  await expect.poll(() => streamsAsked(), PATIENCE).toBe(3);
  announceSlot(1_000_003);
  await allShow(1_000_003);
  await first.evaluate(() => document.dispatchEvent(new Event('resume')));
  tabs.push(first);
  await expect.poll(() => fixture.streams(), PATIENCE).toBe(1);
  announceSlot(1_000_004);
  await allShow(1_000_004);
});
