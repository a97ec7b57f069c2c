/** A service from the wizard to its end, and a gateway that lies about its usage, its dry time or its ports. */
import { market } from '@proofmill/client';
import { getCompiledTransactionMessageDecoder } from '@solana/kit';
import type { Page } from 'playwright-core';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startChrome, type Chrome } from '../browser';
import { startFixture, TICKET, type Fixture, type Json } from '../fixture-gateway/gateway';
import { putService, WALLET } from '../fixture-gateway/holdings';
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

const now = (): number => Math.floor(Date.now() / 1_000);
const says = (text: string | RegExp) => page.getByText(text).first().waitFor();
const dialog = (name: string) => page.getByRole('dialog', { name });
const sign = (name: string) => dialog(name).getByRole('button', { name: 'Sign in the wallet' }).click();

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

async function openService(address: string): Promise<void> {
  page = await chrome.open(`${fixture.url}/jobs/${address}`);
  await connectWallet(page);
  await says('Witnessed, never verified.');
}

test('a_service_is_posted_in_words_as_witnessed_with_its_first_escrow', async () => {
  page = await chrome.open(`${fixture.url}/launch`);
  await connectWallet(page);
  await page.getByRole('radio', { name: /A service/u }).check();
  await says('A service is witnessed, never verified.');
  await page.getByLabel('Container image').fill(`sha256:${'ab'.repeat(32)}`);
  await page.getByLabel('Ports', { exact: true }).fill('8080 http\n99999');
  await says(/“99999” is no port/u);
  await page.getByLabel('Ports', { exact: true }).fill('8080 http\n5432 tcp');
  await page.getByLabel('Health command').fill('/healthy --quick');
  await page.getByLabel('First escrow, minutes').fill('30');
  await says('A day of it');
  await page.getByRole('button', { name: 'Review and post' }).click();
  await sign('Sign in');
  const review = dialog('Post this service');
  await review.getByText(/Posts a service and locks 0\.099 test tokens for its first 30 min/u).waitFor();
  await review.getByText(/Proof: witnessed, never verified/u).waitFor();
  await sign('Post this service');
  await expect.poll(sentInstructions).toEqual(['PostJob', 'MatchJob']);
  const [sent] = fixture.sent;
  const compiled = getCompiledTransactionMessageDecoder().decode(sent?.message ?? new Uint8Array());
  if (!('instructions' in compiled)) throw new Error('a transaction of version 0 was expected');
  const posted = compiled.instructions.map(({ data = new Uint8Array() }) => data).find((data) => data.length > 100);
  const terms = market.getPostJobInstructionDataDecoder().decode(posted ?? new Uint8Array());
  expect(terms).toMatchObject({ kind: 3, class: 3, attemptsMax: 1, maxSeconds: 1_800, slaBond: 0n });
});

test('money_streams_by_the_second_and_says_what_is_signed_and_what_is_estimated', async () => {
  const address = await putService(fixture);
  await openService(address);
  await says('Signed or witnessed');
  await says('Since then, estimated');
  const figure = page.locator('.streaming');
  const first = Number((await figure.innerText()).replace(/[^\d.]/gu, ''));
  // 600 s signed at 100 atoms a second; about 60 s since.
  expect(first).toBeGreaterThanOrEqual(0.0659);
  expect(first).toBeLessThan(0.07);
  await expect.poll(async () => Number((await figure.innerText()).replace(/[^\d.]/gu, ''))).toBeGreaterThan(first);
  await page.getByRole('img', { name: /0\.06 signed and .* estimated of 0\.36 escrowed/u }).waitFor();
  await says(/ left$/u);
});

test('a_service_that_ran_dry_stands_still_and_is_topped_up_at_the_price_that_was_shown', async () => {
  const started = now() - 4_000;
  const address = await putService(
    fixture,
    {
      state: 6,
      startedAt: BigInt(started),
      pausedAt: BigInt(started + 3_600),
      usageAt: BigInt(started + 3_600),
      meteredMs: 3_600_000n,
    },
    { state: 'paused' },
  );
  await openService(address);
  await says('Paused');
  await says(/Anyone may end it in 23/u);
  expect(await page.locator('.streaming').innerText()).toBe('0.360000');
  await page.getByLabel('Hours to add').fill('0.5');
  await says('Costs 0.18, after what the escrow holds already.');
  await page.getByRole('button', { name: 'Top up' }).click();
  await dialog('Top up this service')
    .getByText(/Adds 30 min to the service/u)
    .waitFor();
  await sign('Top up this service');
  await expect.poll(sentInstructions).toEqual(['TopUpJob']);
});

test('a_price_that_changed_since_it_was_shown_gets_no_signature', async () => {
  const address = await putService(fixture);
  await openService(address);
  await says('Costs 0.36, after what the escrow holds already.');
  await putService(fixture, { pricePerSecond: 200n });
  await page.getByRole('button', { name: 'Top up' }).click();
  await says(/the cost/u);
  expect((await walletOf(page)).transactions).toBe(0);
});

