/** A button that proposes one transaction: what it would do is prepared and shown in words before anything is signed. */
import type { ReactNode } from 'react';
import { useSigning, type Proposal } from '../signing/context';

export function ProposeButton({
  title,
  job = null,
  plan,
  kind,
  size,
  children,
}: {
  title: string;
  job?: string | null;
  /** Null while there is nothing to propose yet: the button is shown, and cannot be pressed. */
  plan: Proposal['plan'] | null;
  kind?: 'danger' | 'quiet';
  size?: 'small';
  children: ReactNode;
}) {
  const { propose } = useSigning();
  return (
    <button
      type="button"
      className="button"
      data-kind={kind}
      data-size={size}
      disabled={plan === null}
      onClick={() => {
        if (plan !== null) void propose({ title, job, plan });
      }}
    >
      {children}
    </button>
  );
}
