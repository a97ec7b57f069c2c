/**
 * A SIMULATED gateway and a SIMULATED chain, for tests of the dApp alone. Nothing here runs a job, holds money or verifies
 * anything: it answers in the shape of the real gateway, and lies where a test asks it to.
 */
import { createHash, randomBytes } from 'node:crypto';
import { createReadStream, existsSync, statSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { derive, market, type Coin, type MintAddress } from '@proofmill/client';
import { getCompiledTransactionMessageDecoder, getTransactionDecoder, type Address } from '@solana/kit';
import { fromBase58, toBase58 } from '../../src/text/base58';
import { postedArray } from './holdings';

const { MARKET_PROGRAM_ADDRESS } = market;
const DIST = fileURLToPath(new URL('../../dist', import.meta.url));
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
};
/** The policy of the real gateway: a page that needs more than it allows must fail here already. */
export const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

export const key = (name: string): string => toBase58(createHash('sha256').update(`simulated ${name}`).digest());
const hex = (name: string): string => createHash('sha256').update(name).digest('hex');

export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json | undefined };
type Row = Record<string, Json>;

/** What the gateway does wrong, if anything. */
export interface Mischief {
  /** Answers nothing at all on paths that begin so. */
  down?: string;
  /** Waits this long before it answers, milliseconds. */
  slow?: number;
  /** Changes an answer on its way out. */
  twist?: (path: string, body: Json) => Json;
  /** Answers with this text instead of JSON. */
  raw?: (path: string) => string | null;
  /** The chain's node is gone for these methods. */
  rpcDown?: (method: string) => boolean;
  /** Takes transactions and forgets them. */
  forgets?: boolean;
  /** The chain makes no slots. */
  still?: boolean;
  /** Serves the page without the policy that keeps it out of frames. */
  naked?: boolean;
  /** What recent blocks are said to have asked for priority, micro-lamports per unit. */
  fees?: readonly number[];
  /** The sentence asked for at sign-in. */
  sentence?: (address: string, host: string) => string;
}

export interface SentTransaction {
  readonly signature: string;
  readonly message: Uint8Array;
}

export const PAYMENT = key('payment mint');
export const STAKE = key('stake mint');
export const NODE_KEY = hex('gateway node');
/** A ticket as the real gateway writes one: 32 bytes in base64 for addresses. */
export const TICKET = 'c2ltdWxhdGVkLXRpY2tldC1mb3ItdGVzdHMtYWxvbmU';
export const GENESIS = key('genesis');

const OWNERS = ['Ada', 'Blaise', 'Charles', 'Dorothy', 'Edsger', 'Frances'].map((name) => key(`owner ${name}`));
const MODELS = [
  'NVIDIA GeForce RTX 4090',
  'NVIDIA H100 80GB HBM3',
  'NVIDIA L40S',
  'NVIDIA GeForce RTX 3080',
  'AMD Radeon PRO W7900',
  'NVIDIA A100-SXM4-80GB',
];
const VRAM = [24_564, 81_559, 46_068, 10_240, 46_064, 81_920];
const TIERS = ['consumer', 'datacenter', 'datacenter', 'consumer', 'prosumer', 'datacenter'];
const REGIONS = [756, 840, 276, 124, 392, 840];
const PRICES = [111n, 694n, 305n, 55n, 208n, 472n];

export interface Fixture {
  readonly url: string;
  readonly sent: SentTransaction[];
  readonly uploads: { readonly path: string; readonly bytes: number }[];
  readonly jobs: Row[];
  mischief: Mischief;
  readonly balances: Map<string, bigint>;
  readonly lamports: Map<string, bigint>;
  /** Accounts of the simulated chain, by address. */
  readonly chain: Map<string, { data: Uint8Array; owner: string }>;
  /** The `Provider` accounts, in the order of their owners. */
  readonly providers: readonly string[];
  /** A job's record, with what a test makes of it. */
  record(name: string, more: Readonly<Record<string, Json>>): Row;
  /** Sends an event to every open stream, and to those that resume from before it. */
  announce(name: string, data: Json): void;
  /** Streams of changes that are open now. */
  streams(): number;
  /** Everything that the page asked for. */
  readonly asked: string[];
  log: string;
  close(): Promise<void>;
}

const now = (): number => Math.floor(Date.now() / 1_000);

