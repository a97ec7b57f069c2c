/** A wallet by the wallet standard, put into the page as an extension would; it does what a test tells it to. */
import type { BrowserContext, Page } from 'playwright-core';

export interface TestWalletHandle {
  /** Signatures given: transactions and sentences. */
  transactions: number;
  sentences: number;
  mood: 'signs' | 'refuses' | 'alters' | 'waits';
  changeAccount(): Promise<void>;
}

declare global {
  interface Window {
    testWallet: TestWalletHandle;
  }
}

/** Runs in the page. Self-contained: it is sent there as text. */
function install({ name, seed }: { name: string; seed: string }): void {
  const PREFIX = [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];
  const ALPHABET = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';
  const base58 = (bytes: Uint8Array): string => {
    let value = 0n;
    for (const byte of bytes) value = value * 256n + BigInt(byte);
    let text = '';
    for (; value > 0n; value /= 58n) text = (ALPHABET[Number(value % 58n)] ?? '') + text;
    return text;
  };
  type Account = { address: string; publicKey: Uint8Array; chains: string[]; features: string[]; secret: CryptoKey };
  const accountOf = async (hex: string): Promise<Account> => {
    const bytes = (hex.match(/../gu) ?? []).map((pair) => Number.parseInt(pair, 16));
    const secret = await crypto.subtle.importKey('pkcs8', new Uint8Array([...PREFIX, ...bytes]), 'Ed25519', true, [
      'sign',
    ]);
    const { x = '' } = await crypto.subtle.exportKey('jwk', secret);
    const publicKey = Uint8Array.from(atob(x.replaceAll('-', '+').replaceAll('_', '/')), (character) =>
      character.charCodeAt(0),
    );
    return {
      address: base58(publicKey),
      publicKey,
      chains: ['solana:localnet'],
      features: ['solana:signTransaction', 'solana:signMessage'],
      secret,
    };
  };
  let accounts: Account[] = [];
  // Every account it ever had: it signs for one that it no longer shows, as a hostile one would.
  const known: Account[] = [];
  const listeners = new Set<(change: object) => void>();
  const handle: TestWalletHandle = {
    transactions: 0,
    sentences: 0,
    mood: 'signs',
    changeAccount: async () => {
      accounts = [await accountOf('77'.repeat(32))];
      known.push(...accounts);
      listeners.forEach((listener) => listener({ accounts }));
    },
  };
  window.testWallet = handle;
  const asked = async (): Promise<void> => {
    while (handle.mood === 'waits') await new Promise((resolve) => setTimeout(resolve, 50));
    if (handle.mood === 'refuses') throw new Error('User rejected the request.');
  };
  const wallet = {
    version: '1.0.0',
    name,
    icon: 'data:image/svg+xml;base64,PHN2ZyB4bWxucz0iaHR0cDovL3d3dy53My5vcmcvMjAwMC9zdmciIHZpZXdCb3g9IjAgMCAxIDEiPjxyZWN0IHdpZHRoPSIxIiBoZWlnaHQ9IjEiLz48L3N2Zz4=',
    chains: ['solana:localnet', 'solana:mainnet'],
    get accounts() {
      return accounts;
    },
    features: {
      'standard:connect': {
        version: '1.0.0',
        connect: async () => {
          if (accounts.length === 0) {
            accounts = [await accountOf(seed)];
            known.push(...accounts);
          }
          return { accounts };
        },
      },
      'standard:events': {
        version: '1.0.0',
        on: (_: string, listener: (change: object) => void) => {
          listeners.add(listener);
          return () => listeners.delete(listener);
        },
      },
      'solana:signTransaction': {
        version: '1.0.0',
        supportedTransactionVersions: ['legacy', 0],
        signTransaction: async (...inputs: { account: Account; transaction: Uint8Array }[]) => {
          await asked();
          return Promise.all(
            inputs.map(async ({ account, transaction }) => {
              const found = known.find((one) => one.address === account.address);
              if (found === undefined) throw new Error('Unknown account.');
              const signed = Uint8Array.from(transaction);
              const at = 1 + 64 * (signed[0] ?? 0);
              // The last byte of the last instruction's data: another amount, or another address.
              if (handle.mood === 'alters') signed[signed.length - 2] = (signed[signed.length - 2] ?? 0) ^ 1;
              signed.set(new Uint8Array(await crypto.subtle.sign('Ed25519', found.secret, signed.slice(at))), 1);
              handle.transactions += 1;
              return { signedTransaction: signed };
            }),
          );
        },
      },
      'solana:signMessage': {
        version: '1.0.0',
        signMessage: async (...inputs: { account: Account; message: Uint8Array }[]) => {
          await asked();
          return Promise.all(
            inputs.map(async ({ account, message }) => {
              const found = known.find((one) => one.address === account.address);
              if (found === undefined) throw new Error('Unknown account.');
              handle.sentences += 1;
              return {
                signedMessage: message,
                signature: new Uint8Array(await crypto.subtle.sign('Ed25519', found.secret, Uint8Array.from(message))),
              };
            }),
          );
        },
      },
    },
  };
  const register = (api: { register: (wallet: unknown) => void }): void => api.register(wallet);
  window.dispatchEvent(new CustomEvent('wallet-standard:register-wallet', { detail: register }));
  window.addEventListener('wallet-standard:app-ready', (event) =>
    register((event as CustomEvent<{ register: (wallet: unknown) => void }>).detail),
  );
}

export const TEST_SEED = '11'.repeat(32);
export const TEST_WALLET = 'Test wallet';

/** Every page of the context has the wallet from then on. */
export async function withTestWallet(
  context: BrowserContext,
  seed: string = TEST_SEED,
  name: string = TEST_WALLET,
): Promise<void> {
  await context.addInitScript(install, { name, seed });
}

export const walletOf = (page: Page): Promise<{ transactions: number; sentences: number }> =>
  page.evaluate(() => ({ transactions: window.testWallet.transactions, sentences: window.testWallet.sentences }));

export const setMood = (page: Page, mood: TestWalletHandle['mood']): Promise<void> =>
  page.evaluate((wanted) => {
    window.testWallet.mood = wanted;
  }, mood);

/** Connects by the dialog, as a person does; returns the address. */
export async function connectWallet(page: Page, name: string = TEST_WALLET): Promise<void> {
  await page.getByRole('banner').getByRole('button', { name: 'Connect a wallet' }).click();
  await page.getByRole('button', { name }).click();
  await page.getByRole('banner').getByRole('button', { name: /:/u }).waitFor();
}
