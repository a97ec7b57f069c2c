/**
 * What others wrote, made harmless to look at: no control characters, no marks that turn the direction of text, nothing
 * invisible. Markup needs no care here: React writes text as text.
 */
import { LOG_LINE_MAX, TEXT_MAX } from '../limits';

// C0, DEL and C1 controls; zero-width and joiners; bidirectional marks, embeddings, overrides and isolates; line and
// paragraph separators; the byte order mark; tags; interlinear anchors; variation selectors stay (they only style).
const DECEIVING =
  // eslint-disable-next-line no-control-regex, no-misleading-character-class -- these are the characters that are looked for
  /[\u0000-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb\u{e0000}-\u{e0fff}]/gu;
// Colours and cursor movements of terminals.
// eslint-disable-next-line no-control-regex -- escape sequences begin with a control character
const ESCAPES = /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|[@-Z\\-_])/gu;

/** One line of foreign text, each deceiving character shown as a visible box. */
export function clean(text: string, longest: number = TEXT_MAX): string {
  const shown = text.replace(ESCAPES, '').replace(DECEIVING, '\u25a1');
  const characters = Array.from(shown);
  return characters.length > longest ? `${characters.slice(0, longest - 1).join('')}\u2026` : shown;
}

/** A line of a log: tabs become spaces, a carriage return keeps what was written last. */
export function cleanLogLine(line: string): string {
  const last = line.replace(/\r+$/u, '').split('\r').at(-1) ?? '';
  return clean(last.replaceAll('\t', '    '), LOG_LINE_MAX);
}
