/** How the network and this gateway are, and what just happened. */
import { useState } from 'react';
import type { EventRecord } from '../gateway/records';
import { chooseRpc, rpcUrl } from '../gateway/rpc';
import { useNetwork } from '../network';
import { TextField } from '../parts/field';
import { Address, Bone, Empty, Mark, Note, Show, When } from '../parts/marks';
import { Link } from '../routing';
import { useEvents } from '../store/questions';
import { grouped } from '../text/amount';

export function NetworkStatus() {
  const { known, live, behind } = useNetwork();
  return (
    <>
      <div className="page-head">
        <div>
          <h1>Network</h1>
          <p>What this gateway knows, how far behind the chain it is, and where to read the chain without it.</p>
        </div>
      </div>
      <div className="stack">
        <Show known={known} bones={<Bone width="100%" height="10rem" />}>
          {(network) => (
            <>
              <dl className="figures">
                <div>
                  <dt>Chain’s slot</dt>
                  <dd>{grouped(network.chain_slot)}</dd>
                </div>
                <div>
                  <dt>Indexed up to</dt>
                  <dd>{grouped(network.indexed_slot)}</dd>
                </div>
                <div>
                  <dt>Changes arrive</dt>
                  <dd>{live ? 'as they happen' : 'by asking'}</dd>
                </div>
                <div>
                  <dt>Openings</dt>
                  <dd>{network.paused ? 'paused' : 'open'}</dd>
                </div>
              </dl>
              <div className="pair">
                <section className="sheet">
                  <header>
                    <h2>Addresses</h2>
                    {behind === null ? <Mark tone="good">up to date</Mark> : <Mark tone="warn">behind</Mark>}
                  </header>
                  <dl className="facts">
                    <dt>Market program</dt>
                    <dd>
                      <Address of={network.market} whole />
                    </dd>
                    <dt>Arbiter program</dt>
                    <dd>
                      <Address of={network.arbiter} whole />
                    </dd>
                    <dt>Genesis</dt>
                    <dd>
                      <Address of={network.genesis_hash} whole />
                    </dd>
                    {network.stake_mint !== null && (
                      <>
                        <dt>Stake token</dt>
                        <dd>
                          <Address of={network.stake_mint} whole />
                        </dd>
                      </>
                    )}
                    <dt>Gateway</dt>
                    <dd>
                      version {network.version}
                      {network.node_key === null ? ', bridges no data' : ', bridges browsers to providers'}
                    </dd>
                    <dt>Simulated devices</dt>
                    <dd>{network.allow_simulated ? 'allowed, and marked so' : 'refused'}</dd>
                  </dl>
                </section>
                <div className="stack">
                  <section className="sheet">
                    <header>
                      <h2>Tokens that jobs are paid in</h2>
                    </header>
                    <div className="table-wrap">
                      <table>
                        <thead>
                          <tr>
                            <th>Mint</th>
                            <th className="number">Decimals</th>
                            <th>Use</th>
                          </tr>
                        </thead>
                        <tbody>
                          {network.mints.map((mint) => (
                            <tr key={mint.mint}>
                              <td>
                                <Address of={mint.mint} what="mint" />
                              </td>
                              <td className="number">{mint.decimals}</td>
                              <td>{mint.enabled ? <Mark tone="good">enabled</Mark> : <Mark>disabled</Mark>}</td>
                            </tr>
                          ))}
                        </tbody>
                      </table>
                    </div>
                  </section>
                  <Rpc />
                </div>
              </div>
            </>
          )}
        </Show>
        <Feed />
      </div>
    </>
  );
}

function Rpc() {
  const [url, setUrl] = useState(rpcUrl());
  const [saved, setSaved] = useState(false);
  const fine =
    url === '' || url === '/rpc' || /^https:\/\/\S+$|^http:\/\/(localhost|127\.0\.0\.1)(:\d+)?\S*$/u.test(url);
  return (
    <section className="sheet">
      <header>
        <h2>Your own window on the chain</h2>
      </header>
      <div className="stack tight">
        <p className="small soft">
          What you sign is checked against the chain, read through this address. The gateway’s relay is convenient; a
          node of your own choice leaves the gateway no way to deceive you, if this page’s security policy lets it
          through.
        </p>
        <TextField
          label="RPC address"
          value={url}
          mono
          onChange={(value) => {
            setUrl(value);
            setSaved(false);
          }}
          problem={fine ? null : 'Use an https address, or http on this computer.'}
        />
        <div className="buttons">
          <button
            type="button"
            className="button"
            data-kind="quiet"
            disabled={!fine}
            onClick={() => {
              chooseRpc(url === '' || url === '/rpc' ? null : url);
              setUrl(rpcUrl());
              setSaved(true);
            }}
          >
            Use it
          </button>
          {saved && <span role="status">Used from now on.</span>}
        </div>
      </div>
    </section>
  );
}

