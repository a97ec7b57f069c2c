/** Stake: what is bonded, locked and leaving; cases against it; rewards. */
import { useState } from 'react';
import type { StakeRecord } from '../gateway/records';
import { useNetwork } from '../network';
import { useNow } from '../parts/clock';
import { TextField } from '../parts/field';
import { Bone, Empty, Fault, Mark, Note, Show, short } from '../parts/marks';
import { ProposeButton } from '../parts/propose-button';
import { Link } from '../routing';
import { useSigning } from '../signing/context';
import { useBalances } from '../store/balances';
import { useCases, useConfig, useRewards, useStake } from '../store/questions';
import { decimal, parseDecimal } from '../text/amount';
import { clock, duration, relative } from '../text/time';
import { useWallet } from '../wallet/context';

const DECIMALS = 6;
const show = (atoms: bigint): string => decimal(atoms, DECIMALS, 2);

export function StakePage() {
  const { address, choose } = useWallet();
  return (
    <>
      <div className="page-head">
        <div>
          <h1>Stake and rewards</h1>
          <p>
            Stake stands behind your word, as a provider or a validator. Each job locks a part of it; leaving takes
            time, in which it can still be slashed.
          </p>
        </div>
      </div>
      <div className="stack">
        {address === null ? (
          <section className="sheet">
            <Empty title="Connect a wallet to see your stake">
              <button type="button" className="button" onClick={() => choose(true)}>
                Connect a wallet
              </button>
            </Empty>
          </section>
        ) : (
          <Own address={address} />
        )}
        <Rewards />
      </div>
    </>
  );
}

function Own({ address }: { address: string }) {
  const stake = useStake(address);
  const cases = useCases(address);
  const none = stake.data === undefined && stake.fault?.code === 'not_found';
  return (
    <div className="split">
      <section className="sheet">
        <header>
          <h2>Your stake</h2>
        </header>
        {none ? (
          <Empty title="You have no stake yet">Open one with a first deposit.</Empty>
        ) : (
          <Show known={stake} bones={<Bone width="100%" height="10rem" />}>
            {(found) => <Bars stake={found} />}
          </Show>
        )}
        <div style={{ marginTop: '1.2rem' }}>
          <Move stake={stake.data ?? null} opened={!none} />
        </div>
      </section>
      <section className="sheet">
        <header>
          <h2>Cases against it</h2>
        </header>
        <Show known={cases} bones={<Bone width="100%" height="5rem" />}>
          {(all) =>
            all.length === 0 ? (
              <Empty title="None">A slash by a verdict would wait here, with the time to appeal.</Empty>
            ) : (
              <ul style={{ listStyle: 'none', margin: 0, padding: 0 }} className="stack tight">
                {all.map((one) => (
                  <li key={one.address}>
                    <Case one={one} />
                  </li>
                ))}
              </ul>
            )
          }
        </Show>
      </section>
    </div>
  );
}

function Bars({ stake }: { stake: StakeRecord }) {
  const now = useNow(1_000);
  const total = stake.bonded + stake.unbonding + stake.pending;
  const share = (part: bigint): string => (total === 0n ? '0%' : `${Number((part * 10_000n) / total) / 100}%`);
  return (
    <div className="stack tight">
      <dl className="figures">
        <div>
          <dt>Bonded</dt>
          <dd>{show(stake.bonded)}</dd>
        </div>
        <div>
          <dt>Free for new jobs</dt>
          <dd>{show(stake.free)}</dd>
        </div>
        <div>
          <dt>Unbonding</dt>
          <dd>{show(stake.unbonding)}</dd>
        </div>
      </dl>
      <div className="bar" style={{ height: '1.1rem', display: 'flex' }}>
        <i style={{ position: 'static', width: share(stake.free) }} />
        <i data-tone="copper" style={{ position: 'static', width: share(stake.locked) }} />
        <i data-tone="soft" style={{ position: 'static', width: share(stake.unbonding + stake.pending) }} />
      </div>
      <ul className="legend">
        <li>
          <i style={{ background: 'var(--chart)' }} />
          free {show(stake.free)}
        </li>
        <li>
          <i style={{ background: 'var(--copper)' }} />
          locked behind {stake.active_jobs} {stake.active_jobs === 1 ? 'job' : 'jobs'} {show(stake.locked)}
        </li>
        <li>
          <i style={{ background: 'var(--soft)' }} />
          leaving or set aside {show(stake.unbonding + stake.pending)}
        </li>
      </ul>
      {stake.unbonding > 0n && (
        <p className="small">
          {stake.releasable_at <= now
            ? 'What was unbonding may be withdrawn now.'
            : `Unbonding ends ${relative(stake.releasable_at, now)} (${clock(stake.releasable_at)}).`}
        </p>
      )}
      {stake.slashed_total > 0n && <p className="small bad">Slashed so far: {show(stake.slashed_total)}.</p>}
    </div>
  );
}

