/** From the wish to the chain: nothing is signed that was not shown, nothing is sent that was not signed, nothing is lost. */
import type { Page } from 'playwright-core';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startChrome, type Chrome } from '../browser';
import { GENESIS, startFixture, type Fixture, type Json } from '../fixture-gateway/gateway';
import { connectWallet, setMood, walletOf, withTestWallet } from '../test-wallet';

let fixture: Fixture;
let chrome: Chrome;
let page: Page;

beforeEach(async () => {
  fixture = await startFixture();
  chrome = await startChrome(fixture.url);
  await withTestWallet(chrome.context);
});
afterEach(async () => {
  const { complaints, strangers } = chrome;
  await chrome.close();
  await fixture.close();
  expect(complaints).toEqual([]);
  expect(strangers).toEqual([]);
});

const says = (text: string | RegExp, where: Page = page) => where.getByText(text).first().waitFor();

/** Fills in the wizard, connected and with money, up to the last button. */
async function readyToPost({ money = true } = {}): Promise<void> {
  page = await chrome.open(fixture.url);
  await connectWallet(page);
  if (money) {
    await page
      .getByRole('banner')
      .getByRole('button', { name: /Test wallet/u })
      .click();
    await page.getByRole('button', { name: 'Get test money' }).click();
    await says('Test money is on its way.');
  }
  await page.getByRole('link', { name: 'Launch a job' }).first().click();
  await page.getByLabel('Container image').fill(`sha256:${'ab'.repeat(32)}`);
  await page.getByLabel('Command').fill('/job --quick "two words"');
  await page
    .getByLabel('Input files')
    .setInputFiles({ name: 'text.txt', mimeType: 'text/plain', buffer: Buffer.from('some words\n') });
  await page.getByText('NVIDIA GeForce RTX 3080').waitFor();
}

/** From the last button to the transaction in words. */
async function upToTheReview(): Promise<void> {
  await page.getByRole('button', { name: 'Review and post' }).click();
  await page.getByRole('dialog', { name: 'Sign in' }).getByRole('button', { name: 'Sign in the wallet' }).click();
  await page.getByRole('dialog', { name: 'Post this job' }).waitFor();
}
const sign = () =>
  page.getByRole('dialog', { name: 'Post this job' }).getByRole('button', { name: 'Sign in the wallet' }).click();
const review = () => page.getByRole('dialog', { name: 'Post this job' });

/** As quick as a person with a filled-in draft: before it is known who fits, there is nothing to sign. */
test('a_click_before_the_answer_waits_for_it_and_is_not_lost', async () => {
  await readyToPost();
  fixture.mischief = { slow: 1_500 };
  await page.getByLabel('Longest run, minutes').fill('7');
  const button = page.getByRole('button', { name: 'Review and post' });
  expect(await button.isDisabled()).toBe(true);
  await button.click();
  await page.getByRole('dialog', { name: 'Sign in' }).waitFor();
  fixture.mischief = {};
});

test('where_nobody_fits_the_last_button_says_so', async () => {
  await readyToPost();
  fixture.mischief = {
    twist: (path, body) => (path === '/v1/match' ? { ...(body as Record<string, Json>), matches: [] } : body),
  };
  await page.getByLabel('Longest run, minutes').fill('7');
  await says('No standing offer fits');
  await page.getByRole('button', { name: 'Review and post' }).click();
  await page.getByText('No standing offer fits.', { exact: true }).waitFor();
  await says('Ask for less, or ask for bids.');
  expect(fixture.sent).toEqual([]);
  fixture.mischief = {};
});

