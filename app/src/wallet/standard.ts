/** Wallets by the wallet standard: whichever registers itself and can sign transactions of Solana. */
import { getWallets } from '@wallet-standard/app';
import type { Wallet, WalletAccount } from '@wallet-standard/base';
import {
  StandardConnect,
  StandardDisconnect,
  StandardEvents,
  type StandardConnectFeature,
  type StandardDisconnectFeature,
  type StandardEventsFeature,
} from '@wallet-standard/features';
import {
  SolanaSignMessage,
  SolanaSignTransaction,
  type SolanaSignMessageFeature,
  type SolanaSignTransactionFeature,
} from '@solana/wallet-standard-features';

export type { Wallet, WalletAccount };

export const isUsable = (wallet: Wallet): boolean =>
  wallet.chains.some((chain) => chain.startsWith('solana:')) &&
  StandardConnect in wallet.features &&
  SolanaSignTransaction in wallet.features;

export const registry = getWallets();

export function connect(wallet: Wallet, silent: boolean): Promise<{ readonly accounts: readonly WalletAccount[] }> {
  const feature = wallet.features[StandardConnect] as StandardConnectFeature[typeof StandardConnect];
  return feature.connect(silent ? { silent: true } : {});
}

export async function disconnect(wallet: Wallet): Promise<void> {
  const feature = wallet.features[StandardDisconnect] as
    StandardDisconnectFeature[typeof StandardDisconnect] | undefined;
  await feature?.disconnect();
}

export function onChange(wallet: Wallet, listener: () => void): () => void {
  const feature = wallet.features[StandardEvents] as StandardEventsFeature[typeof StandardEvents] | undefined;
  return feature?.on('change', listener) ?? (() => undefined);
}

export async function signTransaction(
  wallet: Wallet,
  account: WalletAccount,
  transaction: Uint8Array,
  chain: `${string}:${string}`,
): Promise<Uint8Array> {
  const feature = wallet.features[SolanaSignTransaction] as SolanaSignTransactionFeature[typeof SolanaSignTransaction];
  const [signed] = await feature.signTransaction({ account, transaction, chain });
  if (signed === undefined) throw new Error('The wallet returned nothing');
  return signed.signedTransaction;
}

export async function signMessage(
  wallet: Wallet,
  account: WalletAccount,
  message: Uint8Array,
): Promise<Uint8Array | null> {
  const feature = wallet.features[SolanaSignMessage] as SolanaSignMessageFeature[typeof SolanaSignMessage] | undefined;
  if (feature === undefined) return null;
  const [signed] = await feature.signMessage({ account, message });
  if (signed === undefined) throw new Error('The wallet returned nothing');
  const same =
    signed.signedMessage.length === message.length &&
    signed.signedMessage.every((byte, index) => byte === message[index]);
  if (!same) throw new Error('The wallet signed another message than the one shown');
  return signed.signature;
}
