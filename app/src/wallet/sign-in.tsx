/** Signing in, with the sentence shown first. */
import { createContext, useCallback, useContext, useMemo, useState, type ReactNode } from 'react';
import { GatewayFault, type Words } from '../gateway/faults';
import { useNow } from '../parts/clock';
import { Dialog } from '../parts/dialog';
import { Note } from '../parts/marks';
import { useTell } from '../parts/toasts';
import { refusalWords, useWallet } from './context';
import { FRAMED, framed } from './framed';
import {
  challenge,
  forgetSession,
  objection,
  signIn as open,
  SignInRefused,
  storedSession,
  type Session,
} from './session';

interface SignInState {
  /** The open session of the connected account. */
  readonly session: Session | null;
  readonly busy: boolean;
  readonly problem: Words | null;
  /** True once signed in. */
  readonly signIn: () => Promise<boolean>;
  readonly signOut: () => void;
}

const Context = createContext<SignInState | null>(null);

interface Question {
  readonly message: string;
  readonly against: string | null;
  readonly answer: (yes: boolean) => void;
}

export function SignInProvider({ children }: { children: ReactNode }) {
  const { wallet, account, address, choose } = useWallet();
  const tell = useTell();
  const [, setTurn] = useState(0);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Words | null>(null);
  const [question, setQuestion] = useState<Question | null>(null);
  const session = storedSession(address, useNow(30_000));

  const signIn = useCallback(async (): Promise<boolean> => {
    if (wallet === null || account === null) {
      choose(true);
      return false;
    }
    if (storedSession(account.address, Date.now() / 1_000) !== null) return true;
    if (framed()) {
      setProblem(FRAMED);
      return false;
    }
    setBusy(true);
    setProblem(null);
    try {
      const asked = await challenge(account.address);
      const against = objection(asked.message, window.location.host, account.address);
      const yes = await new Promise<boolean>((answer) => setQuestion({ message: asked.message, against, answer }));
      setQuestion(null);
      if (!yes || against !== null) return false;
      await open(wallet, account, asked.message);
      setTurn((turn) => turn + 1);
      tell('good', 'Signed in.', 'The gateway knows now that this address is yours.');
      return true;
    } catch (error) {
      setProblem(
        error instanceof GatewayFault
          ? error.words
          : error instanceof SignInRefused
            ? { what: `The sign-in was refused: ${error.message}.`, next: 'Nothing was signed. Use another gateway.' }
            : refusalWords(error),
      );
      return false;
    } finally {
      setQuestion(null);
      setBusy(false);
    }
  }, [wallet, account, choose, tell]);

  const state = useMemo<SignInState>(
    () => ({
      session,
      busy,
      problem,
      signIn,
      signOut: () => {
        forgetSession();
        setTurn((turn) => turn + 1);
      },
    }),
    // A session is what its token is.
    // eslint-disable-next-line react-hooks/exhaustive-deps
    [session?.token, busy, problem, signIn],
  );

  return (
    <Context.Provider value={state}>
      {children}
      {question !== null && (
        <Dialog label="Sign in" onClose={() => question.answer(false)}>
          <div className="inside">
            <h2>Sign in to this gateway</h2>
            <p className="soft">
              This is the sentence that your wallet will sign. It moves no money and gives no power over your tokens; it
              proves to the gateway that the address is yours.
            </p>
            <pre className="log" style={{ height: 'auto', maxHeight: '14rem' }}>
              {question.message}
            </pre>
            {question.against !== null && (
              <Note tone="bad" title={`Not signed: ${question.against}.`} live>
                <p>An honest gateway asks for nothing else. Use another one.</p>
              </Note>
            )}
          </div>
          <div className="sticky buttons">
            {question.against === null && (
              <button type="button" className="button" onClick={() => question.answer(true)}>
                Sign in the wallet
              </button>
            )}
            <button type="button" className="button" data-kind="quiet" onClick={() => question.answer(false)}>
              Do not sign
            </button>
          </div>
        </Dialog>
      )}
    </Context.Provider>
  );
}

export function useSignIn(): SignInState {
  const state = useContext(Context);
  if (state === null) throw new Error('useSignIn needs a SignInProvider around it');
  return state;
}