function Move({ stake, opened }: { stake: StakeRecord | null; opened: boolean }) {
  const { propose } = useSigning();
  const balances = useBalances();
  const config = useConfig();
  const now = useNow(1_000);
  const [text, setText] = useState('');
  const [problem, setProblem] = useState<string | null>(null);
  const held = balances.data?.stake ?? null;
  const unbonding = Number(config.data?.market?.['unbonding_seconds'] ?? 0);

  const act = (kind: 'deposit' | 'unbond'): void => {
    const read = parseDecimal(text, DECIMALS);
    if ('problem' in read) {
      setProblem(read.problem);
      return;
    }
    if (read.atoms === 0n) {
      setProblem('Type an amount above zero.');
      return;
    }
    if (kind === 'deposit' && held !== null && read.atoms > held) {
      setProblem(`Your wallet holds ${show(held)} stake tokens.`);
      return;
    }
    if (kind === 'unbond' && stake !== null && read.atoms > stake.free) {
      setProblem(`Only ${show(stake.free)} are free; the rest is locked behind jobs.`);
      return;
    }
    setProblem(null);
    void propose({
      title: kind === 'deposit' ? (opened ? 'Deposit stake' : 'Open a stake and deposit') : 'Begin to unbond stake',
      plan: async (signer) => {
        const actions = await import('../chain/actions');
        return kind === 'deposit' ? actions.depositStake(signer, read.atoms) : actions.unbondStake(signer, read.atoms);
      },
    }).then((ending) => {
      if (ending.kind === 'confirmed') setText('');
    });
    return undefined;
  };

  return (
    <div className="stack tight">
      <TextField
        label="Amount of stake tokens"
        value={text}
        onChange={setText}
        problem={problem}
        inputMode="decimal"
        hint={held === null ? undefined : `Your wallet holds ${show(held)}.`}
      />
      <div className="buttons">
        <button type="button" className="button" onClick={() => act('deposit')}>
          Deposit
        </button>
        {stake !== null && stake.free > 0n && (
          <button type="button" className="button" data-kind="quiet" onClick={() => act('unbond')}>
            Begin to unbond
          </button>
        )}
        {stake !== null && stake.unbonding > 0n && (
          <ProposeButton
            title="Withdraw what has unbonded"
            kind="quiet"
            plan={
              stake.releasable_at > now
                ? null
                : async (signer) => (await import('../chain/actions')).withdrawStake(signer)
            }
          >
            Withdraw
          </ProposeButton>
        )}
      </div>
      {unbonding > 0 && (
        <p className="small soft">Unbonding takes {duration(unbonding)}. What is locked cannot begin to leave.</p>
      )}
    </div>
  );
}

function Case({ one }: { one: import('../gateway/records').CaseRecord }) {
  const now = useNow(1_000);
  const open = one.state === 'open' && one.kind === 'verdict' && one.due_at > now;
  return (
    <Note tone={one.state === 'returned' ? 'good' : 'warn'} title={`${show(one.amount)} set aside for a job`}>
      <p>
        <Link to={`/jobs/${one.job}`}>
          <code>{short(one.job)}</code>
        </Link>{' '}
        by {one.kind.replaceAll('_', ' ')}. <Mark>{one.state}</Mark>
      </p>
      {one.state === 'open' && (
        <p className="small">
          {one.due_at > now
            ? `It is taken ${relative(one.due_at, now)} unless you appeal.`
            : 'Anyone may apply it now.'}
        </p>
      )}
      {one.state === 'appealed' && one.decide_by !== null && (
        <p className="small">To be decided {relative(one.decide_by, now)}; undecided means won.</p>
      )}
      {open && (
        <div className="buttons">
          <ProposeButton
            title="Appeal this slash"
            size="small"
            plan={async (signer) => (await import('../chain/actions')).appealSlash(signer, one.address)}
          >
            Appeal
          </ProposeButton>
        </div>
      )}
    </Note>
  );
}

function Rewards() {
  const rewards = useRewards();
  const { network } = useNetwork();
  return (
    <section className="sheet">
      <header>
        <h2>Rewards by epoch</h2>
      </header>
      {rewards.fault?.code === 'not_found' ? (
        <Fault words={rewards.fault.words} />
      ) : (
        <Show known={rewards} bones={<Bone width="100%" height="6rem" />}>
          {(all) =>
            all.length === 0 ? (
              <Empty title="No reward pool has been opened yet">
                Anyone may fund an epoch’s pool; it is divided by the measured weight of providers.
                {network?.local === true && ' On a local network nobody has.'}
              </Empty>
            ) : (
              <div className="table-wrap">
                <table className="cards">
                  <thead>
                    <tr>
                      <th className="number">Epoch</th>
                      <th className="number">Funded</th>
                      <th className="number">Paid</th>
                      <th>State</th>
                    </tr>
                  </thead>
                  <tbody>
                    {all.map((pool) => (
                      <tr key={pool.address}>
                        <td className="number" data-label="Epoch">
                          {pool.epoch}
                        </td>
                        <td className="number" data-label="Funded">
                          {show(pool.funded)}
                        </td>
                        <td className="number" data-label="Paid">
                          {show(pool.paid)}
                        </td>
                        <td data-label="State">
                          {pool.started ? <Mark tone="good">being claimed</Mark> : <Mark>collecting</Mark>}
                        </td>
                      </tr>
                    ))}
                  </tbody>
                </table>
              </div>
            )
          }
        </Show>
      )}
      <p className="small soft" style={{ marginTop: '0.8rem' }}>
        Provider nodes claim their share by themselves, with the proof that the epoch’s validators signed.
      </p>
    </section>
  );
}
