/** The real local network: chain, validators, provider nodes, containers, and the gateway that serves the built dApp. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const DIST = fileURLToPath(new URL('../../dist', import.meta.url));

function binary(name: string): string {
  const directory = process.env['PROOFMILL_BIN_DIR'] ?? join(ROOT, 'target/debug');
  const path = join(directory, name);
  if (!existsSync(path))
    throw new Error(`${path} is missing: build it with cargo build --bins, or set PROOFMILL_BIN_DIR`);
  return path;
}

/** The digest of an example image, built if it is not there yet. */
export function image(name: 'checksum' | 'embed' | 'fixtures'): string {
  const built = spawnSync(join(ROOT, 'jobs/build'), [name], { encoding: 'utf8' });
  const digest = /sha256:[0-9a-f]{64}/u.exec(built.stdout)?.[0];
  if (digest === undefined) throw new Error(`jobs/build ${name} failed: ${built.stderr.slice(-600)}`);
  return digest;
}

export interface LocalNetwork {
  readonly url: string;
  readonly dir: string;
  /** Runs `proofmill` against this network; returns what it printed. */
  cli(keypair: string | null, ...args: string[]): string;
  /** Starts a daemon of `proofmill` against this network. */
  daemon(name: string, keypair: string, ...args: string[]): void;
  stop(): Promise<void>;
}

async function until<T>(what: string, milliseconds: number, look: () => Promise<T | null>): Promise<T> {
  const end = Date.now() + milliseconds;
  for (;;) {
    const found = await look().catch(() => null);
    if (found !== null) return found;
    if (Date.now() > end) throw new Error(`${what} took longer than ${milliseconds / 1_000} s`);
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
}

const ended = (child: ChildProcess): Promise<void> =>
  new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) resolve();
    else child.on('exit', () => resolve());
  });

export async function startLocalNetwork(): Promise<LocalNetwork> {
  const dir = mkdtempSync(join(tmpdir(), 'proofmill-journeys-'));
  const network = join(dir, 'network');
  const children: ChildProcess[] = [];
  const start = (name: string, program: string, args: readonly string[], cwd: string): ChildProcess => {
    const log = openSync(join(dir, `${name}.log`), 'a');
    const child = spawn(program, args, { cwd, stdio: ['ignore', log, log] });
    children.push(child);
    return child;
  };
  const stop = async (): Promise<void> => {
    for (const child of children.toReversed()) {
      child.kill('SIGINT');
      await Promise.race([ended(child), new Promise((resolve) => setTimeout(resolve, 20_000))]);
      child.kill('SIGKILL');
    }
    if (process.env['KEEP'] !== '1') rmSync(dir, { recursive: true, force: true });
  };
  try {
    const chain = start(
      'network',
      binary('proofmill'),
      ['--json', 'localnet', '--validators', '5', '--providers', '2', '--dir', network],
      dir,
    );
    const logged = (): string => readFileSync(join(dir, 'network.log'), 'utf8');
    // The network says where it is once everything of it is up.
    const facts = await until('the local network', 180_000, async () => {
      if (chain.exitCode !== null) throw new Error(`the local network ended: ${logged().slice(-2_000)}`);
      const found = /\{[^]*"rpc_url"[^]*?\n?\}/u.exec(logged());
      return Promise.resolve(found === null ? null : (JSON.parse(found[0]) as { rpc_url: string; ws_url: string }));
    });
    const gateway = start(
      'gateway',
      binary('proofmill-gateway'),
      [
        ...['--rpc-url', facts.rpc_url, '--ws-url', facts.ws_url, '--listen', '127.0.0.1:0'],
        ...['--database', `sqlite://${join(dir, 'index.sqlite')}`, '--data-dir', join(dir, 'gateway')],
        ...['--faucet-keypair', join(network, 'authority-test-keypair.json'), '--app-dir', DIST],
      ],
      dir,
    );
    const url = await until('the gateway', 60_000, async () => {
      const text = readFileSync(join(dir, 'gateway.log'), 'utf8');
      if (gateway.exitCode !== null) throw new Error(`the gateway ended: ${text.slice(-2_000)}`);
      const found = /"url":"(http:[^"]+)"/u.exec(text)?.[1];
      if (found === undefined) return null;
      const answer = await fetch(`${found}/readyz`);
      return answer.ok ? found : null;
    });
    const flags = (keypair: string | null): string[] => [
      '--network',
      join(network, 'network.json'),
      ...(keypair === null ? [] : ['--keypair', keypair]),
    ];
    return {
      url,
      dir,
      cli: (keypair, ...args) => {
        const done = spawnSync(binary('proofmill'), [...flags(keypair), ...args], { cwd: dir, encoding: 'utf8' });
        if (done.status !== 0) throw new Error(`proofmill ${args.join(' ')}: ${done.stderr}${done.stdout}`);
        return done.stdout;
      },
      daemon: (name, keypair, ...args) => {
        start(name, binary('proofmill'), [...flags(keypair), ...args], dir);
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