test('a_job_is_shown_in_words_signed_sent_once_and_its_files_handed_over', async () => {
  await readyToPost();
  await upToTheReview();
  await review().getByText('Post the job and lock its escrow').waitFor();
  await review().getByText('Locks at most: 0.0165 test tokens').waitFor();
  await review().getByText('Take the offer').waitFor();
  await review().getByText('Files and log go through this gateway in the clear').waitFor();
  expect(fixture.sent).toHaveLength(0);
  await sign();
  await says('Matched');
  await expect.poll(() => fixture.uploads.length, { timeout: 20_000 }).toBe(2);
  expect(fixture.sent).toHaveLength(1);
  expect(fixture.uploads.map(({ path }) => path.split('/').at(-1)).sort()).toEqual(['input', 'spec']);
  expect(await walletOf(page)).toEqual({ transactions: 1, sentences: 1 });
});

test('a_wallet_that_refuses_leaves_nothing_behind', async () => {
  await readyToPost();
  await upToTheReview();
  await review().getByText('Take the offer').waitFor();
  await setMood(page, 'refuses');
  await sign();
  await says('The wallet refused: User rejected the request.');
  await says('Nothing was signed and nothing was sent.');
  await page.getByRole('button', { name: 'Close' }).click();
  expect(fixture.sent).toHaveLength(0);
  await page.getByRole('link', { name: 'Jobs', exact: true }).click();
  await says('This wallet has posted no job yet.');
});

test('a_wallet_that_changes_its_account_during_the_review_signs_nothing', async () => {
  await readyToPost();
  await upToTheReview();
  await review().getByText('Take the offer').waitFor();
  await page.evaluate(() => window.testWallet.changeAccount());
  await says(/The wallet changed to another account/u);
  expect(await review().getByRole('button', { name: 'Sign in the wallet' }).count()).toBe(0);
  expect((await walletOf(page)).transactions).toBe(0);
  expect(fixture.sent).toHaveLength(0);
});

test('a_wallet_that_alters_the_transaction_is_found_out_and_nothing_is_sent', async () => {
  await readyToPost();
  await upToTheReview();
  await review().getByText('Take the offer').waitFor();
  await setMood(page, 'alters');
  await sign();
  await says('The wallet returned another transaction than the one that was shown.');
  expect(fixture.sent).toHaveLength(0);
});

test('a_wallet_without_funds_is_told_before_anything_is_signed', async () => {
  await readyToPost({ money: false });
  await says('Your wallet holds too little for this escrow.');
  await upToTheReview();
  await says(/The escrow is 0.0165 and your wallet holds 0/u);
  expect((await walletOf(page)).transactions).toBe(0);
});

test('a_gateway_that_shows_another_price_than_the_chain_gets_no_signature', async () => {
  const cheaper = (body: Json, list: 'items' | 'matches'): Json => {
    const found = body as Record<string, Json> & { [name: string]: readonly Record<string, Json>[] };
    return { ...found, [list]: (found[list] ?? []).map((offer) => ({ ...offer, price_per_second: '1' })) };
  };
  fixture.mischief = {
    twist: (path, body) =>
      path === '/v1/offers' ? cheaper(body, 'items') : path === '/v1/match' ? cheaper(body, 'matches') : body,
  };
  await readyToPost();
  await upToTheReview();
  await says(/the gateway says the price of the offer is 1 atoms per second, the chain says 55/u);
  expect((await walletOf(page)).transactions).toBe(0);
});

test('a_gateway_that_names_another_account_as_the_offer_gets_no_signature', async () => {
  fixture.mischief = {
    twist: (path, body) => {
      if (path !== '/v1/match') return body;
      const found = body as { matches: readonly Record<string, Json>[] };
      return { ...found, matches: found.matches.map((offer) => ({ ...offer, address: offer['provider'] ?? null })) };
    },
  };
  await readyToPost();
  await upToTheReview();
  await says(/this is no offer/u);
  expect((await walletOf(page)).transactions).toBe(0);
});

test('a_node_of_another_chain_gets_no_signature', async () => {
  await readyToPost();
  fixture.mischief = {
    twist: (path, body) =>
      path === '/rpc' && (body as { result?: Json }).result === GENESIS
        ? { ...(body as object), result: '1'.repeat(32) }
        : body,
  };
  await upToTheReview();
  await says('The node speaks for another chain than the one this page shows.');
  expect((await walletOf(page)).transactions).toBe(0);
});

