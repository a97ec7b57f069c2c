/** A tenant and a provider, each with a browser, on the real local network: real containers, real money rules, real proofs. */
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startChrome, type Chrome } from '../browser';
import { smaller } from '../picture';
import { image, startLocalNetwork, type LocalNetwork } from './local-network';

const PICTURES =
  process.env['PICTURES'] === '1' ? fileURLToPath(new URL('../../../docs/pictures', import.meta.url)) : null;
const INPUT = 'The mill grinds what is brought to it,\nand shows what it has ground.\n';

let network: LocalNetwork;
let tenant: Chrome;
let provider: Chrome;
let checksum: string;

beforeAll(async () => {
  checksum = image('checksum');
  network = await startLocalNetwork();
  tenant = await startChrome(network.url);
  provider = await startChrome(network.url);
});
afterAll(async () => {
  await Promise.allSettled([tenant.close(), provider.close()]);
  await network.stop();
});

async function picture(page: Page, name: string, { full = false } = {}): Promise<void> {
  if (PICTURES === null) return;
  mkdirSync(PICTURES, { recursive: true });
  await page.waitForFunction(() => document.querySelectorAll('main .bone').length === 0);
  await page.evaluate(() => window.scrollTo(0, 0));
  // Words about what just happened come and go; a picture is of the page.
  await page
    .locator('.toasts .note')
    .evaluateAll((notes) => notes.forEach((note) => ((note as HTMLElement).style.display = 'none')));
  writeFileSync(join(PICTURES, `${name}.png`), smaller(await page.screenshot({ fullPage: full })));
}
const says = (page: Page, text: string | RegExp, timeout = 60_000) => page.getByText(text).first().waitFor({ timeout });

/** The job's own stamp, to the letter. */
const stamped = (page: Page, word: string) =>
  page.locator('.page-head .mark').getByText(word, { exact: true }).waitFor({ timeout: 240_000 });

async function withBurner(page: Page): Promise<void> {
  await page.getByRole('banner').getByRole('button', { name: 'Connect a wallet' }).click();
  await page.getByRole('button', { name: /Burner/u }).click();
  await page
    .getByRole('banner')
    .getByRole('button', { name: /Burner/u })
    .click();
  await page.getByRole('button', { name: 'Get test money' }).click();
  await says(page, 'Test money is on its way.');
}

async function fillIn(
  page: Page,
  { name, env, minutes }: { name: string; env: string; minutes: string },
): Promise<void> {
  await page.goto(`${network.url}/launch`);
  await page.getByLabel('Name').fill(name);
  await page.getByLabel('Container image').fill(checksum);
  await page.getByLabel('Command').fill('/job');
  await page.getByLabel('Environment').fill(env);
  await page
    .getByLabel('Input files')
    .setInputFiles({ name: 'text.txt', mimeType: 'text/plain', buffer: Buffer.from(INPUT) });
  await page.getByLabel('Memory, MiB', { exact: true }).fill('128');
  await page.getByLabel('Output at most, MiB').fill('1');
  await page.getByLabel('Longest run, minutes').fill(minutes);
}

async function post(
  page: Page,
  { signIn, shot, name = 'Post this job' }: { signIn: boolean; shot?: string; name?: string },
): Promise<string> {
  await page.getByRole('button', { name: 'Review and post' }).click();
  if (signIn)
    await page.getByRole('dialog', { name: 'Sign in' }).getByRole('button', { name: 'Sign in the wallet' }).click();
  const review = page.getByRole('dialog', { name });
  await review.getByText('Post the job and lock its escrow').waitFor();
  if (shot !== undefined) await picture(page, shot);
  await review.getByRole('button', { name: 'Sign in the wallet' }).click();
  await page.waitForURL(/\/jobs\/[1-9A-HJ-NP-Za-km-z]{32,44}$/u, { timeout: 60_000 });
  return page.url().split('/').at(-1) ?? '';
}

