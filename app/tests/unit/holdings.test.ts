/** The parts of arrays, services and wallets that need no browser. */
import { completeJobDocument, market } from '@proofmill/client';
import { describe, expect, test } from 'vitest';
import { arrayMoney } from '../../src/chain/array';
import { makeLaunch } from '../../src/chain/launch';
import { serviceView } from '../../src/chain/service';
import { waitingTasks } from '../../src/store/array-deliveries';
import { draftOfDocument } from '../../src/text/document';
import { asksCeiling, EMPTY, problemsOf, readPorts, slaOf, type Draft } from '../../src/text/draft';
import { portOf, ticketUrl } from '../../src/text/ticket';
import { topUpSeconds } from '../../src/text/top-up';
import { sharedNames } from '../../src/wallet/names';

const IMAGE = `sha256:${'ab'.repeat(32)}`;
const fine: Draft = { ...EMPTY, image: IMAGE };
const array: Draft = { ...fine, kind: 'array', ceiling: '0.36' };
const service: Draft = { ...fine, kind: 'service' };

describe('the wizard', () => {
  test('an_array_asks_for_a_ceiling_and_a_service_for_its_own_fields_and_nothing_else_does', () => {
    expect(asksCeiling(array)).toBe(true);
    expect(asksCeiling(service)).toBe(false);
    expect(problemsOf(array, 6, [])).toEqual({});
    expect(problemsOf(service, 6, [])).toEqual({});
    expect(problemsOf({ ...fine, tasks: 'x', ports: 'x', slaBond: 'x' }, 6, [])).toEqual({});
    for (const [field, value] of Object.entries({ tasks: '1025', issues: '9', takeHours: '721', ceiling: '' }))
      expect(Object.keys(problemsOf({ ...array, [field]: value }, 6, [])), field).toEqual([field]);
    // The seconds of an auction are none of an array's.
    expect(problemsOf({ ...array, matching: 'auction', auctionSeconds: 'x' }, 6, [])).toEqual({});
    for (const [field, value] of Object.entries({
      ports: '0',
      health: '"open',
      healthSeconds: '0',
      healthFailures: '256',
    }))
      expect(Object.keys(problemsOf({ ...service, [field]: value }, 6, [])), field).toEqual([field]);
  });

  test('a_pledge_has_both_parts_or_none', () => {
    expect(slaOf(service)).toBeNull();
    expect(slaOf({ ...service, slaUptime: '99,5', slaBond: '2.5' })).toEqual({ uptime_bps: 9_950, bond: 2_500_000 });
    expect(problemsOf({ ...service, slaUptime: '99' }, 6, [])).toHaveProperty('slaBond');
    expect(problemsOf({ ...service, slaBond: '1' }, 6, [])).toHaveProperty('slaUptime');
    expect(problemsOf({ ...service, slaUptime: '101', slaBond: '1' }, 6, [])).toHaveProperty('slaUptime');
    expect(problemsOf({ ...service, slaUptime: '99', slaBond: '0' }, 6, [])).toHaveProperty('slaBond');
    expect(problemsOf({ ...service, slaUptime: '99', slaBond: '9007199255' }, 6, [])).toHaveProperty('slaBond');
  });

  test('ports_are_one_on_each_line', () => {
    expect(readPorts('8080 http\n\n 5432\t tcp \n22')).toEqual({
      ports: [
        { number: 8_080, protocol: 'http' },
        { number: 5_432, protocol: 'tcp' },
        { number: 22, protocol: 'tcp' },
      ],
    });
    expect(readPorts('')).toEqual({ ports: [] });
    for (const wrong of ['65536', '0', '80 udp', '80 http tcp', 'http 80', '-1', '8e1', '80\n80'])
      expect(readPorts(wrong), wrong).toHaveProperty('problem');
    const many = Array.from({ length: 17 }, (_, at) => String(at + 1)).join('\n');
    expect(readPorts(many)).toEqual({ problem: 'At most 16 ports.' });
  });

  test('a_service_of_the_form_is_a_document_that_fills_the_form_again', async () => {
    const draft: Draft = {
      ...service,
      ports: '8080 http\n5432 tcp',
      health: '/healthy "a b"',
      healthSeconds: '7',
      healthFailures: '2',
      slaUptime: '99.5',
      slaBond: '2.5',
    };
    const made = await launch(draft);
    expect(made.document).toMatchObject({
      kind: 'service',
      verification: 'witnessed',
      ports: [
        { number: 8_080, protocol: 'http' },
        { number: 5_432, protocol: 'tcp' },
      ],
      health: { command: ['/healthy', 'a b'], interval_seconds: 7, timeout_seconds: 7, failures_max: 2 },
      sla: { uptime_bps: 9_950, bond: 2_500_000 },
      retries: 0,
    });
    expect(completeJobDocument(made.document)).toEqual(made.document);
    const again = draftOfDocument(new TextDecoder().decode(made.spec), fine);
    for (const field of ['kind', 'ports', 'health', 'healthSeconds', 'healthFailures', 'slaUptime', 'slaBond'] as const)
      expect(again[field], field).toBe(draft[field]);
  });

  test('the_document_of_an_array_is_a_batch_job_whose_retries_are_its_further_issues', async () => {
    const { document, index } = await launch({ ...array, issues: '3' });
    expect(document).toMatchObject({ kind: 'batch', verification: 'deterministic', retries: 2, ports: [], sla: null });
    expect(index).toBeLessThan(1n << 32n);
    expect((await launch(service)).document.health).toBeNull();
    expect((await launch(fine)).document.retries).toBe(0);
  });
});

