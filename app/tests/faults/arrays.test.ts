/** An array from the wizard to its close, and a gateway that lies about one. */
import { market } from '@proofmill/client';
import { getCompiledTransactionMessageDecoder } from '@solana/kit';
import type { Page } from 'playwright-core';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startChrome, type Chrome } from '../browser';
import { startFixture, type Fixture, type Json } from '../fixture-gateway/gateway';
import { putArray, putTask, WALLET } from '../fixture-gateway/holdings';
import { connectWallet, walletOf, withTestWallet } from '../test-wallet';

let fixture: Fixture;
let chrome: Chrome;
let page: Page;

beforeEach(async () => {
  fixture = await startFixture();
  chrome = await startChrome(fixture.url);
  await withTestWallet(chrome.context);
  fixture.balances.set(WALLET, 1_000_000_000n);
  fixture.lamports.set(WALLET, 10_000_000_000n);
});
afterEach(async () => {
  const { complaints, strangers } = chrome;
  await chrome.close();
  await fixture.close();
  expect(complaints).toEqual([]);
  expect(strangers).toEqual([]);
});

const says = (text: string | RegExp) => page.getByText(text).first().waitFor();
const dialog = (name: string) => page.getByRole('dialog', { name });
const sign = (name: string) => dialog(name).getByRole('button', { name: 'Sign in the wallet' }).click();
const signIn = () => sign('Sign in');

/** The instructions of the market in what was sent, by name. */
const sentInstructions = (): readonly string[] =>
  fixture.sent.flatMap(({ message }) => {
    const compiled = getCompiledTransactionMessageDecoder().decode(message);
    if (!('instructions' in compiled)) return [];
    return compiled.instructions
      .filter(
        ({ programAddressIndex }) => compiled.staticAccounts[programAddressIndex] === market.MARKET_PROGRAM_ADDRESS,
      )
      .map(({ data = new Uint8Array() }) => market.MarketInstruction[market.identifyMarketInstruction({ data })]);
  });

async function openArray(address: string): Promise<void> {
  page = await chrome.open(`${fixture.url}/arrays/${address}`);
  await connectWallet(page);
}

test('an_array_is_posted_in_words_and_each_taker_is_handed_the_files_once', async () => {
  page = await chrome.open(`${fixture.url}/launch`);
  await connectWallet(page);
  await page.getByRole('radio', { name: /Many tasks/u }).check();
  await page.getByLabel('Container image').fill(`sha256:${'ab'.repeat(32)}`);
  await page.getByLabel('Tasks', { exact: true }).fill('6');
  await page.getByLabel('Longest run of a task, minutes').fill('1');
  await page.getByLabel('At most per hour').fill('0.36');
  await says('For each of 6 tasks');
  await page.getByRole('button', { name: 'Review and post' }).click();
  await signIn();
  const review = dialog('Post this array');
  await review.getByText('Posts 6 tasks and locks 0.036 test tokens for them').waitFor();
  await review.getByText('Of it for each task: 0.006 test tokens').waitFor();
  await review.getByText('Times that a task is issued at most: 3').waitFor();
  await review.getByText('Tasks may be taken for: 1 d').waitFor();
  await review.getByText('Files and log go through this gateway in the clear').waitFor();
  expect(fixture.sent).toHaveLength(0);
  await sign('Post this array');
  await says('0 of 6 done');
  expect(sentInstructions()).toEqual(['PostArray']);
  await says('Keep this page open while tasks are taken.');
  expect(fixture.uploads).toHaveLength(0);

  // Somebody takes task 2: its job appears on the chain and on the list.
  const posted = [...fixture.chain].find(([, { data }]) => data.length === market.getJobArrayDecoder().fixedSize);
  if (posted === undefined) throw new Error('no array was posted');
  const array = market.getJobArrayDecoder().decode(posted[1].data);
  const taken = { ...array, takenCount: 1, taken: [4n, ...array.taken.slice(1)], issued: Uint8Array.of(0, 0, 1) };
  const issued = Uint8Array.from({ length: 1_024 }, (_, task) => taken.issued[task] ?? 0);
  const of = await putArray(fixture, { ...taken, issued, vaultAtoms: 30_000n });
  expect(of.address).toBe(posted[0]);
  const job = await putTask(fixture, of, 2, { state: 2 });
  await expect
    .poll(() => fixture.uploads.map(({ path }) => path), { timeout: 30_000 })
    .toEqual([`/v1/jobs/${job}/spec`, `/v1/jobs/${job}/input`]);
  await page.waitForTimeout(5_000);
  expect(fixture.uploads).toHaveLength(2);
});

/** Six tasks: done, done, running, failed, settled, free. */
async function busyArray(change: Partial<market.JobArrayInput> & { vaultAtoms?: bigint } = {}) {
  const issued = new Uint8Array(1_024);
  issued.set([1, 2, 1, 2, 1, 0]);
  const of = await putArray(fixture, {
    takenCount: 2,
    doneCount: 2,
    failedCount: 1,
    taken: [0b010100n, ...Array.from({ length: 15 }, () => 0n)],
    done: [0b000011n, ...Array.from({ length: 15 }, () => 0n)],
    issued,
    // 36,000 escrowed; 12,000 with two held tasks; 7,000 were paid.
    vaultAtoms: 17_000n,
    ...change,
  });
  await putTask(fixture, of, 2, { state: 3 });
  await putTask(fixture, of, 4, {
    state: 5,
    outcome: 1,
    paid: 2_925n,
    fee: 75n,
    receiptHash: new Uint8Array(32).fill(7),
  });
  await putTask(fixture, of, 0, {}, { closed: true, state: 'settled', outcome: 'accepted', paid: '3412', fee: '88' });
  fixture.chain.delete(String(fixture.jobs.at(-1)?.['address']));
  return of;
}