test('a_tenant_goes_from_a_wallet_to_a_verified_result', async () => {
  const page = await tenant.open(network.url);
  await says(page, 'Local network, slot');
  await says(page, 'Use it');
  await withBurner(page);
  await fillIn(page, { name: 'first-words', env: 'SLEEP_SECONDS=12', minutes: '2' });
  await says(page, 'Locked in escrow, at most paid');
  await page.locator('input[name="offer"]').first().waitFor({ state: 'attached' });
  await picture(page, 'launch');
  const job = await post(page, { signIn: true, shot: 'review-in-words' });

  await says(page, 'The container runs.');
  const used = async (): Promise<string> => (await page.locator('.dial text').first().textContent()) ?? '';
  const first = await used();
  await page.waitForTimeout(1_500);
  expect(Number(await used())).toBeGreaterThan(Number(first));
  await page.getByRole('log').getByText(/\S/u).first().waitFor({ timeout: 60_000 });
  await picture(page, 'job-running', { full: true });

  await says(page, 'A signed receipt is on the chain', 90_000);
  await page.getByRole('button', { name: 'Fetch and verify' }).click();
  await says(page, /Verified in this browser/u, 120_000);
  const expected = createHash('sha256').update(INPUT).digest('hex');
  await says(page, expected);

  await stamped(page, 'Proven');
  await says(page, /Verdict: valid|of 5 revealed valid/u);
  await says(page, 'these are the bytes that the committee accepted');
  await picture(page, 'job-proven', { full: true });
  await page.evaluate(() => localStorage.setItem('proofmill.theme', 'dark'));
  await page.reload();
  await stamped(page, 'Proven');
  await says(page, /Verdict: valid|of 5 revealed valid/u);
  await says(page, 'The log has ended.');
  await picture(page, 'job-proven-dark', { full: true });
  await page.evaluate(() => localStorage.setItem('proofmill.theme', 'light'));

  await page.goto(`${network.url}/jobs`);
  await page.locator(`a[href="/jobs/${job}"]`).waitFor();
  expect(tenant.complaints).toEqual([]);
  expect(tenant.strangers).toEqual([]);
});

test('a_tenant_who_finds_nobody_cancels_and_has_everything_back', async () => {
  const page = await tenant.open(network.url);
  await fillIn(page, { name: 'too-cheap', env: '', minutes: '5' });
  await page.getByText('Ask for bids').click();
  await page.getByLabel('At most per hour').fill('0.018');
  await page.getByLabel('Auction, seconds').fill('120');
  await post(page, { signIn: false });
  await says(page, 'Posted; the escrow is locked and nobody is bound yet.');
  await page.getByRole('button', { name: 'Cancel and take the money back' }).click();
  const review = page.getByRole('dialog', { name: 'Cancel this job' });
  await review.getByText('Withdraws the open job').waitFor();
  await review.getByRole('button', { name: 'Sign in the wallet' }).click();
  await says(page, 'The tenant withdrew the open job. Refunded.');
  expect(tenant.complaints).toEqual([]);
});

