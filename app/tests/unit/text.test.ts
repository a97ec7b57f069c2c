import { describe, expect, test } from 'vitest';
import { bytes, decimal, memory, parseDecimal, percent, running } from '../../src/text/amount';
import { fromBase58, fromBase64, fromHex, toBase58, toBase64, toHex } from '../../src/text/base58';
import { clean, cleanLogLine } from '../../src/text/clean';
import { EMPTY, problemsOf, readEnv, seconds, splitCommand } from '../../src/text/draft';
import { draftOfDocument } from '../../src/text/document';
import { earned, moneyOf } from '../../src/text/earning';
import { requirementWords } from '../../src/text/requirements';
import { duration, relative } from '../../src/text/time';

describe('amounts', () => {
  test('no_digit_of_an_amount_is_lost', () => {
    expect(decimal(18_446_744_073_709_551_615n, 6)).toBe('18\u202f446\u202f744\u202f073\u202f709.551615');
    expect(decimal(1n, 9)).toBe('0.000000001');
    expect(decimal(0n, 6, 2)).toBe('0.00');
    expect(decimal(-1_500_000n, 6)).toBe('\u22121.5');
    expect(running(1_500_000n, 6)).toBe('1.500000');
    expect(decimal(7n, 0)).toBe('7');
  });

  test('what_is_read_is_what_is_written', () => {
    for (const atoms of [0n, 1n, 999_999n, 1_000_000n, 18_446_744_073_709_551_615n]) {
      expect(parseDecimal(decimal(atoms, 6), 6)).toEqual({ atoms });
    }
    expect(parseDecimal('1,5', 6)).toEqual({ atoms: 1_500_000n });
    expect(parseDecimal('.5', 6)).toEqual({ atoms: 500_000n });
  });

  test.each([
    ['', 'Type an amount.'],
    ['1e9', 'Type a plain number, such as 1.5.'],
    ['-1', 'Type a plain number, such as 1.5.'],
    ['0x10', 'Type a plain number, such as 1.5.'],
    ['1.0000001', 'This token has 6 decimals: write no more than that after the point.'],
    ['18446744073709.551616', 'That is more than the chain can count.'],
  ])('an amount typed as %j is refused in words', (typed, problem) => {
    expect(parseDecimal(typed, 6)).toEqual({ problem });
  });

  test('shares_and_sizes_read_as_people_say_them', () => {
    expect(percent(250)).toBe('2.5\u202f%');
    expect(percent(9_999)).toBe('99.99\u202f%');
    expect(memory(24_576)).toBe('24\u202fGiB');
    expect(memory(512)).toBe('512\u202fMiB');
    expect(bytes(1_536)).toBe('1.5\u202fKiB');
  });
});

describe('foreign text', () => {
  test('nothing_invisible_or_turning_is_left', () => {
    const deceiving = [
      '\u202e',
      '\u2066',
      '\u200b',
      '\u200f',
      '\u0000',
      '\u0007',
      '\u001b',
      '\ufeff',
      '\u{e0041}',
      '\u2028',
      '\u00ad',
      '\u061c',
    ];
    for (const character of deceiving) expect(clean(`a${character}b`)).toBe('a\u25a1b');
  });

  test('words_of_every_script_stay', () => {
    for (const word of ['Zürich', 'שלום', 'سلام', '東京', 'नमस्ते', '👩‍🔬'.replaceAll('\u200d', '')])
      expect(clean(word)).toBe(word);
  });

  test('a_long_name_is_cut_at_a_character', () => {
    expect(Array.from(clean('😀'.repeat(500)))).toHaveLength(200);
  });

  test('a_log_line_loses_its_colours_and_what_it_overwrote', () => {
    expect(cleanLogLine('\u001b[1;31mred\u001b[0m')).toBe('red');
    expect(cleanLogLine('\u001b]0;title\u0007text')).toBe('text');
    expect(cleanLogLine('10%\r50%\r100%\r')).toBe('100%');
    expect(cleanLogLine('a\tb')).toBe('a    b');
  });
});

describe('time', () => {
  test('durations_have_two_units', () => {
    expect(duration(0)).toBe('0\u202fs');
    expect(duration(61)).toBe('1\u202fmin 1\u202fs');
    expect(duration(90_061)).toBe('1\u202fd 1\u202fh');
    expect(relative(100, 160)).toBe('1\u202fmin ago');
    expect(relative(160, 100)).toBe('in 1\u202fmin');
    expect(relative(100, 101)).toBe('now');
  });
});

describe('bytes in text', () => {
  test('every_way_of_writing_bytes_is_read_back', () => {
    for (const example of [
      new Uint8Array(32),
      Uint8Array.from({ length: 64 }, (_, index) => index * 4),
      Uint8Array.of(0, 0, 255),
    ]) {
      expect(fromBase58(toBase58(example))).toEqual(example);
      expect(fromBase64(toBase64(example))).toEqual(example);
      expect(fromHex(toHex(example))).toEqual(example);
    }
    expect(toBase58(new Uint8Array(32))).toBe('1'.repeat(32));
    expect(fromBase58('0OIl')).toBeNull();
  });
});

