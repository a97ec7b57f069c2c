import 'fake-indexeddb/auto';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { checkSigned } from '../../src/signing/send';
import type { Prepared } from '../../src/signing/words';
import { failureWords } from '../../src/signing/failures';
import { all, remove } from '../../src/store/database';
import { handOver, keepDelivery, type Delivery } from '../../src/store/deliveries';
import { toBase58 } from '../../src/text/base58';
import { objection } from '../../src/wallet/session';
import { Lines } from '../../src/pages/job-log';

const HOST = 'proofmill.example';
const ADDRESS = 'So11111111111111111111111111111111111111112';

describe('what is signed at sign-in', () => {
  const honest = `${HOST} wants you to sign in with your Solana account:\n${ADDRESS}\n\nSign in.\n\nURI: https://${HOST}\nVersion: 1\nNonce: abc`;

  test('an_honest_sentence_has_no_objection', () => {
    expect(objection(honest, HOST, ADDRESS)).toBeNull();
  });

  test.each([
    ['another page', honest.replace(`${HOST} wants`, 'evil.example wants'), 'it is not a sign-in to this page'],
    ['another account', honest.replace(ADDRESS, `${ADDRESS}x`), 'it names another account'],
    ['another address below', honest.replace(`https://${HOST}`, 'https://evil.example'), 'it names another page'],
    ['hidden characters', `${honest}\u202e`, 'it holds characters that cannot be read'],
    ['no end', `${honest}${'x'.repeat(2_000)}`, 'it is too long'],
    ['the bytes of a transaction', '\u0001\u0000\u0005', 'it is not a sign-in to this page'],
  ])('a sentence with %s is refused', (_, sentence, against) => {
    expect(objection(sentence, HOST, ADDRESS)).toBe(against);
  });
});