test('the_tenant_stops_it_and_the_provider_draws_and_resumes', async () => {
  const address = await putService(fixture);
  await openService(address);
  expect(await page.getByRole('button', { name: 'Draw earnings' }).count()).toBe(0);
  await page.getByRole('button', { name: 'Stop', exact: true }).click();
  await dialog('Stop this service')
    .getByText(/accepted usage is paid, the rest comes back/u)
    .waitFor();
  await sign('Stop this service');
  await expect.poll(sentInstructions).toEqual(['StopJob']);
  await page.close();

  // The same wallet, as the operator of the provider.
  const at = fixture.providers[0] ?? '';
  const held = fixture.chain.get(at);
  const provider = market.getProviderDecoder().decode(held?.data ?? new Uint8Array());
  const data = market.getProviderEncoder().encode({ ...provider, operator: WALLET, owner: WALLET });
  fixture.chain.set(at, { owner: market.MARKET_PROGRAM_ADDRESS, data: Uint8Array.from(data) });
  const started = now() - 4_000;
  await putService(
    fixture,
    {
      state: 6,
      startedAt: BigInt(started),
      pausedAt: BigInt(started + 3_600),
      usageAt: BigInt(started + 3_600),
      streamed: 8_500n,
    },
    { state: 'paused' },
  );
  page = await chrome.open(`${fixture.url}/jobs/${address}`);
  // 600 s at 100 atoms, less 2.5 %, less what was drawn.
  await says(/You may draw/u);
  await says('0.05');
  await page.getByRole('button', { name: 'Draw earnings' }).click();
  await dialog('Draw earnings')
    .getByText(/Draws what the service .* has earned so far/u)
    .waitFor();
  await sign('Draw earnings');
  await expect.poll(sentInstructions).toEqual(['StopJob', 'ClaimStream']);
  await page.getByRole('button', { name: 'Resume' }).click();
  await dialog('Resume this service')
    .getByText(/its meter runs on from now/u)
    .waitFor();
  await sign('Resume this service');
  await expect.poll(sentInstructions).toEqual(['StopJob', 'ClaimStream', 'ResumeJob']);
});

test('a_bond_that_is_due_says_how_much_and_why', async () => {
  const address = await putService(fixture, { slaBond: 10_000_000n, slaUptimeBps: 9_900, meteredMs: 350_000n });
  await openService(address);
  await says('Due if it ended now');
  await says(/a bond of 10 stake tokens/u);
  const facts = await page.locator('dd', { hasText: 'stake tokens' }).allInnerTexts();
  // Half of the time was not accepted: about half of the bond.
  const due = Number(/^([\d.]+) stake tokens$/u.exec(facts.at(-1)?.trim() ?? '')?.[1] ?? 0);
  expect(due).toBeGreaterThan(4.8);
  expect(due).toBeLessThan(5.1);
});

test('a_gateway_that_inflates_usage_and_escrow_changes_nothing_that_is_shown_and_is_named', async () => {
  const address = await putService(fixture, {}, { metered_ms: '3500000', escrowed: '999000000', paused_at: 1 });
  await openService(address);
  await says('The gateway says more than the chain does.');
  const shown = Number((await page.locator('.streaming').innerText()).replace(/[^\d.]/gu, ''));
  expect(shown).toBeLessThan(0.07);
  await says(/ left$/u);
});

test('a_job_that_the_chain_knows_as_batch_is_no_service_whatever_the_gateway_says', async () => {
  const address = await putService(fixture, { kind: 1 });
  page = await chrome.open(`${fixture.url}/jobs/${address}`);
  await connectWallet(page);
  await says(/The chain says that this job is no service/u);
  expect(await page.getByRole('button', { name: 'Top up' }).count()).toBe(0);
});

/** Up to the sentence of the sign-in, after which the port opens. */
async function askForPort(): Promise<void> {
  const address = await putService(fixture);
  await openService(address);
  await page.getByLabel('Port', { exact: true }).fill('8080');
  await page.getByRole('button', { name: 'Open port 8080' }).click();
  await dialog('Sign in').waitFor();
}

test('a_port_opens_in_a_tab_of_its_own_that_knows_nothing_of_this_page', async () => {
  await askForPort();
  const opened = chrome.context.waitForEvent('page');
  await sign('Sign in');
  const tab = await opened;
  await tab.waitForLoadState();
  expect(tab.url()).toBe(`${fixture.url}/p/${TICKET}/`);
  expect(await tab.evaluate(() => [window.opener === null, document.referrer])).toEqual([true, '']);
  const link = page.getByRole('link', { name: /Opened in a new tab/u });
  expect(await link.getAttribute('rel')).toBe('noopener noreferrer');
});

test.each([
  `//evil.example/p/${TICKET}/`,
  `https://evil.example/p/${TICKET}/`,
  `javascript:alert(1)//${TICKET}`,
  `/p/../v1/auth/session/${TICKET}`,
  `/p/${TICKET}/../../launch`,
  `\\\\evil.example\\p\\${TICKET}\\`,
  `/v1/jobs`,
  `/p//evil.example/`,
  `/p/${TICKET}`,
])('a gateway that names %j as the way to a port opens nothing', async (path) => {
  fixture.mischief = {
    twist: (asked, body): Json => (asked.endsWith('/ticket') ? { ...(body as object), path } : body),
  };
  await askForPort();
  await sign('Sign in');
  await says('The gateway named something that is not a port of this service.');
  expect(chrome.context.pages().filter((one) => one !== page && one.url() !== 'about:blank')).toEqual([]);
  expect(await page.getByRole('link', { name: /Opened in a new tab/u }).count()).toBe(0);
});