const launch = (draft: Draft) =>
  makeLaunch({
    draft,
    command: [],
    env: {},
    files: [],
    tenant: '3hE8Jbnzd3LtVaP3aQDCbwQv2k7kqsLfeszBjeQLNNdd',
    seconds: 60,
  });

describe('arrays', () => {
  const account = { tasksTotal: 10, taskEscrow: 600n, takenCount: 2 };

  test('the_four_parts_of_an_arrays_escrow_are_the_whole', () => {
    expect(arrayMoney(account, 4_000n)).toEqual({ escrowed: 6_000n, free: 4_000n, held: 1_200n, paid: 800n });
    // What strangers sent is not the array's own.
    expect(arrayMoney(account, 9_999n)).toEqual({ escrowed: 6_000n, free: 4_800n, held: 1_200n, paid: 0n });
    for (const vault of [0n, 1n, 4_799n, 4_800n, 4_801n]) {
      const { escrowed, free, held, paid } = arrayMoney(account, vault);
      expect(free + held + paid).toBe(escrowed);
      expect(paid >= 0n && free >= 0n).toBe(true);
    }
  });

  test('a_task_waits_for_its_files_once_in_each_of_its_lives', () => {
    const tasks = [
      { task: 0, state: 'matched', issued: 1, job: 'a' },
      { task: 1, state: 'running', issued: 1, job: 'b' },
      { task: 2, state: 'matched', issued: 2, job: 'c' },
      { task: 3, state: 'free', issued: 0, job: 'd' },
    ];
    expect(waitingTasks(tasks, {}).map(({ task }) => task)).toEqual([0, 2]);
    expect(waitingTasks(tasks, { 0: 1, 2: 1 })).toEqual([{ task: 2, attempt: 2, job: 'c' }]);
    expect(waitingTasks(tasks, { 0: 1, 2: 2 })).toEqual([]);
  });
});