describe('what comes back from a wallet', () => {
  const signedBy = async (keys: CryptoKeyPair, message: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> =>
    Uint8Array.from([1, ...new Uint8Array(await crypto.subtle.sign('Ed25519', keys.privateKey, message)), ...message]);
  const setting = async () => {
    const keys = await crypto.subtle.generateKey('Ed25519', true, ['sign', 'verify']);
    const signer = toBase58(new Uint8Array(await crypto.subtle.exportKey('raw', keys.publicKey)));
    const message = Uint8Array.from({ length: 200 }, (_, index) => index);
    const prepared: Prepared = {
      message,
      wire: Uint8Array.from([1, ...new Uint8Array(64), ...message]),
      lastValidBlockHeight: 1n,
      acts: [],
      feeLamports: 0n,
      changes: [],
      priorityLamports: 0n,
    };
    return { keys, signer, message, prepared };
  };

  test('the_shown_transaction_signed_by_the_right_key_passes', async () => {
    const { keys, signer, message, prepared } = await setting();
    await expect(checkSigned(prepared, await signedBy(keys, message), signer)).resolves.toHaveLength(64);
  });

  test('any_altered_byte_of_the_message_is_found', async () => {
    const { keys, signer, message, prepared } = await setting();
    for (let at = 0; at < message.length; at += 1) {
      const altered = Uint8Array.from(message);
      altered[at] = (altered[at] ?? 0) ^ 1;
      await expect(checkSigned(prepared, await signedBy(keys, altered), signer)).rejects.toThrow(
        'another transaction than the one that was shown',
      );
    }
  });

  test('a_signature_of_another_key_or_none_is_found', async () => {
    const { signer, message, prepared } = await setting();
    const other = await setting();
    await expect(checkSigned(prepared, await signedBy(other.keys, message), signer)).rejects.toThrow('does not verify');
    await expect(checkSigned(prepared, prepared.wire, signer)).rejects.toThrow('does not verify');
  });

  test('a_further_signature_is_found', async () => {
    const { keys, signer, message, prepared } = await setting();
    const signed = await signedBy(keys, message);
    const two = Uint8Array.from([2, ...signed.subarray(1, 65), ...new Uint8Array(64), ...message]);
    await expect(checkSigned(prepared, two, signer)).rejects.toThrow('another transaction');
  });
});

test('a_refusal_of_a_program_is_said_in_words', () => {
  expect(failureWords({ InstructionError: [1, { Custom: 510 }] })).toContain('Openings are paused');
  expect(failureWords({ InstructionError: [1, { Custom: 1 }] })).toBe('There is not enough money in the account.');
  expect(failureWords('InsufficientFundsForFee')).toBe('The wallet holds too little SOL for the network’s fee.');
  expect(failureWords({ InstructionError: [0, 'InvalidAccountData'] })).toBe(
    'The chain refused it: invalid account data.',
  );
});

describe('files on their way', () => {
  const delivery: Delivery = {
    job: 'job',
    tenant: ADDRESS,
    name: 'name',
    specHash: '',
    inputRoot: '',
    keptAt: Date.now(),
    step: 'kept',
    spec: Uint8Array.of(1),
    input: Uint8Array.of(2),
    problem: null,
  };
  let state: { spec: string; input: string; error: string | null };
  let puts: string[];
  let down: boolean;

  beforeEach(async () => {
    state = { spec: 'missing', input: 'missing', error: null };
    puts = [];
    down = false;
    vi.stubGlobal('navigator', {});
    vi.stubGlobal('localStorage', {
      getItem: () => JSON.stringify({ token: 't', address: ADDRESS, expiresAt: Date.now() }),
      setItem: () => undefined,
    });
    vi.stubGlobal('fetch', (url: string, { method }: { method: string }) => {
      if (down) return Promise.reject(new TypeError('gone'));
      if (method === 'PUT') {
        puts.push(url);
        state = { ...state, [url.endsWith('spec') ? 'spec' : 'input']: 'held' };
      }
      return Promise.resolve(new Response(JSON.stringify(state)));
    });
    await keepDelivery(delivery);
  });
  afterEach(async () => {
    vi.unstubAllGlobals();
    await remove('deliveries', 'job');
  });

  test('they_are_handed_over_once_and_kept_until_the_provider_has_them', async () => {
    expect(await handOver(ADDRESS)).toBe('waiting');
    expect(await handOver(ADDRESS)).toBe('waiting');
    expect(puts).toEqual(['/v1/jobs/job/spec', '/v1/jobs/job/input']);
    expect(await all<Delivery>('deliveries')).toMatchObject([{ step: 'held', spec: Uint8Array.of(1) }]);
    state = { spec: 'delivered', input: 'delivered', error: null };
    expect(await handOver(ADDRESS)).toBe('done');
    expect(await all<Delivery>('deliveries')).toMatchObject([{ step: 'delivered', spec: null, input: null }]);
    expect(await handOver(ADDRESS)).toBe('nothing');
  });

  test('a_gateway_that_is_gone_loses_nothing', async () => {
    down = true;
    expect(await handOver(ADDRESS)).toBe('waiting');
    expect(await all<Delivery>('deliveries')).toMatchObject([
      { step: 'kept', spec: Uint8Array.of(1), problem: 'The gateway does not answer.' },
    ]);
  });

  test('another_account_hands_over_nothing', async () => {
    expect(await handOver('another')).toBe('nothing');
    expect(puts).toEqual([]);
  });

  test('without_a_session_they_wait_for_a_sign_in', async () => {
    vi.stubGlobal('localStorage', { getItem: () => null });
    expect(await handOver(ADDRESS)).toBe('sign_in');
    expect(puts).toEqual([]);
  });
});

describe('a log', () => {
  test('pieces_that_come_twice_or_overlap_are_taken_once', () => {
    const lines = new Lines();
    const bytes = new TextEncoder().encode('one\ntwo\nthree\n');
    lines.add(0n, bytes.subarray(0, 6));
    lines.add(0n, bytes.subarray(0, 6));
    lines.add(3n, bytes.subarray(3, 10));
    expect(lines.offset).toBe(10n);
    lines.add(10n, bytes.subarray(10));
    expect(lines.text).toBe('one\ntwo\nthree');
  });

  test('a_character_broken_between_pieces_is_whole_again', () => {
    const lines = new Lines();
    const bytes = new TextEncoder().encode('größe\n');
    lines.add(0n, bytes.subarray(0, 3));
    lines.add(3n, bytes.subarray(3));
    expect(lines.text).toBe('größe');
  });

  test('an_endless_line_does_not_grow_without_bound', () => {
    const lines = new Lines();
    for (let part = 0; part < 40; part += 1) lines.add(BigInt(part * 65_536), new Uint8Array(65_536).fill(97));
    expect(lines.text.length).toBeLessThanOrEqual(2_000);
  });
});
