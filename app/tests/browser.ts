/** Debian's Chromium, started fresh for each file of tests. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type BrowserContext, type Page } from 'playwright-core';

export interface Chrome {
  readonly context: BrowserContext;
  /** Opens a page and gathers what it complains of. */
  open(url: string): Promise<Page>;
  readonly complaints: string[];
  /** Addresses outside the page's own origin that anything tried to reach. */
  readonly strangers: string[];
  close(): Promise<void>;
}

export async function startChrome(origin: string, size = { width: 1_280, height: 900 }): Promise<Chrome> {
  const profile = mkdtempSync(join(tmpdir(), 'proofmill-app-'));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
    headless: true,
    viewport: size,
    reducedMotion: 'reduce',
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
  // Patience for a machine that is busy with its disk; what is asked for is there long before.
  context.setDefaultTimeout(60_000);
  const complaints: string[] = [];
  const strangers: string[] = [];
  context.on('request', (request) => {
    const url = request.url();
    if (!url.startsWith(origin) && !url.startsWith('data:') && !url.startsWith('blob:')) strangers.push(url);
  });
  return {
    context,
    complaints,
    strangers,
    open: async (url) => {
      const page = await context.newPage();
      page.on('pageerror', (error) => complaints.push(String(error)));
      page.on('console', (message) => {
        const text = message.text();
        // A refused connection is what some tests are about; everything else is a complaint.
        if (message.type() === 'error' && !text.includes('Failed to load resource')) complaints.push(text);
      });
      await page.goto(url);
      return page;
    },
    close: async () => {
      await context.close();
      rmSync(profile, { recursive: true, force: true });
    },
  };
}