test('each_task_shows_its_state_its_receipt_its_retries_and_what_was_paid', async () => {
  const { address } = await busyArray();
  await openArray(address);
  await says('2 of 6 done');
  const cells = page.getByRole('group', { name: /Every task/u }).getByRole('button');
  expect(await cells.evaluateAll((all) => all.map((cell) => cell.getAttribute('aria-label')))).toEqual([
    'Task 0: done, issued 1 of 2',
    'Task 1: done, issued 2 of 2',
    'Task 2: running, issued 1 of 2',
    'Task 3: failed, issued 2 of 2',
    'Task 4: settled, issued 1 of 2',
    'Task 5: free, issued 0 of 2',
  ]);
  const money = page.locator('section', { has: page.getByRole('heading', { name: 'Money' }) });
  await expect
    .poll(() => money.locator('dd').allInnerTexts())
    .toEqual([
      '0.036 test tokens',
      '0.007 test tokens',
      '0.0035 test tokens',
      '0.012 test tokens',
      '0.017 test tokens',
    ]);
  await says('As the gateway remembers it');
  await cells.nth(0).press('ArrowRight');
  await cells.nth(1).press('ArrowRight');
  await cells.nth(2).press('ArrowRight');
  await cells.nth(3).press('ArrowRight');
  const task = page.getByRole('region', { name: 'Task 4' });
  await task.getByText('1 of 2 times').waitFor();
  await task.getByText('0707').waitFor();
  await task.getByText(/Proven, 0.002925/u).waitFor();
  await task.getByRole('button', { name: 'Pay out and close' }).waitFor();
});

test('an_array_is_cancelled_and_closed_in_words', async () => {
  const { address } = await putArray(fixture);
  await openArray(address);
  expect(await page.getByRole('button', { name: 'Close it and take the rest back' }).count()).toBe(0);
  await page.getByRole('button', { name: 'Let no further task be taken' }).click();
  await dialog('Cancel this array')
    .getByText(/those that are taken end as they would/u)
    .waitFor();
  await sign('Cancel this array');
  await expect.poll(sentInstructions).toEqual(['CancelArray']);
  await putArray(fixture, { cancelled: 1 });
  await page.getByRole('button', { name: 'Close it and take the rest back' }).click();
  await dialog('Close this array')
    .getByText(/its rent back to you/u)
    .waitFor();
  await sign('Close this array');
  await expect.poll(sentInstructions).toEqual(['CancelArray', 'CloseArray']);
});

test('a_gateway_that_inflates_what_tasks_were_paid_is_found_out', async () => {
  const { address } = await busyArray();
  fixture.mischief = {
    twist: (path, body) => {
      if (path !== '/v1/jobs') return body;
      const found = body as { items: readonly Record<string, Json>[] };
      return { ...found, items: found.items.map((job) => ({ ...job, paid: '999999' })) };
    },
  };
  await openArray(address);
  await says('The gateway says that more was paid than left the vault.');
  await says('0.007');
});

test('another_account_in_place_of_the_array_is_shown_as_nothing', async () => {
  const { address } = await putArray(fixture);
  const other = [...fixture.chain].find(([, { data }]) => data.length === market.getOfferDecoder().fixedSize);
  if (other === undefined) throw new Error('the fixture has offers');
  fixture.chain.set(address, other[1]);
  page = await chrome.open(`${fixture.url}/arrays/${address}`);
  await says(/this is no array/u);
  expect(await page.getByRole('group', { name: /Every task/u }).count()).toBe(0);
});

test('a_job_that_is_not_the_arrays_lends_no_task_its_words_and_is_not_closed_as_one', async () => {
  const of = await busyArray();
  const job = await putTask(fixture, of, 4, { state: 5, outcome: 1, paid: 2_925n, array: WALLET });
  await openArray(of.address);
  await says('2 of 6 done');
  const cells = page.getByRole('group', { name: /Every task/u }).getByRole('button');
  await cells.nth(4).click();
  const task = page.getByRole('region', { name: 'Task 4' });
  await task.getByText('1 of 2 times').waitFor();
  expect(await task.getByText('Receipt').count()).toBe(0);
  await task.getByRole('button', { name: 'Pay out and close' }).click();
  await says(/the array of the task/u);
  expect((await walletOf(page)).transactions).toBe(0);
  expect(fixture.sent).toHaveLength(0);
  expect(job).not.toBe(of.address);
});

test('an_array_that_is_not_over_is_not_closed_whatever_the_page_showed', async () => {
  const { address } = await putArray(fixture, { cancelled: 1 });
  await openArray(address);
  const close = page.getByRole('button', { name: 'Close it and take the rest back' });
  await close.waitFor();
  await putArray(fixture, { cancelled: 1, takenCount: 1 });
  await close.click();
  await says(/The array is not over/u);
  expect((await walletOf(page)).transactions).toBe(0);
});
