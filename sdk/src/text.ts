/** Foreign text made harmless, and short forms for people. */
import type { Address } from "@solana/kit";
import { isInvisible } from "./artifacts/path.js";
import { TEXT_LENGTH_MAX } from "./limits.js";

/**
 * Text from a stranger without control, bidirectional or invisible characters, cut at a length. It is still text: put it into a
 * page as text, never as HTML.
 */
export function cleanText(text: string, longest = TEXT_LENGTH_MAX): string {
  let out = "";
  let count = 0;
  for (const character of text) {
    const codePoint = character.codePointAt(0) ?? 0;
    if (codePoint < 0x20 || (codePoint >= 0x7f && codePoint <= 0x9f) || isInvisible(codePoint)) continue;
    if (codePoint >= 0xd800 && codePoint <= 0xdfff) continue;
    if (count === longest) return `${out}…`;
    out += character;
    count += 1;
  }
  return out;
}

/** An address as its first and last four characters, for places where the whole one is shown beside it or on demand. */
export const shortAddress = (address: Address | string): string =>
  address.length <= 10 ? address : `${address.slice(0, 4)}…${address.slice(-4)}`;

/** Seconds in words: `1 h 20 min`. */
export function formatDuration(seconds: number): string {
  const parts = [
    [Math.floor(seconds / 86_400), "d"],
    [Math.floor(seconds / 3_600) % 24, "h"],
    [Math.floor(seconds / 60) % 60, "min"],
    [seconds % 60, "s"],
  ] as const;
  const shown = parts.filter(([count]) => count > 0).slice(0, 2);
  return shown.length === 0 ? "0 s" : shown.map(([count, unit]) => `${count} ${unit}`).join(" ");
}
