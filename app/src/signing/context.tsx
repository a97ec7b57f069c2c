/** From a wish to a confirmed transaction: prepared, shown in words, signed, kept, sent, confirmed. */
import { createContext, useCallback, useContext, useEffect, useMemo, useRef, useState, type ReactNode } from 'react';
import { GatewayFault, type Words } from '../gateway/faults';
import { useNetwork } from '../network';
import { useNow } from '../parts/clock';
import { SelectField } from '../parts/field';
import { Dialog } from '../parts/dialog';
import { Bone, Fault, Note, short } from '../parts/marks';
import { useTell } from '../parts/toasts';
import { refresh } from '../store/cache';
import { decimal } from '../text/amount';
import { refusalWords, useWallet } from '../wallet/context';
import { FRAMED, framed } from '../wallet/framed';
import { signTransaction } from '../wallet/standard';
import type { Plan } from './plan';
import { keepPriority, keptPriority, PRIORITIES } from './priority';
import { SigningFault, type Prepared } from './words';

export interface Proposal {
  readonly title: string;
  /** Reads the chain and says what to sign. Throws what is wrong, in words. */
  readonly plan: (signer: string) => Promise<Plan>;
  /** What must be kept before anything is signed. */
  readonly beforeSigning?: () => Promise<void>;
  readonly job?: string | null;
}

export type Ending =
  | { readonly kind: 'confirmed'; readonly signature: string }
  | { readonly kind: 'on_its_way'; readonly signature: string }
  | { readonly kind: 'abandoned' };

interface SigningState {
  readonly propose: (proposal: Proposal) => Promise<Ending>;
}

const Context = createContext<SigningState | null>(null);

type Step =
  | { readonly at: 'preparing' }
  | { readonly at: 'review'; readonly prepared: Prepared }
  | { readonly at: 'wallet'; readonly prepared: Prepared }
  | { readonly at: 'sending'; readonly prepared: Prepared; readonly signature: string; readonly sentAt: number }
  | { readonly at: 'fault'; readonly words: Words; readonly signed: boolean };

interface Open {
  readonly proposal: Proposal;
  readonly signer: string;
  readonly end: (ending: Ending) => void;
}

function wordsOf(error: unknown): Words {
  if (error instanceof SigningFault || error instanceof GatewayFault) return error.words;
  if (error instanceof Error && 'next' in error && typeof error.next === 'string') {
    return { what: error.message, next: error.next };
  }
  return {
    what: error instanceof Error ? error.message : String(error),
    next: 'Nothing was signed. Try again; if it goes on, report these words.',
  };
}

export function SigningProvider({ children }: { children: ReactNode }) {
  const wallet = useWallet();
  const tell = useTell();
  const [open, setOpen] = useState<Open | null>(null);

  const propose = useCallback(
    (proposal: Proposal): Promise<Ending> => {
      if (wallet.address === null) {
        wallet.choose(true);
        return Promise.resolve({ kind: 'abandoned' });
      }
      const signer = wallet.address;
      return new Promise((resolve) => {
        setOpen((before) => {
          // One question at a time: a second is answered by no.
          if (before !== null) {
            resolve({ kind: 'abandoned' });
            return before;
          }
          return {
            proposal,
            signer,
            end: (ending) => {
              setOpen(null);
              resolve(ending);
            },
          };
        });
      });
    },
    [wallet],
  );

  // What an earlier visit, or another tab, signed and did not see through.
  useEffect(() => {
    const left = { behind: false };
    void (async () => {
      const { pending } = await import('../store/outbox');
      const found = await pending().catch(() => []);
      if (found.length === 0 || left.behind) return;
      const { seeThrough } = await import('./send');
      tell('plain', 'A transaction that you signed earlier is being seen through.');
      await seeThrough((sent) => {
        if (left.behind) return;
        if (sent.fate === 'confirmed') tell('good', `${sent.title}: confirmed.`);
        else tell('bad', `${sent.title}: ${sent.failure ?? 'it can no longer take effect.'}`);
        refresh('');
      });
    })();
    return () => {
      left.behind = true;
    };
  }, [tell]);

  const state = useMemo(() => ({ propose }), [propose]);
  return (
    <Context.Provider value={state}>
      {children}
      {open !== null && <Review open={open} />}
    </Context.Provider>
  );
}