describe('services', () => {
  const decoder = market.getJobDecoder();
  const account = {
    ...decoder.decode(new Uint8Array(decoder.fixedSize)),
    state: 3,
    kind: 3,
    maxSeconds: 600,
    startedAt: 1_000n,
    usageAt: 1_100n,
    meteredMs: 90_000n,
    usageTimeoutSeconds: 120,
  };

  test('when_it_runs_dry_follows_from_the_account_and_from_nothing_else', () => {
    expect(serviceView(account, null, 1_150)).toMatchObject({ state: 'running', dryAt: 1_600, expiresAfter: 1_220 });
    expect(serviceView({ ...account, pausedMs: 100_000n, usageAt: 1_690n }, null, 1_150)).toMatchObject({
      dryAt: 1_700,
      expiresAfter: 1_700 + 86_400,
    });
    expect(serviceView({ ...account, state: 7 }, null, 1_150)).toMatchObject({ dryAt: null, expiresAfter: null });
  });

  test('what_is_due_of_a_bond_is_reckoned_until_it_is_settled_and_read_afterwards', () => {
    const bonded = { ...account, maxSeconds: 3_600, slaBond: 1_000n, slaUptimeBps: 9_000, slaDue: 77n };
    expect(serviceView(account, null, 1_700).sla).toBeNull();
    // 90 of 1,000 seconds were accepted: 900 of 9,000 basis points.
    expect(serviceView(bonded, null, 2_000).sla).toMatchObject({ due: 900n, settled: false, claimed: false });
    expect(serviceView(bonded, null, 1_599).sla).toMatchObject({ due: 0n });
    expect(serviceView({ ...bonded, state: 5, claimed: 8 }, null, 9_000).sla).toMatchObject({
      due: 77n,
      settled: true,
      claimed: true,
    });
  });

  test('hours_to_add_are_whole_seconds_within_a_month', () => {
    expect(topUpSeconds('1')).toBe(3_600);
    expect(topUpSeconds('0,5')).toBe(1_800);
    expect(topUpSeconds('720')).toBe(2_592_000);
    for (const wrong of ['', '0', '-1', '720.001', 'x', '1e3', '0.0001']) expect(topUpSeconds(wrong), wrong).toBeNull();
  });

  test('a_ticket_is_a_path_of_this_gateway_below_p_and_nothing_else', () => {
    const origin = 'http://127.0.0.1:8080';
    const secret = 'A'.repeat(43);
    expect(ticketUrl(`/p/${secret}/`, origin)).toBe(`${origin}/p/${secret}/`);
    for (const wrong of [
      '',
      '/',
      `/p/${secret}`,
      `/p/${secret}/x`,
      `/p/${secret}/?x=1`,
      `/p/${secret}/#x`,
      `//p/${secret}/`,
      `//evil.example/p/${secret}/`,
      `http://evil.example/p/${secret}/`,
      `http:/p/${secret}/`,
      `javascript:/p/${secret}/`,
      `data:text/html,/p/${secret}/`,
      `/p/${'A'.repeat(31)}/`,
      `/p/${'A'.repeat(129)}/`,
      `/p/%2e%2e/${secret}/`,
      `/p/..${secret}/`,
      `/P/${secret}/`,
      `\\p\\${secret}\\`,
      ` /p/${secret}/`,
      `/p/${secret}/\n`,
      `/p/${secret}\u0000/`,
    ])
      expect(ticketUrl(wrong, origin), JSON.stringify(wrong)).toBeNull();
  });

  test('a_port_is_a_number_of_a_port', () => {
    expect(portOf(' 8080 ')).toBe(8_080);
    expect(portOf('65535')).toBe(65_535);
    for (const wrong of ['', '0', '65536', '80/..', '8e1', '-1', '٨٠']) expect(portOf(wrong), wrong).toBeNull();
  });
});

describe('wallets', () => {
  test('names_that_look_alike_are_shared_and_others_are_not', () => {
    const named = (...names: readonly string[]) => [...sharedNames(names.map((name) => ({ name })))];
    expect(named('Phantom', 'Solflare')).toEqual([]);
    expect(named('Phantom', 'Phantom')).toEqual(['Phantom']);
    expect(named('Phantom', 'phantom\u200b')).toEqual(['Phantom', 'phantom\u200b']);
    expect(named('Phantom', '\uff30hantom')).toHaveLength(2);
    expect(named('Phantom', ' Phan tom')).toHaveLength(2);
  });
});
