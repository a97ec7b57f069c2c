/** Wallets that could be taken for one another. */

/** Names that more than one registered wallet bears, however they are spaced or spelt: one of them may be an impostor. */
export function sharedNames(wallets: readonly { readonly name: string }[]): ReadonlySet<string> {
  const plain = (name: string): string =>
    name
      .normalize('NFKC')
      .replaceAll(/[\s\p{Cf}]/gu, '')
      .toLowerCase();
  const seen = new Map<string, number>();
  for (const { name } of wallets) seen.set(plain(name), (seen.get(plain(name)) ?? 0) + 1);
  return new Set(wallets.map(({ name }) => name).filter((name) => (seen.get(plain(name)) ?? 0) > 1));
}