test('a_gateway_that_asks_to_sign_something_else_at_sign_in_gets_nothing', async () => {
  await readyToPost();
  fixture.mischief = {
    sentence: (address) =>
      `evil.example wants you to sign in with your Solana account:\n${address}\n\nI give everything away.`,
  };
  await page.getByRole('button', { name: 'Review and post' }).click();
  await says('Not signed: it is not a sign-in to this page.');
  expect(
    await page.getByRole('dialog', { name: 'Sign in' }).getByRole('button', { name: 'Sign in the wallet' }).count(),
  ).toBe(0);
  expect(await walletOf(page)).toEqual({ transactions: 0, sentences: 0 });
});

test('a_node_lost_after_signing_loses_nothing_a_reload_sends_the_same_bytes_once', async () => {
  await readyToPost();
  await upToTheReview();
  await review().getByText('Take the offer').waitFor();
  fixture.mischief = {
    rpcDown: (method) =>
      method === 'sendTransaction' || method === 'getSignatureStatuses' || method === 'getBlockHeight',
  };
  await sign();
  await says(/It is kept in this browser and sent again/u);
  expect(fixture.sent).toHaveLength(0);
  await page.reload();
  await says('A transaction that you signed earlier is being seen through.');
  fixture.mischief = {};
  await says('Post this job: confirmed.');
  expect(fixture.sent).toHaveLength(1);
  expect((await walletOf(page)).transactions).toBe(0); // None since the reload: nobody signed twice.
  await page.getByRole('link', { name: 'Jobs', exact: true }).click();
  await says('files to hand over');
  await page.locator('main a[href^="/jobs/"]').first().click();
  await expect.poll(() => fixture.uploads.length, { timeout: 20_000 }).toBe(2);
});

test('a_transaction_that_can_no_longer_land_is_given_up_in_words', async () => {
  await readyToPost();
  await upToTheReview();
  await review().getByText('Take the offer').waitFor();
  fixture.mischief = {
    forgets: true,
    twist: (path, body) => {
      const found = body as { result?: Json };
      return path === '/rpc' && typeof found.result === 'number' ? { ...found, result: 99_999_999 } : body;
    },
  };
  await sign();
  await says(/can no longer take effect/u);
  await says('Nothing happened on the chain. Sign again.');
});

test('two_tabs_hand_the_files_over_once', async () => {
  await readyToPost();
  await upToTheReview();
  fixture.mischief = { down: '/v1/jobs' };
  await sign();
  await page.waitForURL(/\/jobs\//u);
  const other = await chrome.open(page.url());
  await says('Posted. The gateway has not seen it yet.', other);
  fixture.mischief = {};
  await says('Matched');
  await says('Matched', other);
  await expect.poll(() => fixture.uploads.length, { timeout: 20_000 }).toBeGreaterThanOrEqual(2);
  await page.waitForTimeout(4_000);
  expect(fixture.uploads).toHaveLength(2);
  expect(fixture.sent).toHaveLength(1);
});

test('a_log_with_escapes_markup_and_turning_marks_is_harmless_text', async () => {
  fixture.log = 'plain\n\u001b[31mred\u001b[0m <script>document.title="owned"</script>\n\u202eturned\n50%\r100%\n';
  await readyToPost();
  await upToTheReview();
  await sign();
  await page.waitForURL(/\/jobs\//u);
  const posted = fixture.jobs.at(-1);
  Object.assign(posted ?? {}, { state: 'running', started_at: Math.floor(Date.now() / 1_000) });
  fixture.announce('job', posted ?? {});
  await page.getByRole('log').getByText('100%').waitFor();
  const text = await page.getByRole('log').innerText();
  expect(text).toContain('red <script>document.title="owned"</script>');
  expect(text).toContain('\u25a1turned');
  expect(text).not.toContain('50%');
  expect(await page.title()).not.toContain('owned');
});
