/** A job document (job.json) as the wizard's draft. */
import { parseJson } from '../gateway/wire';
import type { Draft } from './draft';

const text = (value: unknown): string | null => (typeof value === 'string' ? value : null);
const number = (value: unknown): number | null => (typeof value === 'number' && Number.isFinite(value) ? value : null);

const quoted = (word: string): string =>
  /^[\w@%+=:,./-]+$/u.test(word) ? word : `"${word.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;

/** @throws when it is no document of version 1. */
export function draftOfDocument(source: string, before: Draft): Draft {
  if (source.length > 65_536) throw new Error('A job document is at most 64 KiB long.');
  const found = parseJson(source);
  if (typeof found !== 'object' || found === null) throw new Error('This file is no job document.');
  const document = found as Record<string, unknown>;
  if (document['version'] !== 1) throw new Error('This file is no job document of version 1.');
  const resources = (document['resources'] ?? {}) as Record<string, unknown>;
  const outputs = (document['outputs'] ?? {}) as Record<string, unknown>;
  const command = Array.isArray(document['command'])
    ? document['command'].filter((word) => typeof word === 'string')
    : [];
  const env = Object.entries((document['env'] ?? {}) as Record<string, unknown>);
  const image = text(document['image']);
  const service = document['kind'] === 'service';
  const ports = (Array.isArray(document['ports']) ? document['ports'] : []) as readonly Record<string, unknown>[];
  const health = (document['health'] ?? {}) as Record<string, unknown>;
  const asked = Array.isArray(health['command']) ? health['command'].filter((word) => typeof word === 'string') : [];
  const sla = (document['sla'] ?? {}) as Record<string, unknown>;
  return {
    ...before,
    // A document of batch jobs may be posted once or as an array; only a service says what it is.
    kind: service ? 'service' : before.kind === 'service' ? 'batch' : before.kind,
    ...(service
      ? {
          ports: ports
            .map(
              (port) =>
                `${String(port['number'])}${text(port['protocol']) === null ? '' : ` ${String(port['protocol'])}`}`,
            )
            .join('\n'),
          health: asked.map(quoted).join(' '),
          healthSeconds: String(number(health['interval_seconds']) ?? before.healthSeconds),
          healthFailures: String(number(health['failures_max']) ?? before.healthFailures),
          slaUptime: number(sla['uptime_bps']) === null ? '' : String((number(sla['uptime_bps']) ?? 0) / 100),
          slaBond: number(sla['bond']) === null ? '' : String((number(sla['bond']) ?? 0) / 1_000_000),
        }
      : {}),
    issues: String((number(document['retries']) ?? 0) + 1),
    name: text(document['name']) ?? before.name,
    image: image !== null && image.startsWith('sha256:') ? image : before.image,
    command: command.map(quoted).join(' '),
    env: env.map(([key, value]) => `${key}=${String(value)}`).join('\n'),
    outputMib: String(Math.max(1, Math.ceil((number(outputs['max_bytes']) ?? 67_108_864) / 1_048_576))),
    cpus: String((number(resources['cpus_milli']) ?? 1_000) / 1_000),
    memoryMib: String(number(resources['memory_mib']) ?? 1_024),
    gpus: String(number(resources['gpu_count']) ?? 0),
    vramGib: String(Math.ceil((number(resources['vram_mib']) ?? 0) / 1_024)),
    minutes: String((number(document['max_seconds']) ?? 300) / 60),
  };
}
