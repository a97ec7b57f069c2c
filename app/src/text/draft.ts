/** What a person asks for in the wizard, as typed, and what is wrong with it. */
import { INPUT_BYTES_MAX, INPUT_FILES_MAX } from '../limits';
import { bytes, parseDecimal } from './amount';

export interface Draft {
  readonly name: string;
  readonly image: string;
  readonly command: string;
  readonly env: string;
  readonly outputMib: string;
  readonly cpus: string;
  readonly memoryMib: string;
  readonly tier: string;
  readonly gpus: string;
  readonly vramGib: string;
  readonly region: string;
  readonly uptime: string;
  readonly certificateHours: string;
  readonly simulated: boolean;
  readonly minutes: string;
  readonly matching: 'offer' | 'auction';
  readonly ceiling: string;
  readonly auctionSeconds: string;
  /** Address of the offer to take; empty for the cheapest. */
  readonly offer: string;
}

export const EMPTY: Draft = {
  name: 'my-job',
  image: '',
  command: '',
  env: '',
  outputMib: '64',
  cpus: '1',
  memoryMib: '1024',
  tier: 'any',
  gpus: '0',
  vramGib: '0',
  region: '0',
  uptime: '0',
  certificateHours: '0',
  simulated: true,
  minutes: '5',
  matching: 'offer',
  ceiling: '',
  auctionSeconds: '60',
  offer: '',
};

export type Problems = Partial<Record<keyof Draft | 'files', string>>;

/** Words of a command line: spaces part them, quotes keep them together. */
export function splitCommand(line: string): { readonly words: readonly string[] } | { readonly problem: string } {
  const words: string[] = [];
  let word: string | null = null;
  let quote: '"' | "'" | null = null;
  for (let index = 0; index < line.length; index += 1) {
    const character = line.charAt(index);
    if (quote !== null) {
      if (character === quote) quote = null;
      else if (character === '\\' && quote === '"' && index + 1 < line.length) {
        index += 1;
        word = (word ?? '') + line.charAt(index);
      } else word = (word ?? '') + character;
    } else if (character === '"' || character === "'") {
      quote = character;
      word ??= '';
    } else if (/\s/u.test(character)) {
      if (word !== null) words.push(word);
      word = null;
    } else if (character === '\\' && index + 1 < line.length) {
      index += 1;
      word = (word ?? '') + line.charAt(index);
    } else word = (word ?? '') + character;
  }
  if (quote !== null) return { problem: `A ${quote === '"' ? 'double' : 'single'} quote is not closed.` };
  if (word !== null) words.push(word);
  return { words };
}

/** `KEY=VALUE` lines. */
export function readEnv(
  text: string,
): { readonly env: Readonly<Record<string, string>> } | { readonly problem: string } {
  const env: Record<string, string> = {};
  for (const line of text.split('\n')) {
    if (line.trim() === '') continue;
    const at = line.indexOf('=');
    const key = line.slice(0, at).trim();
    if (at < 1 || !/^[A-Z_][A-Z0-9_]*$/u.test(key)) {
      return {
        problem: `\u201c${line.slice(0, 40)}\u201d is not KEY=VALUE with a key of capitals, digits and underscores.`,
      };
    }
    if (key in env) return { problem: `${key} is set twice.` };
    env[key] = line.slice(at + 1);
  }
  return { env };
}

const whole = (text: string, least: number, most: number): number | null => {
  if (!/^\d+$/u.test(text.trim())) return null;
  const value = Number(text.trim());
  return value >= least && value <= most ? value : null;
};

export const seconds = (draft: Draft): number => {
  const minutes = Number(draft.minutes.replace(',', '.'));
  return Number.isFinite(minutes) ? Math.round(minutes * 60) : 0;
};

export function problemsOf(draft: Draft, decimals: number, files: readonly { readonly size: number }[]): Problems {
  const problems: Problems = {};
  if (!/^[a-z0-9_-]{1,64}$/u.test(draft.name)) problems.name = 'Use lower-case letters, digits, - and _, at most 64.';
  if (!/^sha256:[0-9a-f]{64}$/u.test(draft.image.trim())) {
    problems.image = 'Name the image by its digest: sha256: and 64 hexadecimal digits. A tag could change under you.';
  }
  const command = splitCommand(draft.command);
  if ('problem' in command) problems.command = command.problem;
  const env = readEnv(draft.env);
  if ('problem' in env) problems.env = env.problem;
  if (whole(draft.outputMib, 1, 65_536) === null) problems.outputMib = 'From 1 to 65,536 MiB.';
  if (whole(draft.memoryMib, 16, 1_048_576) === null) problems.memoryMib = 'From 16 MiB to 1 TiB.';
  const cpus = Number(draft.cpus.replace(',', '.'));
  if (!(cpus >= 0.1 && cpus <= 64)) problems.cpus = 'From 0.1 to 64 cores.';
  if (whole(draft.gpus, 0, 16) === null) problems.gpus = 'From 0 to 16.';
  if (whole(draft.vramGib, 0, 1_024) === null) problems.vramGib = 'From 0 to 1,024 GiB.';
  else if (Number(draft.vramGib) > 0 && Number(draft.gpus) === 0)
    problems.vramGib = 'Memory of a GPU needs a GPU: ask for one.';
  const uptime = Number(draft.uptime.replace(',', '.'));
  if (!(uptime >= 0 && uptime <= 100)) problems.uptime = 'A percentage.';
  if (whole(draft.certificateHours, 0, 720) === null) problems.certificateHours = 'From 0 to 720 hours.';
  const run = seconds(draft);
  if (!(run >= 1 && run <= 86_400)) problems.minutes = 'From one second to a day (1,440 minutes).';
  if (draft.matching === 'auction') {
    const ceiling = parseDecimal(draft.ceiling, decimals);
    if ('problem' in ceiling) problems.ceiling = ceiling.problem;
    else if (ceiling.atoms < 3_600n) problems.ceiling = 'That is less than one atom a second.';
    if (whole(draft.auctionSeconds, 5, 86_400) === null) problems.auctionSeconds = 'From 5 seconds to a day.';
  }
  const size = files.reduce((sum, file) => sum + file.size, 0);
  if (size > INPUT_BYTES_MAX) {
    problems.files = `${bytes(size)} are more than a browser keeps safely (${bytes(INPUT_BYTES_MAX)}): use the command line for this one.`;
  }
  if (files.length > INPUT_FILES_MAX) problems.files = `At most ${INPUT_FILES_MAX} files from a browser.`;
  return problems;
}
