/** What the connected wallet holds, read by RPC. */
import { balance, tokenBalance } from '../gateway/rpc';
import { REFRESH_MS } from '../limits';
import { useNetwork } from '../network';
import { useWallet } from '../wallet/context';
import { useKnown, type Known } from './cache';

export interface Balances {
  readonly lamports: bigint;
  /** Atoms of the payment mint. */
  readonly payment: bigint;
  /** Atoms of the stake mint. */
  readonly stake: bigint;
}

export function useBalances(): Known<Balances> {
  const { address } = useWallet();
  const { network, paymentMint } = useNetwork();
  const ready = address !== null && network !== null;
  return useKnown(
    ready ? `balance:${address}:${paymentMint?.mint ?? ''}` : null,
    async () => {
      if (address === null) throw new Error('no wallet');
      const { tokenAccount } = await import('../chain/accounts');
      const of = async (mint: string | null, program: string | null): Promise<bigint> =>
        mint === null ? 0n : tokenBalance(await tokenAccount(address, mint, program));
      const stakeProgram = network?.mints.find((mint) => mint.mint === network.stake_mint)?.token_program ?? null;
      const [lamports, payment, stake] = await Promise.all([
        balance(address),
        of(paymentMint?.mint ?? null, paymentMint?.token_program ?? null),
        of(network?.stake_mint ?? null, stakeProgram),
      ]);
      return { lamports, payment, stake };
    },
    { every: REFRESH_MS * 2 },
  );
}
