import { useNetwork } from '../network';
import { decimal, running } from '../text/amount';
import { short } from './marks';

/** Mints that people know by a name. Everything else is named by its address: a name on the chain can be anybody's. */
const KNOWN_MINTS: Readonly<Record<string, string>> = {
  EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v: 'USDC',
  Es9vMFrzaCERmJfrF4H2FYD4KCoNRkY11McCe8BenwNYB: 'USDT',
};

export function mintName(mint: string, local: boolean): string {
  return KNOWN_MINTS[mint] ?? (local ? 'test tokens' : `of ${short(mint)}`);
}

/** An amount of a mint, in whole tokens; in atoms where the gateway does not list the mint. */
export function Money({
  atoms,
  mint,
  unit = true,
  steady = false,
}: {
  atoms: bigint;
  mint: string;
  unit?: boolean;
  steady?: boolean;
}) {
  const { mint: find, network } = useNetwork();
  const record = find(mint);
  if (record === null) {
    return (
      <span className="nums" title={mint}>
        {decimal(atoms, 0)} atoms
      </span>
    );
  }
  const figure = steady ? running(atoms, record.decimals) : decimal(atoms, record.decimals, 2);
  return (
    <span className="nums" title={`${decimal(atoms, 0)} atoms of ${mint}`}>
      {figure}
      {unit && <small className="soft"> {mintName(mint, network?.local ?? false)}</small>}
    </span>
  );
}

/** A price per hour: what people compare. */
export function Hourly({ perSecond, mint, unit = true }: { perSecond: bigint; mint: string; unit?: boolean }) {
  return (
    <span title={`${decimal(perSecond, 0)} atoms per second`}>
      <Money atoms={perSecond * 3_600n} mint={mint} unit={unit} />
      {unit && <small className="soft"> / h</small>}
    </span>
  );
}
