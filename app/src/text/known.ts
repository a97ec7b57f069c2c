/** The protocol's codes in words, for people. */

export type Tone = 'plain' | 'busy' | 'good' | 'bad' | 'warn';

export const STATES: Readonly<Record<string, { readonly name: string; readonly says: string; readonly tone: Tone }>> = {
  open: { name: 'Open', says: 'Posted; the escrow is locked and nobody is bound yet.', tone: 'plain' },
  matched: { name: 'Matched', says: 'A provider is bound and its stake is locked behind this job.', tone: 'busy' },
  running: { name: 'Running', says: 'The container runs. Each second earns the provider its price.', tone: 'busy' },
  submitted: { name: 'Being judged', says: 'A signed receipt is on the chain; validators may check it.', tone: 'busy' },
  settled: { name: 'Settled', says: 'Both sides are credited; each collects alone.', tone: 'good' },
  paused: { name: 'Paused', says: 'The escrow ran dry. Top it up within a day and it goes on.', tone: 'warn' },
  ending: { name: 'Ending', says: 'One side ended the service; the last usage may still be reported.', tone: 'busy' },
};

export const OUTCOMES: Readonly<Record<string, { readonly name: string; readonly says: string; readonly tone: Tone }>> =
  {
    accepted: { name: 'Proven', says: 'A committee accepted the proof. The provider is paid.', tone: 'good' },
    unchallenged: {
      name: 'Unchallenged',
      says: 'The beacon did not draw it for an audit and nobody challenged it. The provider is paid.',
      tone: 'good',
    },
    rejected: {
      name: 'Rejected',
      says: 'Independent re-runs gave another result. You are refunded; the provider’s lock is set aside for a slash.',
      tone: 'bad',
    },
    unavailable: {
      name: 'Withheld',
      says: 'The provider did not hand the data to the committee. You are refunded; nothing is slashed.',
      tone: 'warn',
    },
    inconclusive: {
      name: 'Undecided',
      says: 'The committee could not agree. You are refunded; nothing is slashed.',
      tone: 'warn',
    },
    cancelled: { name: 'Cancelled', says: 'The tenant withdrew the open job. Refunded.', tone: 'plain' },
    unmatched: { name: 'Unmatched', says: 'Nobody took the job in time. Refunded.', tone: 'warn' },
    never_started: { name: 'Never started', says: 'The provider did not start in time. Refunded.', tone: 'warn' },
    no_receipt: { name: 'No receipt', says: 'The provider sent no receipt in time. Refunded.', tone: 'warn' },
    unjudged: { name: 'Unjudged', says: 'Nobody judged in time. Refunded; nothing is slashed.', tone: 'warn' },
    declined: { name: 'Declined', says: 'The provider gave the job back. Refunded.', tone: 'warn' },
    stopped: { name: 'Stopped', says: 'The tenant ended the service. The accepted usage is paid.', tone: 'good' },
    ended: {
      name: 'Ended',
      says: 'The service ended after its escrow ran dry. The accepted usage is paid.',
      tone: 'good',
    },
    dead: { name: 'Fell silent', says: 'The service fell silent. Only accepted usage is paid.', tone: 'bad' },
    withdrawn: { name: 'Withdrawn', says: 'The provider ended the service. The accepted usage is paid.', tone: 'warn' },
  };

/** Where a task of an array stands. */
export const TASK_STATES: Readonly<Record<string, { readonly name: string; readonly tone: Tone }>> = {
  free: { name: 'Free', tone: 'plain' },
  taken: { name: 'Taken', tone: 'busy' },
  matched: { name: 'Taken', tone: 'busy' },
  running: { name: 'Running', tone: 'busy' },
  submitted: { name: 'Being judged', tone: 'busy' },
  settled: { name: 'Settled', tone: 'warn' },
  done: { name: 'Done', tone: 'good' },
  failed: { name: 'Failed', tone: 'bad' },
};

export const VERDICTS: Readonly<Record<string, { readonly name: string; readonly tone: Tone }>> = {
  valid: { name: 'valid', tone: 'good' },
  invalid: { name: 'invalid', tone: 'bad' },
  unavailable: { name: 'data withheld', tone: 'warn' },
  inconclusive: { name: 'undecided', tone: 'warn' },
  divergent: { name: 'differs', tone: 'bad' },
  missing: { name: 'not revealed', tone: 'warn' },
};

export const TIERS: readonly { readonly word: string; readonly name: string; readonly says: string }[] = [
  { word: 'any', name: 'Any tier', says: 'Any tier will do.' },
  { word: 'consumer', name: 'Consumer', says: 'Gaming cards at home: the cheapest second.' },
  { word: 'prosumer', name: 'Prosumer', says: 'Workstation cards, more memory, steadier.' },
  { word: 'datacenter', name: 'Datacenter', says: 'Server cards in a rack.' },
];

/** The name of a word of the protocol that this version may not know. */
export function named(
  known: Readonly<Record<string, { readonly name: string; readonly tone: Tone }>>,
  code: string,
): { readonly name: string; readonly tone: Tone } {
  return known[code] ?? { name: code.replaceAll('_', ' '), tone: 'plain' };
}
