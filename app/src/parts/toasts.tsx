/** Short words about what just happened, said aloud by readers of screens too. */
import { createContext, useCallback, useContext, useState, type ReactNode } from 'react';
import type { Tone } from '../text/known';
import { Note } from './marks';

interface Toast {
  readonly id: number;
  readonly tone: Tone;
  readonly title: string;
  readonly detail: ReactNode;
}
type Tell = (tone: Tone, title: string, detail?: ReactNode) => void;
const Context = createContext<Tell>(() => undefined);
let next = 0;

export function Toasts({ children }: { children: ReactNode }) {
  const [toasts, setToasts] = useState<readonly Toast[]>([]);
  const drop = useCallback((id: number) => setToasts((all) => all.filter((toast) => toast.id !== id)), []);
  const tell = useCallback<Tell>(
    (tone, title, detail = null) => {
      next += 1;
      const id = next;
      setToasts((all) => [...all.slice(-2), { id, tone, title, detail }]);
      if (tone !== 'bad') setTimeout(() => drop(id), 7_000);
    },
    [drop],
  );
  return (
    <Context.Provider value={tell}>
      {children}
      <div className="toasts">
        {toasts.map((toast) => (
          <Note key={toast.id} tone={toast.tone} title={toast.title} live>
            {toast.detail !== null && <div className="small">{toast.detail}</div>}
            <button
              type="button"
              className="text-button small"
              style={{ justifySelf: 'start' }}
              onClick={() => drop(toast.id)}
            >
              Dismiss
            </button>
          </Note>
        ))}
      </div>
    </Context.Provider>
  );
}

export const useTell = (): Tell => useContext(Context);