export async function startFixture(): Promise<Fixture> {
  const chain = new Map<string, { data: Uint8Array; owner: string }>();
  const providers: Row[] = [];
  const offers: Row[] = [];
  const sent: SentTransaction[] = [];
  const uploads: Fixture['uploads'] = [];
  const jobs: Row[] = [];
  const asked: string[] = [];
  const balances = new Map<string, bigint>();
  const lamports = new Map<string, bigint>();
  const streams = new Set<ServerResponse>();
  // As the real gateway numbers and keeps them.
  const kept: { readonly id: number; readonly text: string }[] = [];
  let changes = Date.now() * 1_000;
  const publish = (name: string, data: Json): void => {
    changes += 1;
    const text = `id: ${changes}\nevent: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
    kept.push({ id: changes, text });
    if (kept.length > 1_000) kept.shift();
    for (const stream of streams) stream.write(text);
  };
  const landed = new Set<string>();
  const deliveries = new Map<string, { spec: boolean; input: boolean }>();
  let slot = 48_213;
  const coin: Coin = { mint: PAYMENT as MintAddress, tokenProgram: derive.TOKEN_PROGRAM };
  const stake = (owner: string): Row => ({
    owner,
    address: key(`stake ${owner}`),
    mint: STAKE,
    bonded: '1000000000',
    locked: '120000000',
    free: '880000000',
    unbonding: '50000000',
    releasable_at: now() + 250_000,
    pending: '0',
    slashed_total: '0',
    active_jobs: 2,
  });

  for (const [index, owner] of OWNERS.entries()) {
    const provider = await derive.provider(owner as Address);
    const offer = await derive.offer(provider, 0);
    const price = PRICES[index] ?? 100n;
    const shared: Row = {
      owner,
      tier: TIERS[index] ?? 'any',
      region: REGIONS[index] ?? 0,
      gpu_count: index === 1 ? 8 : 1,
      vram_mib: VRAM[index] ?? 8_192,
      gpu_model: MODELS[index] ?? '',
      simulated: index === 3,
      capacity: 4,
    };
    providers.push({
      ...shared,
      address: provider,
      active: index !== 5,
      node_key: hex(`node ${owner}`),
      endpoint: null,
      gpu_class: hex(`class ${index}`),
      jobs_accepted: [412, 2_931, 188, 7, 0, 960][index] ?? 0,
      jobs_rejected: index === 3 ? 2 : 0,
      jobs_failed: [3, 11, 0, 1, 0, 2][index] ?? 0,
      consecutive_accepted: [120, 800, 188, 1, 0, 300][index] ?? 0,
      uptime_bps: [9_962, 9_999, 9_871, 9_540, 10_000, 9_988][index] ?? 10_000,
      uptime_measured: index !== 4,
      certificate:
        index === 4
          ? null
          : {
              measured_at: now() - 3_600 * (index + 2),
              tier: TIERS[index] ?? 'any',
              vram_mib: VRAM[index] ?? 0,
              gops: String(330_000 * (index + 1)),
            },
      stake: stake(owner),
      rewarded_epoch: 0,
      registered_at: now() - 8_000_000,
    });
    offers.push({
      ...shared,
      address: offer,
      provider,
      index: 0,
      mint: PAYMENT,
      price_per_second: price.toString(),
      seconds_max: 14_400,
      active_jobs: index === 2 ? 4 : 0,
      valid_until: now() + 604_800,
      published_at: now() - 86_400,
      services: false,
      sla_bond_max: '0',
      sla_uptime_max_bps: 0,
      fits_now: index !== 2 && index !== 5,
    });
    const zero = new Uint8Array(32);
    chain.set(offer, {
      owner: MARKET_PROGRAM_ADDRESS,
      data: new Uint8Array(
        market.getOfferEncoder().encode({
          version: 1,
          bump: 255,
          index: 0,
          secondsMax: 14_400,
          pricePerSecond: price,
          expiresAt: BigInt(now() + 604_800),
          publishedAt: BigInt(now() - 86_400),
          provider,
          mint: PAYMENT as Address,
          rentPayer: owner as Address,
          slaBondMax: 0n,
          slaUptimeMaxBps: 0,
          services: 0,
          reserved: new Uint8Array(21),
        }),
      ),
    });
    chain.set(provider, {
      owner: MARKET_PROGRAM_ADDRESS,
      data: new Uint8Array(
        market.getProviderEncoder().encode({
          version: 1,
          bump: 255,
          active: 1,
          simulated: index === 3 ? 1 : 0,
          tier: 1,
          gpuCount: 1,
          capacity: 4,
          vramMib: VRAM[index] ?? 0,
          region: REGIONS[index] ?? 0,
          uptimeBps: 10_000,
          acceptedTotal: 0,
          rejectedTotal: 0,
          failedTotal: 0,
          consecutiveAccepted: 0,
          registeredAt: 1n,
          owner: owner as Address,
          operator: owner as Address,
          nodeKey: zero,
          classKey: zero,
          endpointIp: new Uint8Array(16),
          endpointPort: 0,
          offersTotal: 1,
          gpuModel: zero,
          rewardedEpoch: 0,
          certifiedAt: 0n,
          certifiedGops: 0n,
          certifiedVramMib: 0,
          certifiedTier: 0,
          uptimeMeasured: 0,
          reservedA: new Uint8Array(2),
          uptimeBucket: 0,
          uptimeUp: Array.from({ length: 28 }, () => 0),
          uptimeTotal: Array.from({ length: 28 }, () => 0),
          reservedB: new Uint8Array(4),
          reserved: new Uint8Array(64),
        }),
      ),
    });
  }
  chain.set(await derive.mintRule(PAYMENT as Address), {
    owner: MARKET_PROGRAM_ADDRESS,
    data: new Uint8Array(
      market.getMintRuleEncoder().encode({
        version: 1,
        bump: 255,
        enabled: 1,
        decimals: 6,
        lockBps: 10_000,
        escrowMin: 1n,
        mint: PAYMENT as Address,
        auditBudget: PAYMENT as Address,
        auditBudgetBump: 255,
        tokenProgram: 0,
        reservedA: new Uint8Array(6),
        eta: 0n,
        queuedEscrowMin: 0n,
        queuedLockBps: 0,
        queuedEnabled: 0,
        reserved: new Uint8Array(3),
        auditPriceMax: 50_000n,
        queuedAuditPriceMax: 0n,
      }),
    ),
  });

  const validators: Row[] = Array.from({ length: 5 }, (_, index) => ({
    owner: key(`validator ${index}`),
    delegate: key(`delegate ${index}`),
    node_key: hex(`validator node ${index}`),
    endpoint: null,
    weight: String(1_000_000_000 + index * 240_000_000),
    weighed_at: now() - 600,
    stake: { ...stake(key(`validator ${index}`)), bonded: String(1_000_000_000 + index * 240_000_000) },
    in_set: true,
    in_next_set: true,
  }));

  const job = (name: string, more: Row): Row => ({
    address: key(`job ${name}`),
    tenant: key('tenant'),
    index: '1763730000000000',
    array: null,
    task_index: null,
    kind: 'batch',
    class: 'deterministic',
    state: 'open',
    outcome: null,
    mint: PAYMENT,
    provider: null,
    attempt: 1,
    attempts_max: 1,
    matched_by: null,
    price_per_second: null,
    price_ceiling_per_second: '200',
    max_seconds: 3_600,
    escrowed: '720000',
    paid: '0',
    refunded: '0',
    fee: '0',
    slashed: '0',
    lock: '0',
    claimed: [],
    metered_ms: '0',
    streamed: '0',
    paused_ms: '0',
    bids: 0,
    best_bid_per_second: null,
    spec_hash: hex(`spec ${name}`),
    image_digest: hex(`image ${name}`),
    input_root: hex(`input ${name}`),
    output_root: null,
    exit_code: null,
    termination: null,
    audit_bps: null,
    fee_bps: 250,
    posted_at: now() - 400,
    bids_until: null,
    matched_at: null,
    started_at: null,
    submitted_at: null,
    paused_at: null,
    settled_at: null,
    start_by: null,
    receipt_by: null,
    verdict_by: null,
    tenant_node_key: NODE_KEY,
    tier: 'any',
    vram_mib: 0,
    gpu_count: 0,
    region: 0,
    uptime_bps: 0,
    allow_simulated: true,
    closed: false,
    ...more,
  });
  jobs.push(
    job('running', {
      state: 'running',
      provider: String(providers[0]?.['address']),
      matched_by: 'instant',
      price_per_second: '200',
      matched_at: now() - 395,
      started_at: now() - 390,
      receipt_by: now() + 3_300,
      audit_bps: 10_000,
    }),
    job('judged', {
      state: 'submitted',
      provider: String(providers[1]?.['address']),
      matched_by: 'instant',
      price_per_second: '200',
      matched_at: now() - 395,
      started_at: now() - 390,
      submitted_at: now() - 30,
      verdict_by: now() + 500,
      metered_ms: '360000',
      exit_code: 0,
      termination: 'exited',
      audit_bps: 500,
    }),
    job('settled', {
      state: 'settled',
      outcome: 'accepted',
      provider: String(providers[1]?.['address']),
      matched_by: 'auction',
      price_per_second: '180',
      escrowed: '648000',
      paid: '175500',
      fee: '4500',
      refunded: '468000',
      claimed: ['reward'],
      metered_ms: '1000000',
      matched_at: now() - 5_395,
      started_at: now() - 5_390,
      submitted_at: now() - 4_300,
      settled_at: now() - 4_200,
      exit_code: 0,
      termination: 'exited',
      output_root: hex('output'),
      audit_bps: 500,
    }),
    job('open', { bids_until: now() + 90, bids: 2, best_bid_per_second: '150' }),
    job('slashed', {
      state: 'settled',
      outcome: 'rejected',
      refunded: '720000',
      settled_at: now() - 90_000,
      slashed: '720000',
      provider: String(providers[3]?.['address']),
      matched_at: now() - 95_000,
      started_at: now() - 94_000,
      submitted_at: now() - 93_000,
      metered_ms: '1000',
      price_per_second: '200',
    }),
  );

  const network = (): Row => ({
    version: '0.1.0',
    genesis_hash: GENESIS,
    market: MARKET_PROGRAM_ADDRESS,
    arbiter: key('arbiter'),
    stake_mint: STAKE,
    mints: [
      {
        mint: PAYMENT,
        decimals: 6,
        enabled: true,
        lock_bps: 10_000,
        escrow_min: '1',
        audit_price_max: '50000',
        token_program: derive.TOKEN_PROGRAM,
      },
    ],
    chain_slot: slot,
    indexed_slot: slot - 1,
    paused: false,
    allow_simulated: true,
    faucet: true,
    node_key: NODE_KEY,
    local: true,
  });

  const page = (items: readonly Json[]): Json => ({ items, next_cursor: null });
  const percentile = (values: readonly string[]): Json => ({
    p10: values[0] ?? null,
    p50: values[1] ?? null,
    p90: values[2] ?? null,
    count: values.length === 0 ? 0 : 6,
  });
  const event = (sequence: number, name: string, about: string | null, data: Row, ago: number): Json => ({
    sequence: String(sequence),
    slot: slot - sequence,
    signature: key(`signature ${sequence}`),
    index: 0,
    program: name.startsWith('Verdict') || name.startsWith('Round') ? 'arbiter' : 'market',
    name,
    at: now() - ago,
    job: about,
    data,
  });
  const feed = (): readonly Json[] => [
    event(90, 'JobStarted', key('job running'), { started_at: now() - 390 }, 12),
    event(89, 'JobMatched', key('job running'), { price_per_second: '200' }, 16),
    event(88, 'JobPosted', key('job running'), { escrowed: '720000' }, 16),
    event(87, 'VerdictReached', key('job settled'), { opinion: 1, rounds: 1, agreeing: 5 }, 4_200),
    event(86, 'AttestationsRevealed', null, { valid: 31 }, 4_202),
    event(85, 'RoundOpened', key('job settled'), { seats: 5 }, 4_260),
    event(84, 'ProofSubmitted', key('job settled'), {}, 4_300),
    event(83, 'VerdictReached', key('job slashed'), { opinion: 2, rounds: 2, agreeing: 7 }, 90_000),
  ];

  const rounds = (address: string): Json => {
    if (address === key('job running') || address === key('job open')) return [];
    const settled = address === key('job settled');
    const committee = validators.map((validator) => validator['owner'] ?? null);
    return [
      {
        address: key(`round ${address}`),
        index: 1,
        attempt: 1,
        epoch: 3,
        state: settled ? 'closed' : 'open',
        threshold: 3,
        reveals_min: 4,
        committee,
        committed: [true, true, settled, true, settled],
        missed: [false, false, false, false, false],
        revealed: (settled ? [0, 1, 2, 3, 4] : [0, 1]).map((seat) => ({
          seat,
          validator: committee[seat] ?? null,
          verdict: 'valid',
          reason: 'The receipt is true.',
        })),
        re_executor: String(providers[0]?.['address']),
        re_executed: settled,
        opened_at: now() - 25,
        commit_until: now() + 20,
        reveal_until: now() + 60,
        verdict: settled ? 'valid' : null,
      },
    ];
  };

  const market_config: Row = {
    paused: 0,
    allow_simulated: true,
    fee_bps: 250,
    audit_share_bps: 4_000,
    burn_share_bps: 2_000,
    uptime_min_bps: 9_500,
    audit_floor_bps: 500,
    vram_mib_min: 8_192,
    proven_after: 20,
    start_window_seconds: 120,
    receipt_grace_seconds: 120,
    challenge_window_seconds: 20,
    verdict_window_seconds: 600,
    unbonding_seconds: 604_800,
    provider_stake_min: '100000000',
    validator_stake_min: '500000000',
    threshold: 3,
    slash_cap_bps: 5_000,
    outflow_bps: 30_000,
    slash_window_seconds: 86_400,
    appeal_seconds: 86_400,
    timelock_seconds: 172_800,
    usage_timeout_seconds: 300,
    missed_reveal_slash: '10000000',
    bid_deposit: '10000000',
    authority: key('authority'),
    guardian: key('guardian'),
    treasury: key('treasury'),
    arbiter: key('arbiter'),
  };
  const arbiter_config: Row = {
    committee: 5,
    threshold: 3,
    reveals_min: 4,
    escalated_committee: 9,
    escalated_threshold: 6,
    commit_window_seconds: 60,
    reveal_window_seconds: 30,
    epoch_seconds: 3_600,
  };

  const answer = (path: string, query: URLSearchParams, body: Row): Json | null => {
    const parts = path.split('/').filter(Boolean);
    const [, kind, id = '', more] = parts;
    const isKey = /^[1-9A-HJ-NP-Za-km-z]{32,44}$/u.test(id);
    switch (kind) {
      case 'network':
        return network();
      case 'config':
        return {
          market: market_config,
          arbiter: arbiter_config,
          queued_market: { ...market_config, fee_bps: 200, applies_at: now() + 93_600 },
          queued_arbiter: null,
        };
      case 'providers':
        if (id === '') return page(providers);
        return providers.find((provider) => provider['owner'] === id) ?? null;
      case 'offers':
        return page(offers);
      case 'jobs': {
        if (id === '') {
          const tenant = query.get('tenant');
          const provider = query.get('provider');
          return page(
            jobs
              .filter(
                (one) =>
                  (tenant === null || one['tenant'] === tenant) && (provider === null || one['provider'] === provider),
              )
              .toReversed(),
          );
        }
        const found = jobs.find((one) => one['address'] === id);
        if (!isKey || found === undefined) return null;
        if (more === undefined) return found;
        if (more === 'events') return page(feed().filter((one) => (one as Row)['job'] === id));
        if (more === 'round') return rounds(id);
        if (more === 'bids')
          return page(
            ['150', '168'].map((price, index) => ({
              address: key(`bid ${index}`),
              job: id,
              provider: String(providers[index]?.['address']),
              price_per_second: price,
              deposit_lamports: '10000000',
              withdrawn: false,
              accepted_attempt: 0,
              placed_at: now() - 20,
            })),
          );
        if (more === 'ports') return { path: `/p/${TICKET}/`, expires_at: now() + 300 };
        if (more === 'delivery') {
          const held = deliveries.get(id) ?? { spec: false, input: false };
          return {
            spec: held.spec ? 'delivered' : 'missing',
            input: held.input ? 'delivered' : 'missing',
            error: null,
          };
        }
        return null;
      }
      case 'events':
        return page(feed());
      case 'validators':
        return validators;
      case 'epoch':
        return {
          epoch: 3,
          started_at: now() - 1_500,
          epoch_seconds: 3_600,
          frozen: validators.map((validator, seat) => ({
            seat,
            owner: validator['owner'],
            delegate: validator['delegate'],
            node_key: validator['node_key'],
            weight: validator['weight'],
          })),
          next: null,
        };
      case 'stakes':
        return balances.has(id) ? stake(id) : null;
      case 'cases':
        return page([]);
      case 'rewards':
        return page([
          {
            address: key('pool 2'),
            epoch: 2,
            mint: PAYMENT,
            funded: '500000000',
            paid: '312000000',
            started: true,
            weight_total: '900',
            root: null,
          },
          {
            address: key('pool 3'),
            epoch: 3,
            mint: PAYMENT,
            funded: '250000000',
            paid: '0',
            started: false,
            weight_total: '0',
            root: null,
          },
        ]);
      case 'prices':
        if (id === 'percentiles')
          return { offers: percentile(['55', '208', '694']), matched_24h: percentile(['60', '190', '600']) };
        return Array.from({ length: 24 }, (_, index) => {
          const wave = BigInt(Math.round(190 + 40 * Math.sin(index / 3) - index));
          return {
            at: now() - 86_400 + index * 3_600,
            min: String(wave - 90n),
            median: String(wave),
            max: String(wave + 210n + BigInt(index * 4)),
            count: 3 + (index % 5),
          };
        });
      case 'match': {
        const fits = offers.filter(
          (offer) =>
            offer['fits_now'] === true &&
            (body['allow_simulated'] === true || offer['simulated'] === false) &&
            Number(offer['vram_mib']) >= Number(body['vram_mib']) &&
            BigInt(String(offer['price_per_second'])) <= BigInt(String(body['price_ceiling_per_second'])),
        );
        return {
          matches: fits.toSorted((one, other) => Number(one['price_per_second']) - Number(other['price_per_second'])),
          refused: offers
            .filter((offer) => !fits.includes(offer))
            .map((offer) => ({
              offer: offer['address'] ?? null,
              provider: offer['provider'] ?? null,
              failing: [
                {
                  requirement: 'insufficient_compute',
                  needed: String(body['vram_mib']),
                  found: String(offer['vram_mib']),
                },
              ],
            })),
          estimate: { escrow: '1', fee: '1', cheapest_price_per_second: null },
        };
      }
      case 'faucet': {
        const to = String(body['address']);
        balances.set(to, 1_000_000_000n);
        lamports.set(to, 10_000_000_000n);
        return { given: true };
      }
      case 'auth':
        if (id === 'challenge') {
          const address = String(body['address']);
          const host = fixture.url.slice('http://'.length);
          const message =
            fixture.mischief.sentence?.(address, host) ??
            `${host} wants you to sign in with your Solana account:\n${address}\n\nSign in to this Proofmill gateway.\n\nURI: http://${host}\nVersion: 1\nNonce: ${randomBytes(8).toString('hex')}`;
          return { message, message_fields: {} };
        }
        return { token: 'simulated-token', expires_at: now() + 3_600, address: String(body['address']) };
      default:
        return null;
    }
  };

  const onChain = async (address: string): Promise<Json> => {
    const found = chain.get(address);
    if (found !== undefined) {
      return {
        data: [Buffer.from(found.data).toString('base64'), 'base64'],
        owner: found.owner,
        lamports: 2_000_000,
        executable: false,
        rentEpoch: 0,
      };
    }
    for (const [owner, atoms] of balances) {
      if ((await derive.tokenAccount(owner as Address, coin)) === address) {
        const data = new Uint8Array(165);
        data.set(fromBase58(PAYMENT) ?? [], 0);
        data.set(fromBase58(owner) ?? [], 32);
        new DataView(data.buffer).setBigUint64(64, atoms, true);
        return {
          data: [Buffer.from(data).toString('base64'), 'base64'],
          owner: derive.TOKEN_PROGRAM,
          lamports: 2_039_280,
          executable: false,
          rentEpoch: 0,
        };
      }
      if (owner === address)
        return {
          data: ['', 'base64'],
          owner: derive.SYSTEM_PROGRAM,
          lamports: Number(lamports.get(owner) ?? 0n),
          executable: false,
          rentEpoch: 0,
        };
    }
    return null;
  };

  /** What a posted job's bytes say becomes a job on the list: simulated, without any check a chain would make. */
  const post = async (message: Uint8Array): Promise<void> => {
    const compiled = getCompiledTransactionMessageDecoder().decode(message);
    if (!('instructions' in compiled)) return;
    for (const instruction of compiled.instructions) {
      const program = compiled.staticAccounts[instruction.programAddressIndex];
      const data = instruction.data;
      if (program !== MARKET_PROGRAM_ADDRESS || data === undefined) continue;
      const found = market.identifyMarketInstruction({ data });
      if (found === market.MarketInstruction.PostArray) await postedArray(fixture, compiled.staticAccounts[0], data);
      if (found !== market.MarketInstruction.PostJob) continue;
      const terms = market.getPostJobInstructionDataDecoder().decode(data);
      const tenant = compiled.staticAccounts[0] ?? ('' as Address);
      const address = await derive.job(tenant, terms.index);
      const escrow = terms.priceCeilingPerSecond * BigInt(terms.maxSeconds);
      balances.set(tenant, (balances.get(tenant) ?? 0n) - escrow);
      jobs.push(
        job(address, {
          address,
          tenant,
          index: terms.index.toString(),
          state: terms.auctionSeconds === 0 ? 'matched' : 'open',
          price_per_second: terms.auctionSeconds === 0 ? terms.priceCeilingPerSecond.toString() : null,
          provider: terms.auctionSeconds === 0 ? String(providers[0]?.['address']) : null,
          matched_at: terms.auctionSeconds === 0 ? now() : null,
          posted_at: now(),
          start_by: now() + 120,
          escrowed: escrow.toString(),
          max_seconds: terms.maxSeconds,
        }),
      );
    }
  };

  const rpc = async (method: string, parameters: readonly Json[]): Promise<Json> => {
    const valued = (value: Json): Json => ({ context: { slot }, value });
    switch (method) {
      case 'getLatestBlockhash':
        return valued({ blockhash: key(`block ${slot}`), lastValidBlockHeight: slot + 150 });
      case 'getGenesisHash':
        return GENESIS;
      case 'getBlockHeight':
        return slot;
      case 'getRecentPrioritizationFees':
        return (fixture.mischief.fees ?? []).map((fee, at) => ({ slot: slot - at, prioritizationFee: fee }));
      case 'getBalance':
        return valued(Number(lamports.get(String(parameters[0])) ?? 0n));
      case 'getTokenAccountBalance': {
        const found = (await onChain(String(parameters[0]))) as Row | null;
        if (found === null) throw new Error('could not find account');
        const data = Buffer.from(String((found['data'] as readonly Json[])[0]), 'base64');
        return valued({ amount: data.readBigUInt64LE(64).toString(), decimals: 6 });
      }
      case 'getMultipleAccounts':
        return valued(await Promise.all((parameters[0] as readonly string[]).map(onChain)));
      case 'simulateTransaction':
        return valued({ err: null, logs: [], unitsConsumed: 21_000, accounts: null });
      case 'sendTransaction': {
        const bytes = Buffer.from(String(parameters[0]), 'base64');
        const transaction = getTransactionDecoder().decode(bytes);
        const signature = toBase58(bytes.subarray(1, 65));
        if (!landed.has(signature)) {
          sent.push({ signature, message: Uint8Array.from(transaction.messageBytes) });
          if (fixture.mischief.forgets !== true) {
            landed.add(signature);
            await post(Uint8Array.from(transaction.messageBytes));
          }
        }
        return signature;
      }
      case 'getSignatureStatuses':
        return valued(
          (parameters[0] as readonly string[]).map((signature) =>
            landed.has(signature) ? { slot, err: null, confirmationStatus: 'confirmed' } : null,
          ),
        );
      default:
        throw new Error(`the simulated node knows no ${method}`);
    }
  };

  const send = (response: ServerResponse, status: number, body: Json, path: string): void => {
    const raw = fixture.mischief.raw?.(path) ?? null;
    const twisted = fixture.mischief.twist === undefined ? body : fixture.mischief.twist(path, body);
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(raw ?? JSON.stringify(twisted));
  };

  const files = (path: string, response: ServerResponse): void => {
    const asked = join(DIST, normalize(path));
    const file =
      asked.startsWith(DIST) && existsSync(asked) && statSync(asked).isFile() ? asked : join(DIST, 'index.html');
    response.writeHead(200, {
      'content-type': TYPES[extname(file)] ?? 'application/octet-stream',
      ...(fixture.mischief.naked === true ? {} : { 'content-security-policy': POLICY }),
    });
    createReadStream(file).pipe(response);
  };

  const bodyOf = async (request: IncomingMessage): Promise<Buffer> => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    return Buffer.concat(parts);
  };

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { pathname: path, searchParams: query } = new URL(request.url ?? '/', 'http://localhost');
    if (!path.startsWith('/v1/') && path !== '/rpc') {
      if (path.startsWith('/p/')) response.writeHead(200, { 'content-type': 'text/plain' }).end('simulated service');
      else files(path, response);
      return;
    }
    asked.push(`${request.method ?? ''} ${path}`);
    const body = await bodyOf(request);
    const { mischief } = fixture;
    if (mischief.down !== undefined && path.startsWith(mischief.down)) {
      request.socket.destroy();
      return;
    }
    if (mischief.slow !== undefined && path !== '/v1/stream')
      await new Promise((resolve) => setTimeout(resolve, mischief.slow));
    if (path === '/v1/stream') {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      const last = Number(request.headers['last-event-id'] ?? changes);
      // The head goes at once: an open stream may have nothing to say.
      response.flushHeaders();
      for (const { id, text } of kept) if (id > last) response.write(text);
      streams.add(response);
      response.on('close', () => streams.delete(response));
      return;
    }
    if (path === '/rpc') {
      const call = JSON.parse(body.toString()) as { id: number; method: string; params: readonly Json[] };
      if (mischief.rpcDown?.(call.method) === true) {
        request.socket.destroy();
        return;
      }
      try {
        send(response, 200, { jsonrpc: '2.0', id: call.id, result: await rpc(call.method, call.params) }, path);
      } catch (error) {
        send(response, 200, { jsonrpc: '2.0', id: call.id, error: { code: -32_602, message: String(error) } }, path);
      }
      return;
    }
    const upload = /^\/v1\/jobs\/([^/]+)\/(spec|input)$/u.exec(path);
    if (request.method === 'PUT' && upload !== null) {
      const [, id = '', kind] = upload;
      if (!jobs.some((one) => one['address'] === id)) {
        send(
          response,
          404,
          { error: { code: 'not_found', message: 'There is no job.', next: 'Wait a second.', field: null } },
          path,
        );
        return;
      }
      uploads.push({ path, bytes: body.length });
      const held = deliveries.get(id) ?? { spec: false, input: false };
      deliveries.set(id, { ...held, [kind ?? '']: true });
      send(response, 200, {}, path);
      return;
    }
    if (/^\/v1\/jobs\/[^/]+\/logs$/u.test(path)) {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      const from = Number(query.get('from') ?? 0);
      const log = Buffer.from(fixture.log).subarray(from);
      response.write(
        `event: chunk\ndata: ${JSON.stringify({ offset: String(from), base64: log.toString('base64') })}\n\n`,
      );
      response.end('event: end\ndata: {}\n\n');
      return;
    }
    const found = answer(
      path,
      query,
      body.length > 0 && request.method === 'POST' ? (JSON.parse(body.toString()) as Row) : {},
    );
    if (found === null) {
      send(
        response,
        404,
        {
          error: {
            code: 'not_found',
            message: 'There is no such thing here.',
            next: 'Check the address.',
            field: null,
          },
        },
        path,
      );
      return;
    }
    send(response, 200, found, path);
  };

  const server: Server = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => {
      response.destroy(error instanceof Error ? error : undefined);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const ticking = setInterval(() => {
    if (fixture.mischief.still === true) return;
    slot += 1;
    publish('slot', { slot });
  }, 400);
  const beating = setInterval(() => {
    for (const stream of streams) stream.write(': alive\n\n');
  }, 5_000);
  const fixture: Fixture = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    sent,
    uploads,
    jobs,
    mischief: {},
    balances,
    lamports,
    chain,
    providers: providers.map((row) => String(row['address'])),
    record: job,
    asked,
    log: 'step 1 of 3\nstep 2 of 3\nstep 3 of 3\n',
    announce: publish,
    streams: () => streams.size,
    close: async () => {
      clearInterval(ticking);
      clearInterval(beating);
      for (const stream of streams) stream.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return fixture;
}
