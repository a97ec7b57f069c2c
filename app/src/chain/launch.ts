/** A job made ready in the browser: its document, its input bundle, its address. Nothing is signed here. */
import type { Address } from '@solana/kit';
import {
  derive,
  completeJobDocument,
  documentBytes,
  documentHash,
  writeBundle,
  type JobDocument,
  type JobDocumentDraft,
} from '@proofmill/client';
import { readPorts, slaOf, splitCommand, type Draft } from '../text/draft';

export interface Launch {
  /** Address of the job, or of the array. */
  readonly job: string;
  readonly index: bigint;
  readonly document: JobDocument;
  readonly spec: Uint8Array<ArrayBuffer>;
  readonly specHash: string;
  readonly input: Uint8Array<ArrayBuffer>;
  readonly inputRoot: string;
}

const integer = (text: string): number => Number.parseInt(text.trim(), 10);
const scaled = (text: string, factor: number): number => Math.round(Number(text.replace(',', '.')) * factor);

export async function makeLaunch({
  draft,
  command,
  env,
  files,
  tenant,
  seconds,
}: {
  readonly draft: Draft;
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly files: readonly File[];
  readonly tenant: string;
  readonly seconds: number;
}): Promise<Launch> {
  const document = completeJobDocument({
    version: 1,
    name: draft.name,
    image: draft.image.trim(),
    command: [...command],
    env: { ...env },
    resources: {
      cpus_milli: scaled(draft.cpus, 1_000),
      memory_mib: integer(draft.memoryMib),
      gpu_count: integer(draft.gpus),
      vram_mib: integer(draft.vramGib) * 1_024,
      tier: draft.tier as JobDocument['resources']['tier'],
    },
    outputs: { max_bytes: integer(draft.outputMib) * 1_048_576 },
    max_seconds: seconds,
    // Arrays are batch jobs of one document: only a service says what it is.
    ...(draft.kind === 'service' ? serviceOf(draft) : {}),
    ...(draft.kind === 'array' ? { retries: integer(draft.issues) - 1 } : {}),
    placement: {
      region: integer(draft.region),
      uptime_bps: scaled(draft.uptime, 100),
      certificate_age_seconds_max: integer(draft.certificateHours) * 3_600,
      allow_simulated: draft.simulated,
    },
  });
  const contents = Object.fromEntries(
    await Promise.all(files.map(async (file) => [file.name, new Uint8Array(await file.arrayBuffer())] as const)),
  );
  const bundle = writeBundle(contents);
  const made = (job: string, index: bigint): Launch => ({
    job,
    index,
    document,
    spec: Uint8Array.from(documentBytes(document)),
    specHash: documentHash(document),
    input: Uint8Array.from(bundle.bytes),
    inputRoot: bundle.root,
  });
  if (draft.kind === 'array') {
    // Seconds since 1970 fit until 2106; of two arrays in one second the program refuses the second.
    const index = Math.floor(Date.now() / 1_000);
    return made(await derive.array(tenant as Address, index), BigInt(index));
  }
  // Microseconds since 1970, with chance in the last three digits: two tabs do not meet on one address.
  const chance = crypto.getRandomValues(new Uint16Array(1))[0] ?? 0;
  const index = BigInt(Date.now()) * 1_000n + BigInt(chance % 1_000);
  return made(await derive.job(tenant as Address, index), index);
}

/** What only the document of a service says. */
function serviceOf(draft: Draft): Pick<JobDocumentDraft, 'kind' | 'verification' | 'ports' | 'health' | 'sla'> {
  const ports = readPorts(draft.ports);
  const command = splitCommand(draft.health);
  const sla = slaOf(draft);
  const interval = integer(draft.healthSeconds);
  return {
    kind: 'service',
    verification: 'witnessed',
    ports: 'ports' in ports ? ports.ports.map((port) => ({ ...port })) : [],
    health:
      'words' in command && command.words.length > 0
        ? {
            command: [...command.words],
            interval_seconds: interval,
            timeout_seconds: interval,
            failures_max: integer(draft.healthFailures),
          }
        : null,
    sla: sla === null ? null : { ...sla },
  };
}