const EVENT_WORDS: Readonly<Record<string, string>> = {
  JobPosted: 'A job was posted',
  JobMatched: 'A job was matched',
  JobStarted: 'A container started',
  StartMissed: 'A provider missed a start and lost a part of its lock',
  JobReopened: 'A job opened again',
  UsageAccepted: 'Usage of a service was accepted',
  StreamClaimed: 'A provider drew what its service earned',
  JobToppedUp: 'A service was topped up',
  JobPaused: 'A service ran dry and waits',
  JobResumed: 'A service goes on',
  ServiceStopped: 'A service was stopped',
  ArrayPosted: 'An array was posted',
  TaskIssued: 'A task of an array was taken',
  ProofSubmitted: 'A receipt was submitted',
  RoundOpened: 'A committee was drawn',
  AttestationCommitted: 'A validator committed to an opinion',
  AttestationsCommitted: 'A committee committed to its opinions',
  AttestationsRevealed: 'Opinions were revealed',
  ReexecutionSubmitted: 'A re-run was submitted',
  VerdictReached: 'A verdict was reached',
  JobSettled: 'A job was settled',
  JobClosed: 'A job was closed',
  RewardClaimed: 'A provider collected its reward',
  RefundClaimed: 'A tenant collected a refund',
  FeesSwept: 'A fee was split',
  AuditPaid: 'A re-run was paid',
  OfferPublished: 'An offer was published',
  OfferWithdrawn: 'An offer was withdrawn',
  BidPlaced: 'A bid was placed',
  ProviderRegistered: 'A provider registered',
  ProviderUpdated: 'A provider changed its details',
  StakeDeposited: 'Stake was deposited',
  StakeUnbonding: 'Stake began to unbond',
  StakeWithdrawn: 'Stake was withdrawn',
  UptimeRecorded: 'Uptime was recorded',
  RootFinalized: 'Validators agreed on what they measured',
  SlashOpened: 'A slash was opened',
  SlashApplied: 'A slash was applied',
  SlashAppealed: 'A slash was appealed',
  SetFrozen: 'A validator set was frozen',
  ValidatorRegistered: 'A validator registered',
  ConfigQueued: 'A change of parameters was queued',
  ConfigChanged: 'Parameters were changed',
};

export function eventWords(event: EventRecord): string {
  return EVENT_WORDS[event.name] ?? event.name.replaceAll(/([a-z])([A-Z])/gu, '$1 $2').toLowerCase();
}

function Feed() {
  const events = useEvents(40);
  return (
    <section className="sheet">
      <header>
        <h2>What just happened</h2>
      </header>
      <Show known={events} bones={<Bone width="100%" height="12rem" />}>
        {(all) =>
          all.length === 0 ? (
            <Empty title="Nothing has happened yet" />
          ) : (
            <div className="table-wrap">
              <table className="cards">
                <thead>
                  <tr>
                    <th>When</th>
                    <th>What</th>
                    <th>Job</th>
                    <th className="number">Slot</th>
                  </tr>
                </thead>
                <tbody>
                  {all.map((event) => (
                    <tr key={String(event.sequence)}>
                      <td data-label="When">
                        <When at={event.at} missing="time not known" />
                      </td>
                      <td data-label="What">{eventWords(event)}</td>
                      <td data-label="Job">
                        {event.job === null ? (
                          <span className="soft">{'\u2013'}</span>
                        ) : (
                          <Link to={`/jobs/${event.job}`}>
                            <code>{event.job.slice(0, 8)}</code>
                          </Link>
                        )}
                      </td>
                      <td className="number" data-label="Slot">
                        {grouped(event.slot)}
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
          )
        }
      </Show>
      <div style={{ marginTop: '1rem' }}>
        <Note title="Every change on the chain is an event.">
          <p>From events alone every balance can be rebuilt; whoever doubts this gateway can do so.</p>
        </Note>
      </div>
    </section>
  );
}