test('a_tenant_runs_a_service_from_the_browser_and_opens_its_page', async () => {
  const page = await tenant.open(network.url);
  await page.goto(`${network.url}/launch`);
  await page.getByRole('radio', { name: /A service/u }).check();
  await page.getByLabel('Name').fill('small-page');
  await page.getByLabel('Container image').fill(checksum);
  await page.getByLabel('Command', { exact: true }).fill('/bin/busybox httpd -f -p 8080 -h /in');
  await page
    .getByLabel('Input files')
    .setInputFiles({ name: 'index.html', mimeType: 'text/html', buffer: Buffer.from(`<p>${INPUT}</p>`) });
  await page.getByLabel('Memory, MiB', { exact: true }).fill('128');
  await page.getByLabel('Ports', { exact: true }).fill('8080 http');
  await page.getByLabel('Health command').fill('/bin/busybox wget -q -O /dev/null http://127.0.0.1:8080/');
  await page.getByLabel('First escrow, minutes').fill('10');
  await post(page, { signIn: false, name: 'Post this service' });

  // It runs, both sides sign its usage (the gateway for the browser), and the money follows.
  await says(page, 'Signed or witnessed', 120_000);
  await page.getByRole('img', { name: /0\.0\d*[1-9]\d* signed and/u }).waitFor({ timeout: 120_000 });
  const opened = tenant.context.waitForEvent('page');
  await page.getByRole('button', { name: 'Open port 8080' }).click();
  const tab = await opened;
  await tab.getByText('The mill grinds what is brought to it').waitFor({ timeout: 60_000 });
  expect(new URL(tab.url()).pathname).toMatch(/^\/p\//u);
  // Its page has no origin: nothing of the dApp's is within its reach.
  expect(await tab.evaluate(() => [window.origin, document.referrer])).toEqual(['null', '']);
  await tab.close();
  await picture(page, 'service', { full: true });

  await page.getByRole('button', { name: 'Stop', exact: true }).click();
  await page
    .getByRole('dialog', { name: 'Stop this service' })
    .getByRole('button', { name: 'Sign in the wallet' })
    .click();
  await says(page, 'One side ended the service', 60_000);
  expect(tenant.complaints).toEqual([]);
  expect(tenant.strangers).toEqual([]);
  // A page keeps a stream open, and a browser has six connections to one origin.
  await page.close();
});

test('a_provider_registers_in_the_terminal_and_sells_in_the_browser', async () => {
  const keypair = join(network.dir, 'owner-test-keypair.json');
  network.cli(null, 'keygen', keypair);
  network.cli(keypair, 'airdrop', '--stake', '1000');
  network.cli(keypair, 'provider', 'init', '--dir', 'card', '--simulated', '--stake', '500000000');
  network.daemon('card', keypair, 'provider', 'start', '--config', join('card', 'node.toml'));

  const page = await provider.open(`${network.url}/provider`);
  await page.getByRole('banner').getByRole('button', { name: 'Connect a wallet' }).click();
  await page.getByText('Use a test key file of this local network').click();
  await page.getByLabel(/Key file/u).setInputFiles(keypair);
  await says(page, 'takes jobs');
  await page.getByLabel('Price per hour').fill('0.36');
  await page.getByRole('button', { name: 'Publish' }).click();
  const review = page.getByRole('dialog', { name: 'Publish an offer' });
  await review.getByText('0.0001 test tokens per second').waitFor();
  await review.getByRole('button', { name: 'Sign in the wallet' }).click();
  await says(page, 'Publish an offer: confirmed.');
  await page.getByRole('button', { name: 'Withdraw' }).waitFor();

  // The tenant sees it as the cheapest, and takes it.
  const shop = await tenant.open(network.url);
  await says(shop, '0.36');
  await fillIn(shop, { name: 'second-words', env: 'SLEEP_SECONDS=5', minutes: '2' });
  await shop.getByText('0.36').first().waitFor();
  await post(shop, { signIn: false });
  await stamped(shop, 'Proven');

  await page.reload();
  await says(page, 'In all, after the fee');
  await expect
    .poll(async () => page.locator('.figures').first().innerText(), { timeout: 60_000 })
    .toMatch(/Jobs proven\s+1/u);
  await picture(page, 'provider', { full: true });
  await page.getByRole('button', { name: 'Withdraw' }).click();
  await page
    .getByRole('dialog', { name: 'Withdraw this offer' })
    .getByRole('button', { name: 'Sign in the wallet' })
    .click();
  await says(page, 'Withdraw this offer: confirmed.');

  await page.goto(`${network.url}/stake`);
  await says(page, 'Free for new jobs');
  await page.getByLabel('Amount of stake tokens').fill('25');
  await page.getByRole('button', { name: 'Begin to unbond' }).click();
  await page
    .getByRole('dialog', { name: 'Begin to unbond stake' })
    .getByText('They stay slashable until the unbonding time is over')
    .waitFor();
  await page
    .getByRole('dialog', { name: 'Begin to unbond stake' })
    .getByRole('button', { name: 'Sign in the wallet' })
    .click();
  await says(page, 'Begin to unbond stake: confirmed.');
  await says(page, /leaving or set aside 25/u);
  await picture(page, 'stake');
  expect(provider.complaints).toEqual([]);
  expect(provider.strangers).toEqual([]);
});

test('the_other_pages_show_the_running_network', async () => {
  const page = await tenant.open(network.url);
  await says(page, /median 0|No job was matched in this time/u);
  await says(page, 'Use it');
  await picture(page, 'market', { full: true });
  await page.goto(`${network.url}/validators`);
  await says(page, 'judges now');
  await says(page, 'valid');
  await picture(page, 'validators');
  await page.goto(`${network.url}/governance`);
  await says(page, 'Platform fee');
  await says(page, '2.5');
  await page.goto(`${network.url}/network`);
  await says(page, 'A verdict was reached');
  await picture(page, 'network');
  await page.setViewportSize({ width: 390, height: 844 });
  await page.goto(network.url);
  await says(page, 'Use it');
  await says(page, /median 0|No job was matched in this time/u);
  await picture(page, 'market-telephone');
  await page.goto(`${network.url}/jobs`);
  await page.locator('main a[href^="/jobs/"]').first().click();
  await says(page, 'Agreed on the chain');
  await picture(page, 'job-telephone');
  expect(tenant.complaints).toEqual([]);
});
