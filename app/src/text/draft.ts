/** What a person asks for in the wizard, as typed, and what is wrong with it. */
import { INPUT_BYTES_MAX, INPUT_FILES_MAX } from '../limits';
import { bytes, parseDecimal } from './amount';

export type Kind = 'batch' | 'service' | 'array';

export interface Draft {
  readonly kind: Kind;
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
  /** Of an array: how many tasks, how often each is issued at most, how long they may be taken. */
  readonly tasks: string;
  readonly issues: string;
  readonly takeHours: string;
  /** Of a service: one port on each line, the question that tells whether it is well, and the availability pledged. */
  readonly ports: string;
  readonly health: string;
  readonly healthSeconds: string;
  readonly healthFailures: string;
  readonly slaUptime: string;
  readonly slaBond: string;
}

export const EMPTY: Draft = {
  kind: 'batch',
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
  tasks: '10',
  issues: '3',
  takeHours: '24',
  ports: '8080 http',
  health: '',
  healthSeconds: '10',
  healthFailures: '3',
  slaUptime: '',
  slaBond: '',
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

/** A port that a container listens on. */
export interface Port {
  readonly number: number;
  readonly protocol: 'tcp' | 'http';
}
/** Ports of one service at most: the job document's bound. */
const PORTS_MAX = 16;

/** Lines such as `8080 http` or `5432`. */
export function readPorts(text: string): { readonly ports: readonly Port[] } | { readonly problem: string } {
  const ports: Port[] = [];
  for (const line of text.split('\n')) {
    if (line.trim() === '') continue;
    const found = /^(\d{1,5})(?:\s+(tcp|http))?$/u.exec(line.trim());
    const number = Number(found?.[1] ?? 0);
    if (found === null || number < 1 || number > 65_535) {
      return { problem: `\u201c${line.trim().slice(0, 40)}\u201d is no port: write a number, and tcp or http.` };
    }
    if (ports.some((port) => port.number === number)) return { problem: `Port ${number} stands there twice.` };
    ports.push({ number, protocol: (found[2] ?? 'tcp') as Port['protocol'] });
  }
  if (ports.length > PORTS_MAX) return { problem: `At most ${PORTS_MAX} ports.` };
  return { ports };
}

/** How the wizard finds providers: arrays are taken by providers themselves, at or below a ceiling. */
export const asksCeiling = (draft: Draft): boolean => draft.kind === 'array' || draft.matching === 'auction';

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
  if (asksCeiling(draft)) {
    const ceiling = parseDecimal(draft.ceiling, decimals);
    if ('problem' in ceiling) problems.ceiling = ceiling.problem;
    else if (ceiling.atoms < 3_600n) problems.ceiling = 'That is less than one atom a second.';
  }
  if (draft.kind === 'array') arrayProblems(draft, problems);
  if (draft.kind === 'service') serviceProblems(draft, problems);
  if (draft.kind !== 'array' && draft.matching === 'auction') {
    if (whole(draft.auctionSeconds, 5, 86_400) === null) problems.auctionSeconds = 'From 5 seconds to a day.';
  }
  const size = files.reduce((sum, file) => sum + file.size, 0);
  if (size > INPUT_BYTES_MAX) {
    problems.files = `${bytes(size)} are more than a browser keeps safely (${bytes(INPUT_BYTES_MAX)}): use the command line for this one.`;
  }
  if (files.length > INPUT_FILES_MAX) problems.files = `At most ${INPUT_FILES_MAX} files from a browser.`;
  return problems;
}

function arrayProblems(draft: Draft, problems: Problems): void {
  if (whole(draft.tasks, 1, 1_024) === null) problems.tasks = 'From 1 to 1,024 tasks.';
  if (whole(draft.issues, 1, 8) === null) problems.issues = 'From once to 8 times.';
  const hours = Number(draft.takeHours.replace(',', '.'));
  if (!(hours >= 0.01 && hours <= 720)) problems.takeHours = 'From a minute to 720 hours (thirty days).';
}

function serviceProblems(draft: Draft, problems: Problems): void {
  const ports = readPorts(draft.ports);
  if ('problem' in ports) problems.ports = ports.problem;
  const health = splitCommand(draft.health);
  if ('problem' in health) problems.health = health.problem;
  if (whole(draft.healthSeconds, 1, 3_600) === null) problems.healthSeconds = 'From 1 to 3,600 seconds.';
  if (whole(draft.healthFailures, 1, 255) === null) problems.healthFailures = 'From 1 to 255.';
  const [uptime, bond] = [draft.slaUptime.trim(), draft.slaBond.trim()];
  if ((uptime === '') !== (bond === '')) {
    problems[uptime === '' ? 'slaUptime' : 'slaBond'] = 'A pledge has both: an availability and a bond.';
  } else if (uptime !== '') {
    const share = Number(uptime.replace(',', '.'));
    if (!(share >= 0.01 && share <= 100)) problems.slaUptime = 'From 0.01 to 100 %.';
    const atoms = parseDecimal(bond, STAKE_DECIMALS);
    if ('problem' in atoms) problems.slaBond = atoms.problem;
    else if (atoms.atoms === 0n || atoms.atoms > BigInt(Number.MAX_SAFE_INTEGER))
      problems.slaBond = 'More than nothing, and no more than a job document can say.';
  }
}

/** Decimals of the stake token, as every network of ours has it. */
export const STAKE_DECIMALS = 6;

/** The pledge of availability that a draft asks for; null for none. */
export function slaOf(draft: Draft): { readonly uptime_bps: number; readonly bond: number } | null {
  if (draft.kind !== 'service' || draft.slaBond.trim() === '') return null;
  const atoms = parseDecimal(draft.slaBond, STAKE_DECIMALS);
  if ('problem' in atoms) return null;
  return { uptime_bps: Math.round(Number(draft.slaUptime.replace(',', '.')) * 100), bond: Number(atoms.atoms) };
}
