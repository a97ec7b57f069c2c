/**
 * A wallet for local networks only. Its key lies unprotected in this browser's storage: it is worth what test money is
 * worth. It speaks the wallet standard, so that every path is the one that a real wallet takes.
 */
import type { Wallet, WalletAccount } from '@wallet-standard/base';
import { fromBase58, fromBase64, toBase58, toBase64 } from '../text/base58';

const STORED = 'proofmill.local-only.test-key';
/** DER before the 32 bytes of an Ed25519 seed (RFC 8410). */
const PKCS8_PREFIX = Uint8Array.from([
  0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
]);

const ICON =
  'data:image/svg+xml,%3Csvg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"%3E%3Crect width="32" height="32" fill="%2396420f"/%3E%3Cpath d="M16 5c1 5 7 7 7 14a7 7 0 0 1-14 0c0-3 2-5 3-7 1 2 2 3 3 3 0-4-1-6 1-10Z" fill="%23fff"/%3E%3C/svg%3E';

interface Key {
  readonly seed: Uint8Array;
  readonly publicKey: Uint8Array;
  readonly secret: CryptoKey;
}

async function keyOf(seed: Uint8Array): Promise<Key> {
  const der = new Uint8Array([...PKCS8_PREFIX, ...seed]);
  const secret = await crypto.subtle.importKey('pkcs8', der, 'Ed25519', true, ['sign']);
  const { x } = await crypto.subtle.exportKey('jwk', secret);
  if (x === undefined) throw new Error('This browser gives no public key');
  const publicKey = fromBase64(x.replaceAll('-', '+').replaceAll('_', '/') + '='.repeat((4 - (x.length % 4)) % 4));
  return { seed, publicKey, secret };
}

/** The signed bytes of a transaction: everything after its signatures. */
function messageOf(transaction: Uint8Array): { readonly count: number; readonly message: Uint8Array<ArrayBuffer> } {
  const count = transaction[0] ?? 0;
  if (count === 0 || count > 12) throw new Error('This is no transaction that this wallet can read');
  return { count, message: Uint8Array.from(transaction.subarray(1 + 64 * count)) };
}

/** Where in the transaction this key signs. */
function seatOf(message: Uint8Array, publicKey: Uint8Array): number {
  const versioned = ((message[0] ?? 0) & 0x80) !== 0;
  const header = versioned ? 1 : 0;
  const signers = message[header] ?? 0;
  const keys = header + 4;
  for (let seat = 0; seat < signers; seat += 1) {
    const at = keys + 32 * seat;
    if (publicKey.every((byte, index) => message[at + index] === byte)) return seat;
  }
  throw new Error('This transaction asks for no signature of this wallet');
}

export function hasStoredKey(): boolean {
  return localStorage.getItem(STORED) !== null;
}

/** Reads a key file as Solana's tools write it: a JSON array of 64 numbers. */
export function storeKeyFile(text: string): void {
  const numbers: unknown = JSON.parse(text);
  if (
    !Array.isArray(numbers) ||
    numbers.length !== 64 ||
    !numbers.every((one) => Number.isInteger(one) && one >= 0 && one < 256)
  ) {
    throw new Error('A key file is a list of 64 numbers');
  }
  localStorage.setItem(STORED, toBase64(Uint8Array.from(numbers.slice(0, 32) as number[])));
}

export class BurnerWallet implements Wallet {
  readonly version = '1.0.0';
  readonly name = 'Burner (local only)';
  readonly icon = ICON as Wallet['icon'];
  readonly chains = ['solana:localnet'] as const;
  #key: Key | null = null;
  #accounts: readonly WalletAccount[] = [];
  readonly #listeners = new Set<(change: { accounts: readonly WalletAccount[] }) => void>();

  get accounts(): readonly WalletAccount[] {
    return this.#accounts;
  }

  get features(): Wallet['features'] {
    return {
      'standard:connect': {
        version: '1.0.0',
        connect: (input?: { silent?: boolean }) => this.#connect(input?.silent ?? false),
      },
      'standard:disconnect': { version: '1.0.0', disconnect: () => this.#change(null) },
      'standard:events': {
        version: '1.0.0',
        on: (_: 'change', listener: (change: { accounts: readonly WalletAccount[] }) => void) => {
          this.#listeners.add(listener);
          return () => this.#listeners.delete(listener);
        },
      },
      'solana:signTransaction': {
        version: '1.0.0',
        supportedTransactionVersions: ['legacy', 0],
        signTransaction: async (
          ...inputs: readonly { readonly account: WalletAccount; readonly transaction: Uint8Array }[]
        ) => Promise.all(inputs.map(async (input) => ({ signedTransaction: await this.#signTransaction(input) }))),
      },
      'solana:signMessage': {
        version: '1.0.0',
        signMessage: async (...inputs: readonly { readonly account: WalletAccount; readonly message: Uint8Array }[]) =>
          Promise.all(
            inputs.map(async ({ account, message }) => ({
              signedMessage: message,
              signature: await this.#sign(account, Uint8Array.from(message)),
              signatureType: 'ed25519' as const,
            })),
          ),
      },
    };
  }

  async #connect(silent: boolean): Promise<{ readonly accounts: readonly WalletAccount[] }> {
    const stored = localStorage.getItem(STORED);
    if (stored === null && silent) return { accounts: [] };
    let seed: Uint8Array;
    if (stored === null) {
      seed = crypto.getRandomValues(new Uint8Array(32));
      localStorage.setItem(STORED, toBase64(seed));
    } else {
      seed = fromBase64(stored);
    }
    await this.#change(await keyOf(seed));
    return { accounts: this.#accounts };
  }

  async #change(key: Key | null): Promise<void> {
    this.#key = key;
    this.#accounts =
      key === null
        ? []
        : [
            {
              address: toBase58(key.publicKey),
              publicKey: key.publicKey,
              chains: this.chains,
              features: ['solana:signTransaction', 'solana:signMessage'],
            },
          ];
    for (const listener of this.#listeners) listener({ accounts: this.#accounts });
    return Promise.resolve();
  }

  async #sign(account: WalletAccount, message: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
    const asked = fromBase58(account.address);
    if (this.#key === null || asked === null || toBase58(this.#key.publicKey) !== account.address) {
      throw new Error('This account is not connected');
    }
    return new Uint8Array(await crypto.subtle.sign('Ed25519', this.#key.secret, message));
  }

  async #signTransaction(input: {
    readonly account: WalletAccount;
    readonly transaction: Uint8Array;
  }): Promise<Uint8Array> {
    if (this.#key === null) throw new Error('This account is not connected');
    const { message } = messageOf(input.transaction);
    const seat = seatOf(message, this.#key.publicKey);
    const signature = await this.#sign(input.account, message);
    const signed = Uint8Array.from(input.transaction);
    signed.set(signature, 1 + 64 * seat);
    return signed;
  }
}
