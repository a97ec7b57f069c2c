/** Every page, in both themes and two widths: axe finds nothing, nothing is cut off, the keyboard reaches everything. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { derive } from '@proofmill/client';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startChrome, type Chrome } from '../browser';
import { key, startFixture, type Fixture } from '../fixture-gateway/gateway';
import { putArray, putService, putTask, WALLET } from '../fixture-gateway/holdings';
import { connectWallet, withTestWallet } from '../test-wallet';

const ARRAY = `/arrays/${await derive.array(WALLET, 7)}`;
const SERVICE = `/jobs/${await derive.job(WALLET, 99n)}`;
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const PAGES = [
  '/',
  `/providers/${key('owner Blaise')}`,
  '/launch',
  '/launch?kind=array',
  '/launch?kind=service',
  ARRAY,
  SERVICE,
  '/jobs?all=yes',
  `/jobs/${key('job running')}`,
  `/jobs/${key('job judged')}`,
  `/jobs/${key('job settled')}`,
  '/provider',
  '/validators',
  '/stake',
  '/governance',
  '/network',
];

let fixture: Fixture;
let chrome: Chrome;
let page: Page;

beforeAll(async () => {
  fixture = await startFixture();
  await putService(fixture, { slaBond: 1_000_000n, slaUptimeBps: 9_900 });
  const taken = [5n, ...Array.from({ length: 15 }, () => 0n)];
  const done = [2n, ...Array.from({ length: 15 }, () => 0n)];
  const issued = Uint8Array.from({ length: 1_024 }, (_, task) => [1, 1, 1, 2, 0][task] ?? 0);
  const of = await putArray(fixture, {
    tasksTotal: 1_024,
    takenCount: 2,
    doneCount: 1,
    failedCount: 1,
    taken,
    done,
    issued,
  });
  await putTask(fixture, of, 0, { state: 3 });
  await putTask(fixture, of, 2, { state: 5, outcome: 1, paid: 100n });
  chrome = await startChrome(fixture.url);
  await withTestWallet(chrome.context);
  page = await chrome.open(fixture.url);
});
afterAll(async () => {
  await chrome.close();
  await fixture.close();
});

async function violations(): Promise<string[]> {
  // The policy allows no foreign script: this one comes by the debugger, as a person's own tool would.
  await page.evaluate(AXE);
  return page.evaluate(async () => {
    const axe = (
      window as unknown as {
        axe: {
          run: (
            root: Document,
            options: object,
          ) => Promise<{ violations: { id: string; nodes: { html: string; failureSummary?: string }[] }[] }>;
        };
      }
    ).axe;
    const found = await axe.run(document, {
      runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
    });
    return found.violations.flatMap(({ id, nodes }) =>
      nodes.map((node) => `${id}: ${node.html.slice(0, 160)} ${node.failureSummary ?? ''}`),
    );
  });
}

async function settled(): Promise<void> {
  await page.waitForFunction(() => document.querySelectorAll('main .bone').length === 0);
}

describe.each(['light', 'dark'])('in the %s theme', (theme) => {
  test.each(PAGES)('axe_finds_nothing_on %s', async (path) => {
    await page.evaluate((chosen) => localStorage.setItem('proofmill.theme', chosen), theme);
    await page.goto(fixture.url + path);
    await settled();
    expect(await violations()).toEqual([]);
  });
});

test.each(PAGES)('nothing_is_wider_than_a_telephone on %s', async (path) => {
  await page.setViewportSize({ width: 375, height: 800 });
  await page.goto(fixture.url + path);
  await settled();
  const wider = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  await page.setViewportSize({ width: 1_280, height: 900 });
  expect(wider).toBe(0);
});

test('axe_finds_nothing_in_the_dialogs', async () => {
  await page.goto(`${fixture.url}/launch?kind=batch`);
  await page.getByRole('button', { name: 'Connect a wallet' }).first().click();
  expect(await violations()).toEqual([]);
  await page.getByRole('button', { name: 'Close' }).click();
  await connectWallet(page);
  await page
    .getByRole('banner')
    .getByRole('button', { name: /Test wallet/u })
    .click();
  await page.getByRole('button', { name: 'Get test money' }).click();
  await page.getByLabel('Container image').fill(`sha256:${'ab'.repeat(32)}`);
  await page.getByText('NVIDIA GeForce RTX 3080').waitFor();
  await page.getByRole('button', { name: 'Review and post' }).click();
  await page.getByRole('dialog', { name: 'Sign in' }).waitFor();
  expect(await violations()).toEqual([]);
  await page.getByRole('dialog', { name: 'Sign in' }).getByRole('button', { name: 'Sign in the wallet' }).click();
  await page.getByRole('dialog', { name: 'Post this job' }).getByText('Take the offer').waitFor();
  expect(await violations()).toEqual([]);
  await page.getByRole('button', { name: 'Do not sign' }).click();
});

test.each([ARRAY, SERVICE])('axe_finds_nothing_where_its_tenant_may_act: %s', async (path) => {
  await page.goto(fixture.url + path);
  await page
    .getByRole('banner')
    .getByRole('button', { name: /Test wallet/u })
    .waitFor();
  await settled();
  await page.getByRole('button', { name: /^(Stop|Let no further task be taken)$/u }).waitFor();
  expect(await violations()).toEqual([]);
});

test('the_arrow_keys_walk_through_the_tasks_and_only_one_of_them_is_a_stop_of_the_tab', async () => {
  await page.goto(fixture.url + ARRAY);
  const cells = page.getByRole('group', { name: /Every task/u }).getByRole('button');
  await cells.first().focus();
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowUp');
  await page.getByRole('region', { name: 'Task 1', exact: true }).waitFor();
  expect(await cells.evaluateAll((all) => all.filter((cell) => cell.tabIndex === 0).length)).toBe(1);
  expect(await page.evaluate(() => document.activeElement?.getAttribute('aria-label'))).toMatch(/^Task 1: done/u);
});

test('the_keyboard_alone_reaches_the_content_and_opens_a_page', async () => {
  await page.goto(fixture.url);
  await settled();
  await page.keyboard.press('Tab');
  expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Skip to the content');
  await page.getByRole('link', { name: 'Governance' }).focus();
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Governance' }).waitFor();
  expect(await page.evaluate(() => document.activeElement?.id)).toBe('content');
});

test('a_filter_is_part_of_the_address_and_survives_a_reload', async () => {
  await page.goto(fixture.url);
  await page.getByLabel('Tier').selectOption('datacenter');
  await page.getByText('NVIDIA GeForce RTX 4090').waitFor({ state: 'detached' });
  expect(new URL(page.url()).search).toBe('?tier=datacenter');
  await page.reload();
  await page.getByText('NVIDIA L40S').waitFor();
  expect(await page.getByText('NVIDIA GeForce RTX 4090').count()).toBe(0);
});

test('the_burner_is_offered_on_local_networks_only', async () => {
  const other = await chrome.open(fixture.url);
  await other.evaluate(() => localStorage.clear());
  await other.reload();
  await other.getByRole('button', { name: 'Connect a wallet' }).first().click();
  await other.getByText('Burner (local only)').waitFor();
  fixture.mischief = { twist: (path, body) => (path === '/v1/network' ? { ...(body as object), local: false } : body) };
  await other.reload();
  await other.getByRole('button', { name: 'Connect a wallet' }).first().click();
  await other.getByText('Test wallet').waitFor();
  expect(await other.getByText('Burner').count()).toBe(0);
  fixture.mischief = {};
  await other.close();
});

test('nothing_but_the_gateway_was_asked_for_anything', () => {
  expect(chrome.strangers).toEqual([]);
  expect(chrome.complaints).toEqual([]);
});
