/** Every question the pages ask, with its key. The key's beginning says which changes make the answer old. */
import { ask, askAll } from '../gateway/client';
import * as records from '../gateway/records';
import { REFRESH_MS } from '../limits';
import { fromBase58 } from '../text/base58';
import { useKnown } from './cache';

const slowly = { every: REFRESH_MS * 4 };
const often = { every: REFRESH_MS };

export const useProviders = () =>
  useKnown('providers', (signal) => askAll('/v1/providers', records.providersPage, { signal }), slowly);

export const useProvider = (owner: string | null) =>
  useKnown(
    owner === null ? null : `provider:${owner}`,
    (signal) => ask(`/v1/providers/${owner ?? ''}`, records.providerRecord, { signal }),
    often,
  );

export const useOffers = () =>
  useKnown('offers', (signal) => askAll('/v1/offers', records.offersPage, { signal }), slowly);

export type JobFilter = { readonly tenant?: string; readonly provider?: string; readonly state?: string };
export const useJobs = (filter: JobFilter | null) =>
  useKnown(
    filter === null ? null : `jobs:${JSON.stringify(filter)}`,
    (signal) => askAll('/v1/jobs', records.jobsPage, { signal, query: filter ?? {} }),
    often,
  );

export const useJob = (job: string) =>
  useKnown(`job:${job}`, (signal) => ask(`/v1/jobs/${job}`, records.jobRecord, { signal }), often);

/** An array and the jobs of its tasks, from the chain; null when there is none. */
export const useArray = (array: string) =>
  useKnown(
    `chain:array:${array}`,
    async () => (await import('../chain/array')).readArrayView(array, Date.now() / 1_000),
    often,
  );

/** Arrays that the gateway has seen this tenant post. */
export const useArraysPosted = (tenant: string | null) =>
  useKnown(
    tenant === null ? null : `jobs:arrays:${tenant}`,
    async (signal) => {
      const query = { name: 'ArrayPosted', account: tenant };
      const found = await askAll('/v1/events', records.eventsPage, { signal, query });
      return (
        found
          .filter((event) => event.name === 'ArrayPosted' && event.data['tenant'] === tenant)
          .map((event) => event.data['array'] ?? '')
          // What is no address leads nowhere.
          .filter((array) => fromBase58(array)?.length === 32)
      );
    },
    slowly,
  );

/** A service, from the chain; null when its account is gone. */
export const useService = (job: string | null) =>
  useKnown(
    job === null ? null : `chain:service:${job}`,
    async () => (await import('../chain/service')).readService(job ?? '', Date.now() / 1_000),
    often,
  );

export const useJobEvents = (job: string) =>
  useKnown(`job:${job}:events`, (signal) => askAll(`/v1/jobs/${job}/events`, records.eventsPage, { signal }), often);

export const useRounds = (job: string) =>
  useKnown(`job:${job}:round`, (signal) => ask(`/v1/jobs/${job}/round`, records.roundsRecord, { signal }), often);

export const useBids = (job: string | null) =>
  useKnown(
    job === null ? null : `job:${job}:bids`,
    (signal) => askAll(`/v1/jobs/${job ?? ''}/bids`, records.bidsPage, { signal }),
    often,
  );

export const useEvents = (limit: number) =>
  useKnown(
    `events:${limit}`,
    async (signal) => (await ask('/v1/events', records.eventsPage, { signal, query: { limit } })).items,
    often,
  );

export const useValidators = () =>
  useKnown('validators', (signal) => ask('/v1/validators', records.validatorsRecord, { signal }), slowly);

export const useEpoch = () =>
  useKnown('validators:epoch', (signal) => ask('/v1/epoch', records.epochRecord, { signal }), slowly);

export const useStake = (owner: string | null) =>
  useKnown(
    owner === null ? null : `stake:${owner}`,
    (signal) => ask(`/v1/stakes/${owner ?? ''}`, records.stakeRecord, { signal }),
    often,
  );

export const useCases = (owner: string | null) =>
  useKnown(
    owner === null ? null : `stake:${owner}:cases`,
    (signal) => askAll('/v1/cases', records.casesPage, { signal, query: { owner } }),
    slowly,
  );

export const useRewards = () =>
  useKnown('rewards', (signal) => askAll('/v1/rewards', records.rewardsPage, { signal }), slowly);

export const useConfig = () =>
  useKnown('config', (signal) => ask('/v1/config', records.configRecord, { signal }), slowly);

export const usePercentiles = (mint: string | null, tier: string | null) =>
  useKnown(
    mint === null ? null : `prices:${mint}:${tier ?? ''}`,
    (signal) => ask('/v1/prices/percentiles', records.percentilesRecord, { signal, query: { mint, tier } }),
    slowly,
  );

export const useHistory = (mint: string | null, tier: string | null, bucket: number, span: number) =>
  useKnown(
    mint === null ? null : `prices:${mint}:${tier ?? ''}:${bucket}:${span}`,
    (signal) => {
      const to = Math.floor(Date.now() / 1_000);
      return ask('/v1/prices/history', records.historyRecord, {
        signal,
        query: { mint, tier, bucket, from: to - span, to },
      });
    },
    slowly,
  );

export interface MatchQuestion {
  readonly mint: string;
  readonly gpu_count: number;
  readonly vram_mib: number;
  readonly tier: string;
  readonly region: number;
  readonly uptime_bps: number;
  readonly certificate_age_seconds_max: number;
  readonly price_ceiling_per_second: string;
  readonly max_seconds: number;
  readonly allow_simulated: boolean;
  readonly sla_bond: string;
  readonly sla_uptime_bps: number;
  readonly kind: 'batch' | 'service';
}

export const useMatch = (question: MatchQuestion | null) =>
  useKnown(
    question === null ? null : `match:${JSON.stringify(question)}`,
    (signal) => ask('/v1/match', records.matchRecord, { signal, method: 'POST', body: question }),
    slowly,
  );
