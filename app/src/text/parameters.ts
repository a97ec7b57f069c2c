/** The parameters of both programs: what each means, its unit and the bounds written in the code. */

export type Unit = 'bps' | 'seconds' | 'count' | 'mib' | 'stake' | 'lamports' | 'flag' | 'address' | 'plain';

export interface Parameter {
  readonly name: string;
  readonly label: string;
  readonly says: string;
  readonly unit: Unit;
  readonly least?: number;
  readonly most?: number;
}

export interface ParameterGroup {
  readonly title: string;
  readonly parameters: readonly Parameter[];
}

const p = (name: string, label: string, unit: Unit, says: string, least?: number, most?: number): Parameter => ({
  name,
  label,
  unit,
  says,
  ...(least === undefined ? {} : { least }),
  ...(most === undefined ? {} : { most }),
});

export const MARKET_GROUPS: readonly ParameterGroup[] = [
  {
    title: 'Money',
    parameters: [
      p('fee_bps', 'Platform fee', 'bps', 'Of what the provider earns.', 0, 1_000),
      p('audit_share_bps', 'Fee share for audits', 'bps', 'Pays independent re-runs.', 0, 10_000),
      p('burn_share_bps', 'Fee share burned', 'bps', 'Of the native token only.', 0, 10_000),
      p('outflow_bps', 'Verdict payouts cap', 'bps', 'Of the provider’s bonded stake, per window.', 10_000),
      p(
        'bid_deposit',
        'Deposit of a bid',
        'lamports',
        'Lost to the tenant by a winner that never starts.',
        0,
        100_000_000,
      ),
    ],
  },
  {
    title: 'Who may serve',
    parameters: [
      p('vram_mib_min', 'Least GPU memory', 'mib', 'Below it a device is refused.'),
      p('uptime_min_bps', 'Least uptime', 'bps', 'Measured by validators’ heartbeats.'),
      p('provider_stake_min', 'Least stake of a provider', 'stake', 'Before it may take a job.'),
      p('validator_stake_min', 'Least stake of a validator', 'stake', 'Before it may join the set.'),
      p('allow_simulated', 'Simulated devices', 'flag', 'For local networks only.', 0, 1),
    ],
  },
  {
    title: 'Proof',
    parameters: [
      p('threshold', 'Votes needed', 'count', 'Members of a committee that must agree.', 3),
      p(
        'audit_floor_bps',
        'Least audit rate',
        'bps',
        'Of a proven provider’s receipts; new ones are audited always.',
        200,
      ),
      p('proven_after', 'Proven after', 'count', 'Audited jobs in a row without a fault.'),
    ],
  },
  {
    title: 'Deadlines',
    parameters: [
      p('start_window_seconds', 'To start', 'seconds', 'After the match.', undefined, 3_600),
      p('receipt_grace_seconds', 'To send the receipt', 'seconds', 'After the end of the run.', undefined, 3_600),
      p(
        'challenge_window_seconds',
        'To challenge',
        'seconds',
        'A receipt that was not drawn for an audit.',
        undefined,
        86_400,
      ),
      p(
        'verdict_window_seconds',
        'To judge',
        'seconds',
        'After it anyone may apply the written default.',
        undefined,
        172_800,
      ),
      p(
        'usage_timeout_seconds',
        'Silence of a service',
        'seconds',
        'After it the service counts as dead.',
        undefined,
        3_600,
      ),
    ],
  },
  {
    title: 'Stake and slashes',
    parameters: [
      p('unbonding_seconds', 'Unbonding', 'seconds', 'Leaving stake stays slashable this long.', 1),
      p('slash_cap_bps', 'Slash cap', 'bps', 'Of one stake by verdicts, per window.', 500, 10_000),
      p(
        'slash_window_seconds',
        'Window of the caps',
        'seconds',
        'Slashes and payouts are capped within it.',
        undefined,
        604_800,
      ),
      p('appeal_seconds', 'To appeal', 'seconds', 'Before a slash is applied.', undefined, 259_200),
      p('missed_reveal_slash', 'Missed reveal', 'stake', 'What it costs a validator.'),
    ],
  },
  {
    title: 'Powers',
    parameters: [
      p('timelock_seconds', 'Timelock', 'seconds', 'Between queueing a change and applying it.', 1, 2_592_000),
      p('authority', 'Authority', 'address', 'Queues changes; reaches nobody’s money.'),
      p('guardian', 'Guardian', 'address', 'Pauses openings and does nothing else.'),
      p('treasury', 'Treasury', 'address', 'Receives its share of fees.'),
      p('arbiter', 'Arbiter', 'address', 'The program whose verdicts are read.'),
    ],
  },
];

export const ARBITER_GROUPS: readonly ParameterGroup[] = [
  {
    title: 'Committees',
    parameters: [
      p('committee', 'First committee', 'count', 'Seats.', 3, 9),
      p('threshold', 'Votes needed', 'count', 'That agree, none against.', 3, 9),
      p('reveals_min', 'Reveals needed', 'count', 'Members that must speak.'),
      p('escalated_committee', 'Second committee', 'count', 'Seats after one dissent.', 3, 9),
      p('escalated_threshold', 'Its votes needed', 'count', 'At least two thirds.', 3, 9),
    ],
  },
  {
    title: 'Time',
    parameters: [
      p('commit_window_seconds', 'To commit', 'seconds', 'Opinions are sealed first.', 1),
      p('reveal_window_seconds', 'To reveal', 'seconds', 'Then opened.', 1),
      p('epoch_seconds', 'Epoch', 'seconds', 'Least life of a validator set.', 1),
    ],
  },
];
