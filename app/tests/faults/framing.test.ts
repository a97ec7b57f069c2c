/** The dApp inside a hostile page, beside a hostile wallet, and before a node that names its own fees. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Page } from 'playwright-core';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startChrome, type Chrome } from '../browser';
import { startFixture, type Fixture } from '../fixture-gateway/gateway';
import { putService, WALLET } from '../fixture-gateway/holdings';
import { connectWallet, setMood, TEST_WALLET, walletOf, withTestWallet } from '../test-wallet';

let fixture: Fixture;
let chrome: Chrome;
let page: Page;

beforeEach(async () => {
  fixture = await startFixture();
  // Both the page and the page around it are on this computer.
  chrome = await startChrome('http://127.0.0.1:');
  await withTestWallet(chrome.context);
  fixture.balances.set(WALLET, 1_000_000_000n);
  fixture.lamports.set(WALLET, 10_000_000_000n);
});
afterEach(async () => {
  await chrome.close();
  await fixture.close();
});

const says = (text: string | RegExp) => page.getByText(text).first().waitFor();

async function around(url: string): Promise<{ readonly server: Server; readonly url: string }> {
  const server = createServer((_, response) => {
    response.writeHead(200, { 'content-type': 'text/html' });
    response.end(`<!doctype html><title>hostile</title><iframe src="${url}" width="1000" height="900"></iframe>`);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` };
}

test('the_page_is_not_shown_inside_another_one', async () => {
  const { server, url } = await around(fixture.url);
  page = await chrome.open(url);
  await expect.poll(() => chrome.complaints.join()).toMatch(/frame-ancestors/u);
  expect(await page.frameLocator('iframe').getByText('Proofmill').count()).toBe(0);
  server.close();
});

test('where_a_server_forgot_the_policy_the_framed_page_signs_nothing_and_says_why', async () => {
  fixture.mischief = { naked: true };
  const address = await putService(fixture);
  const { server, url } = await around(`${fixture.url}/jobs/${address}`);
  page = await chrome.open(url);
  const inner = page.frameLocator('iframe');
  await inner.getByText('This page is shown inside another page, which could hide what you sign.').first().waitFor();
  await inner.getByRole('banner').getByRole('button', { name: 'Connect a wallet' }).click();
  await inner.getByRole('button', { name: TEST_WALLET }).click();
  await inner.getByRole('button', { name: 'Stop', exact: true }).click();
  const dialog = inner.getByRole('dialog', { name: 'Stop this service' });
  await dialog.getByText(/could hide what you sign/u).waitFor();
  expect(await dialog.getByRole('button', { name: 'Sign in the wallet' }).count()).toBe(0);
  await dialog.getByRole('button', { name: 'Close' }).click();
  await inner.getByLabel('Port', { exact: true }).fill('8080');
  await inner.getByRole('button', { name: 'Open port 8080' }).click();
  await page.waitForTimeout(500);
  expect(await inner.getByRole('dialog', { name: 'Sign in' }).count()).toBe(0);
  const frame = page.frames().find((one) => one.url().startsWith(fixture.url));
  expect(await frame?.evaluate(() => [window.testWallet.transactions, window.testWallet.sentences])).toEqual([0, 0]);
  expect(fixture.sent).toHaveLength(0);
  server.close();
});

test('two_wallets_of_one_name_are_both_shown_with_a_warning_and_neither_is_connected_unasked', async () => {
  page = await chrome.open(fixture.url);
  await connectWallet(page);
  const first = await page.getByRole('banner').getByRole('button', { name: /:/u }).innerText();
  await page.close();
  // An extension that came since takes the same name, with a space that cannot be seen.
  await withTestWallet(chrome.context, '22'.repeat(32), `${TEST_WALLET}\u200b`);
  page = await chrome.open(fixture.url);
  await says('Local network, slot');
  await page.waitForTimeout(1_000);
  await page.getByRole('banner').getByRole('button', { name: 'Connect a wallet' }).click();
  await says(/Another wallet has this name too/u);
  expect(
    await page
      .getByRole('dialog', { name: 'Wallet' })
      .getByText(/Another wallet has this name too/u)
      .count(),
  ).toBe(2);
  expect(first).not.toBe('');
  expect(await walletOf(page)).toEqual({ transactions: 0, sentences: 0 });
});

test('a_wallet_in_the_place_of_the_last_one_that_shows_another_account_is_not_connected_unasked', async () => {
  page = await chrome.open(fixture.url);
  await connectWallet(page);
  await page.close();
  await chrome.context.addInitScript(() => {
    localStorage.setItem('proofmill.wallet.account', '4TQc8DiQNyPEpCeuBcm21Efr1m4Fnb1gXsaik97T4hF2');
  });
  page = await chrome.open(fixture.url);
  await says('Local network, slot');
  await page.waitForTimeout(1_000);
  await page.getByRole('banner').getByRole('button', { name: 'Connect a wallet' }).waitFor();
});

test('a_wallet_that_changes_its_account_while_it_signs_gets_nothing_sent', async () => {
  const address = await putService(fixture);
  page = await chrome.open(`${fixture.url}/jobs/${address}`);
  await connectWallet(page);
  await page.getByRole('button', { name: 'Stop', exact: true }).click();
  const dialog = page.getByRole('dialog', { name: 'Stop this service' });
  await setMood(page, 'waits');
  await dialog.getByRole('button', { name: 'Sign in the wallet' }).click();
  await dialog.getByRole('button', { name: 'Waiting for the wallet' }).waitFor();
  await page.evaluate(() => window.testWallet.changeAccount());
  await says(/The wallet changed to another account/u);
  await setMood(page, 'signs');
  await expect.poll(async () => (await walletOf(page)).transactions).toBe(1);
  await page.waitForTimeout(2_000);
  // It signed for the account that it no longer shows; that signature is not used, now or after a reload.
  expect(fixture.sent).toHaveLength(0);
  await page.reload();
  await says('Local network, slot');
  await page.waitForTimeout(2_000);
  expect(fixture.sent).toHaveLength(0);
});

test('a_fee_for_priority_is_off_until_chosen_and_then_bounded_and_shown', async () => {
  // A node that wants the wallet's lamports names its own fees.
  fixture.mischief = { fees: Array.from({ length: 20 }, () => 9_000_000_000) };
  const address = await putService(fixture);
  page = await chrome.open(`${fixture.url}/jobs/${address}`);
  await connectWallet(page);
  await page.getByRole('button', { name: 'Stop', exact: true }).click();
  const dialog = page.getByRole('dialog', { name: 'Stop this service' });
  await dialog.getByText(/Network fee: 0\.000005 SOL, plus rent/u).waitFor();
  await dialog.getByLabel('Priority').selectOption({ label: 'Offer what half of the recent blocks took' });
  await dialog.getByText(/Network fee: 0\.000405 SOL, 0\.0004 of it at most for priority/u).waitFor();
  await dialog.getByRole('heading', { name: 'Offer a fee for priority' }).waitFor();
  await dialog.getByText('At most in all: 0.0004 SOL').waitFor();
  await dialog.getByLabel('Priority').selectOption({ label: 'Offer nothing for priority' });
  await dialog.getByText(/Network fee: 0\.000005 SOL, plus rent/u).waitFor();
  await dialog.getByRole('button', { name: 'Sign in the wallet' }).click();
  await expect.poll(() => fixture.sent.length).toBe(1);
});