describe('money by the second', () => {
  const job = {
    state: 'running',
    escrowed: 1_000n,
    paid: 0n,
    fee: 0n,
    price_per_second: 10n,
    metered_ms: 0n,
    started_at: 100,
    max_seconds: 60,
  };

  test('rounding_favours_the_escrow_and_never_exceeds_it', () => {
    expect(earned(3n, 999n, 1_000n)).toBe(2n);
    expect(earned(10n, 3_600_000n, 1_000n)).toBe(1_000n);
  });

  test('a_running_job_counts_by_the_chain_and_stops_at_what_is_reserved', () => {
    expect(moneyOf(job, 101.5).used).toBe(15n);
    expect(moneyOf(job, 99).used).toBe(0n);
    expect(moneyOf(job, 1e9).used).toBe(600n);
  });

  test('a_receipt_replaces_the_estimate_and_a_settlement_replaces_both', () => {
    expect(moneyOf({ ...job, state: 'submitted', metered_ms: 1_234n }, 1e9).used).toBe(12n);
    expect(moneyOf({ ...job, state: 'settled', paid: 7n, fee: 1n }, 1e9).used).toBe(8n);
    expect(moneyOf({ ...job, state: 'open', started_at: null }, 1e9).used).toBe(0n);
  });
});

describe('the wizard', () => {
  const fine = { ...EMPTY, image: `sha256:${'ab'.repeat(32)}` };

  test('a_command_is_parted_as_a_shell_would', () => {
    expect(splitCommand(`/job --name "two words" 'it''s' a\\ b ""`)).toEqual({
      words: ['/job', '--name', 'two words', 'its', 'a b', ''],
    });
    expect(splitCommand('')).toEqual({ words: [] });
    expect(splitCommand('"open')).toEqual({ problem: 'A double quote is not closed.' });
  });

  test('the_environment_is_one_pair_on_each_line', () => {
    expect(readEnv('A=1\n\nB_2=x=y')).toEqual({ env: { A: '1', B_2: 'x=y' } });
    expect(readEnv('lower=1')).toHaveProperty('problem');
    expect(readEnv('A=1\nA=2')).toEqual({ problem: 'A is set twice.' });
  });

  test('a_complete_draft_has_no_problem_and_each_bad_field_has_its_own', () => {
    expect(problemsOf(fine, 6, [])).toEqual({});
    for (const [field, value] of Object.entries({
      name: 'Upper',
      image: 'nginx:latest',
      cpus: '0',
      memoryMib: '8',
      minutes: '0',
      gpus: '17',
      uptime: '101',
      outputMib: 'x',
    })) {
      expect(Object.keys(problemsOf({ ...fine, [field]: value }, 6, []))).toEqual([field]);
    }
    expect(problemsOf({ ...fine, vramGib: '8' }, 6, [])).toHaveProperty('vramGib');
    expect(problemsOf({ ...fine, matching: 'auction' }, 6, [])).toHaveProperty('ceiling');
    expect(problemsOf(fine, 6, [{ size: 1e12 }])).toHaveProperty('files');
  });

  test('half_minutes_are_seconds', () => {
    expect(seconds({ ...EMPTY, minutes: '0.5' })).toBe(30);
    expect(seconds({ ...EMPTY, minutes: '1,5' })).toBe(90);
    expect(seconds({ ...EMPTY, minutes: 'x' })).toBe(0);
  });

  test('a_job_document_fills_the_form', () => {
    const document = {
      version: 1,
      name: 'embed',
      image: 'resolved-at-build',
      command: ['/embed', 'a b'],
      env: { K: 'v' },
      resources: { cpus_milli: 500, memory_mib: 64, gpu_count: 1, vram_mib: 8_192 },
      outputs: { max_bytes: 1_048_577 },
      max_seconds: 90,
    };
    const draft = draftOfDocument(JSON.stringify(document), fine);
    expect(draft).toMatchObject({
      name: 'embed',
      image: fine.image,
      command: '/embed "a b"',
      env: 'K=v',
      cpus: '0.5',
      memoryMib: '64',
      gpus: '1',
      vramGib: '8',
      outputMib: '2',
      minutes: '1.5',
    });
    expect(splitCommand(draft.command)).toEqual({ words: ['/embed', 'a b'] });
    expect(() => draftOfDocument('{"version":2}', fine)).toThrow('version 1');
    expect(() => draftOfDocument('[', fine)).toThrow('not JSON');
  });
});

test('a_requirement_that_fails_is_named_with_what_was_needed_and_found', () => {
  expect(requirementWords('uptime_too_low', '9900', '9500')).toBe(
    'its uptime is too low (needed 99\u202f%, found 95\u202f%)',
  );
  expect(requirementWords('capacity_exhausted', '1', '0')).toBe('the provider is busy');
  expect(requirementWords('something_new', null, null)).toBe('something new');
});