export function useSigning(): SigningState {
  const state = useContext(Context);
  if (state === null) throw new Error('useSigning needs a SigningProvider around it');
  return state;
}

function Review({ open }: { open: Open }) {
  const { account, wallet, address, chain } = useWallet();
  const { network } = useNetwork();
  const tell = useTell();
  const [step, setStep] = useState<Step>({ at: 'preparing' });
  const [round, setRound] = useState(0);
  const [priority, setPriority] = useState(keptPriority);
  const closed = useRef(false);
  const { proposal, signer } = open;
  const genesis = network?.genesis_hash ?? '';

  useEffect(() => {
    const left = { behind: false };
    void (async () => {
      try {
        if (framed()) throw new SigningFault(FRAMED);
        const [plan, { prepare }] = await Promise.all([proposal.plan(signer), import('./prepare')]);
        const prepared = await prepare(plan, signer, genesis, priority);
        if (!left.behind) setStep({ at: 'review', prepared });
      } catch (error) {
        if (!left.behind) setStep({ at: 'fault', words: wordsOf(error), signed: false });
      }
    })();
    return () => {
      left.behind = true;
    };
  }, [proposal, signer, round, genesis, priority]);

  // The account that the words were made for has to be the one that signs.
  const moved = address !== signer && step.at !== 'sending';
  const movedSince = useRef(false);
  useEffect(() => {
    if (moved) movedSince.current = true;
    if (moved && step.at !== 'fault') {
      setStep({
        at: 'fault',
        signed: false,
        words: {
          what:
            address === null
              ? 'The wallet was disconnected.'
              : `The wallet changed to another account (${short(address)}).`,
          next: 'Nothing was sent. Start again with the account that you want to use.',
        },
      });
    }
  }, [moved, step.at, address]);

  const close = (): void => {
    if (step.at === 'wallet') return;
    closed.current = true;
    open.end(step.at === 'sending' ? { kind: 'on_its_way', signature: step.signature } : { kind: 'abandoned' });
  };

  const sign = async (prepared: Prepared): Promise<void> => {
    if (wallet === null || account === null || account.address !== signer) return;
    if (framed()) {
      setStep({ at: 'fault', signed: false, words: FRAMED });
      return;
    }
    setStep({ at: 'wallet', prepared });
    let signed: Uint8Array;
    try {
      await proposal.beforeSigning?.();
    } catch (error) {
      setStep({ at: 'fault', signed: false, words: wordsOf(error) });
      return;
    }
    try {
      signed = await signTransaction(wallet, account, prepared.wire, chain);
    } catch (error) {
      setStep({ at: 'fault', signed: false, words: refusalWords(error) });
      return;
    }
    // It was said that nothing would be sent: a signature that comes afterwards is not used.
    if (movedSince.current) return;
    try {
      const { keep, seeOneThrough } = await import('./send');
      const sent = await keep(prepared, signed, signer, proposal.title, proposal.job ?? null);
      setStep({ at: 'sending', prepared, signature: sent.signature, sentAt: Date.now() });
      const fate = await seeOneThrough(sent);
      if (fate.fate === 'confirmed') {
        refresh('');
        tell('good', `${proposal.title}: confirmed.`);
        if (!closed.current) open.end({ kind: 'confirmed', signature: sent.signature });
        return;
      }
      const words = {
        what: fate.failure ?? 'It was not confirmed in time and can no longer take effect.',
        next:
          fate.fate === 'expired'
            ? 'Nothing happened on the chain. Sign again.'
            : 'Nothing changed but the network’s fee.',
      };
      if (closed.current) tell('bad', `${proposal.title}: ${words.what}`, words.next);
      else setStep({ at: 'fault', signed: true, words });
    } catch (error) {
      setStep({ at: 'fault', signed: false, words: wordsOf(error) });
    }
  };

  return (
    <Dialog label={proposal.title} onClose={close}>
      <div className="inside">
        <h2>{proposal.title}</h2>
        {step.at === 'preparing' && (
          <div className="stack tight" role="status">
            <p className="soft">Reading the chain and running the transaction in a simulation.</p>
            <Bone width="100%" height="4.5rem" />
            <Bone width="100%" height="4.5rem" />
          </div>
        )}
        {(step.at === 'review' || step.at === 'wallet') && (
          <Acts prepared={step.prepared}>
            <SelectField
              label="Priority"
              value={priority}
              disabled={step.at === 'wallet'}
              onChange={(chosen) => {
                const found = PRIORITIES.find(({ value }) => value === chosen)?.value ?? 'off';
                keepPriority(found);
                setStep({ at: 'preparing' });
                setPriority(found);
              }}
              options={PRIORITIES}
            />
          </Acts>
        )}
        {step.at === 'sending' && <Sending signature={step.signature} sentAt={step.sentAt} />}
        {step.at === 'fault' && <Fault words={step.words} />}
      </div>
      <div className="sticky buttons">
        {step.at === 'review' && (
          <button type="button" className="button" onClick={() => void sign(step.prepared)}>
            Sign in the wallet
          </button>
        )}
        {step.at === 'wallet' && (
          <button type="button" className="button" disabled>
            Waiting for the wallet
          </button>
        )}
        {step.at === 'fault' && !step.signed && !moved && (
          <button
            type="button"
            className="button"
            onClick={() => {
              setStep({ at: 'preparing' });
              setRound(round + 1);
            }}
          >
            Try again
          </button>
        )}
        {step.at !== 'wallet' && (
          <button type="button" className="button" data-kind="quiet" onClick={close}>
            {step.at === 'review' || step.at === 'preparing' ? 'Do not sign' : 'Close'}
          </button>
        )}
      </div>
    </Dialog>
  );
}

