/** Amounts in words: integers of atoms, never floating point. */

/** Atoms as a decimal number, without trailing zeros but with at least `least` decimals. */
export function decimal(atoms: bigint, decimals: number, least = 0): string {
  const negative = atoms < 0n;
  const digits = (negative ? -atoms : atoms).toString().padStart(decimals + 1, '0');
  const whole = digits.slice(0, digits.length - decimals);
  let fraction = decimals === 0 ? '' : digits.slice(-decimals);
  while (fraction.length > least && fraction.endsWith('0')) fraction = fraction.slice(0, -1);
  return `${negative ? '\u2212' : ''}${grouped(whole)}${fraction === '' ? '' : `.${fraction}`}`;
}

/** A whole number with thin spaces between thousands. */
export function grouped(value: string | number | bigint): string {
  return value.toString().replace(/\B(?=(\d{3})+(?!\d))/gu, '\u202f');
}

/** Atoms with every decimal, for figures that run: their width does not jump. */
export function running(atoms: bigint, decimals: number): string {
  return decimal(atoms, decimals, decimals);
}

/** Reads what a person typed as atoms, or says in words why not. */
export function parseDecimal(text: string, decimals: number): { atoms: bigint } | { problem: string } {
  const plain = text
    .trim()
    .replaceAll(/[\s\u202f\u00a0_]/gu, '')
    .replace(',', '.');
  if (plain === '') return { problem: 'Type an amount.' };
  if (!/^\d+(\.\d*)?$|^\.\d+$/u.test(plain)) return { problem: 'Type a plain number, such as 1.5.' };
  const [whole = '', fraction = ''] = plain.split('.');
  if (fraction.length > decimals) {
    return { problem: `This token has ${decimals} decimals: write no more than that after the point.` };
  }
  const atoms = BigInt(`${whole === '' ? '0' : whole}${fraction.padEnd(decimals, '0')}`);
  return atoms >= 2n ** 64n ? { problem: 'That is more than the chain can count.' } : { atoms };
}

/** Basis points as a percentage. */
export function percent(bps: number): string {
  const whole = Math.trunc(bps / 100);
  const rest = Math.abs(bps % 100);
  return `${whole}${rest === 0 ? '' : `.${rest.toString().padStart(2, '0').replace(/0$/u, '')}`}\u202f%`;
}

/** MiB as people say it. */
export function memory(mib: number): string {
  return mib >= 1_024 ? `${(mib / 1_024).toFixed(mib % 1_024 === 0 ? 0 : 1)}\u202fGiB` : `${mib}\u202fMiB`;
}

/** Bytes as people say them. */
export function bytes(count: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB'];
  let value = count;
  let unit = 0;
  while (value >= 1_024 && unit < units.length - 1) {
    value /= 1_024;
    unit += 1;
  }
  return `${unit === 0 ? value : value.toFixed(1)}\u202f${units[unit] ?? ''}`;
}
