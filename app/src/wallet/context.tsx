/** The connected wallet and what became of it. */
import { createContext, useCallback, useContext, useEffect, useMemo, useRef, useState, type ReactNode } from 'react';
import type { Words } from '../gateway/faults';
import { useNetwork } from '../network';
import { sharedNames } from './names';
import { connect, disconnect, isUsable, onChange, registry, type Wallet, type WalletAccount } from './standard';

const LAST = 'proofmill.wallet';
const LAST_ACCOUNT = 'proofmill.wallet.account';

export interface WalletState {
  readonly wallets: readonly Wallet[];
  readonly wallet: Wallet | null;
  readonly account: WalletAccount | null;
  readonly address: string | null;
  /** Wallet-standard name of this network. */
  readonly chain: `${string}:${string}`;
  readonly problem: Words | null;
  readonly choosing: boolean;
  readonly choose: (open: boolean) => void;
  readonly connectTo: (wallet: Wallet) => Promise<void>;
  readonly leave: () => void;
}

const Context = createContext<WalletState | null>(null);

const GENESIS_CHAINS: Readonly<Record<string, `${string}:${string}`>> = {
  '5eykt4UsFv8P8NJdTREpY1vzqKqZKvdpKuc147dw2N9d': 'solana:mainnet',
  EtWTRABZaYq6iMfeYKouRu166VU2xqa1wcaWoxPkrZBG: 'solana:devnet',
  '4uhcVJyU9pJkvQyS88uRDiswHXSCkY3zQawwpjk2NsNY': 'solana:testnet',
};

export function refusalWords(error: unknown): Words {
  const said = error instanceof Error ? error.message.slice(0, 160) : '';
  return {
    what: said === '' ? 'The wallet refused.' : `The wallet refused: ${said}`,
    next: 'Nothing was signed and nothing was sent. Try again when you are ready.',
  };
}

export function WalletProvider({ children }: { children: ReactNode }) {
  const { network } = useNetwork();
  const [wallets, setWallets] = useState<readonly Wallet[]>(() => registry.get().filter(isUsable));
  const [wallet, setWallet] = useState<Wallet | null>(null);
  const [account, setAccount] = useState<WalletAccount | null>(null);
  const [problem, setProblem] = useState<Words | null>(null);
  const [choosing, choose] = useState(false);
  const local = network?.local ?? false;
  const tried = useRef(new Set<string>());

  useEffect(() => {
    const update = (): void => setWallets(registry.get().filter(isUsable));
    const off = [registry.on('register', update), registry.on('unregister', update)];
    update();
    return () => off.forEach((one) => one());
  }, []);

  // The burner exists on local networks only: nowhere else is its code even loaded.
  useEffect(() => {
    if (!local || registry.get().some((one) => one.name === 'Burner (local only)')) return;
    void import('./burner').then(({ BurnerWallet }) => {
      if (!registry.get().some((one) => one.name === 'Burner (local only)')) registry.register(new BurnerWallet());
    });
  }, [local]);

  const attach = useCallback(async (chosen: Wallet, silent = false) => {
    setProblem(null);
    try {
      const { accounts } = await connect(chosen, silent);
      const first = accounts[0] ?? chosen.accounts[0];
      if (first === undefined) {
        if (!silent)
          setProblem({ what: 'The wallet gave no account.', next: 'Unlock it, or choose an account in it.' });
        return;
      }
      // Who was not asked gets no other account than the last time: a wallet of the same name is not the same wallet.
      if (silent && localStorage.getItem(LAST_ACCOUNT) !== first.address) return;
      setWallet(chosen);
      setAccount(first);
      choose(false);
      localStorage.setItem(LAST, chosen.name);
      localStorage.setItem(LAST_ACCOUNT, first.address);
    } catch (error) {
      if (!silent) setProblem(refusalWords(error));
    }
  }, []);

  // Whoever was connected before is connected again, without a question.
  useEffect(() => {
    if (wallet !== null) return;
    const last = localStorage.getItem(LAST);
    const found = wallets.find((one) => one.name === last);
    // Which of two it was is for the person to say.
    if (found !== undefined && !sharedNames(wallets).has(found.name) && !tried.current.has(found.name)) {
      tried.current.add(found.name);
      void attach(found, true);
    }
  }, [wallets, wallet, attach]);

  useEffect(() => {
    if (wallet === null) return undefined;
    return onChange(wallet, () => {
      const first = wallet.accounts[0] ?? null;
      setAccount((before) => (before?.address === first?.address ? before : first));
      if (first !== null) localStorage.setItem(LAST_ACCOUNT, first.address);
      if (first === null) setWallet(null);
    });
  }, [wallet]);

  const leave = useCallback(() => {
    localStorage.removeItem(LAST);
    localStorage.removeItem(LAST_ACCOUNT);
    if (wallet !== null) void disconnect(wallet).catch(() => undefined);
    setWallet(null);
    setAccount(null);
  }, [wallet]);

  const state = useMemo<WalletState>(
    () => ({
      wallets,
      wallet,
      account,
      address: account?.address ?? null,
      chain: GENESIS_CHAINS[network?.genesis_hash ?? ''] ?? 'solana:localnet',
      problem,
      choosing,
      choose: (open) => {
        setProblem(null);
        choose(open);
      },
      connectTo: (chosen) => attach(chosen),
      leave,
    }),
    [wallets, wallet, account, network?.genesis_hash, problem, choosing, attach, leave],
  );
  return <Context.Provider value={state}>{children}</Context.Provider>;
}

export function useWallet(): WalletState {
  const state = useContext(Context);
  if (state === null) throw new Error('useWallet needs a WalletProvider around it');
  return state;
}