function Acts({ prepared, children }: { prepared: Prepared; children: ReactNode }) {
  return (
    <>
      <p className="soft">This is everything the transaction does, read from the bytes that your wallet will sign.</p>
      <ol className="acts">
        {prepared.acts.map((act, index) => (
          <li key={index}>
            <h3>{act.title}</h3>
            {act.lines.map((line, number) => (
              <p key={number} className="small">
                {line}
              </p>
            ))}
            {act.warning !== null && <p className="small bad">{act.warning}</p>}
          </li>
        ))}
      </ol>
      {prepared.changes.length > 0 && (
        <Note tone="good" title="Simulated on the chain as it is now. For you it would change:">
          {prepared.changes.map((change) => (
            <p key={change}>{change}</p>
          ))}
        </Note>
      )}
      <p className="small soft">
        Network fee: {decimal(prepared.feeLamports, 9)} SOL
        {prepared.priorityLamports > 0n && `, ${decimal(prepared.priorityLamports, 9)} of it at most for priority`},
        plus rent that returns with what it is for.
      </p>
      {children}
    </>
  );
}

function Sending({ signature, sentAt }: { signature: string; sentAt: number }) {
  const now = useNow(500);
  const waited = now - sentAt / 1_000;
  return (
    <Note tone="plain" title={waited > 6 ? 'Sent, and not confirmed yet.' : 'Sent. Waiting for the chain.'} live>
      <p>
        It is kept in this browser and sent again until the chain has it or can no longer take it. You may close this;
        do not sign it a second time.
      </p>
      <p>
        Signature <code>{signature}</code>
      </p>
    </Note>
  );
}
