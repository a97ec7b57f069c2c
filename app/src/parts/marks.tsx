/** Small things that every page shows: stamps, addresses, amounts, notes, bones of what is still loading. */
import { useState, type ReactNode } from 'react';
import { GatewayFault, type Words } from '../gateway/faults';
import type { Known } from '../store/cache';
import { clock, relative } from '../text/time';
import { TIERS, type Tone } from '../text/known';
import { useNow } from './clock';

export function Mark({ tone = 'plain', children, title }: { tone?: Tone; children: ReactNode; title?: string }) {
  return (
    <span className="mark" data-tone={tone} title={title}>
      {children}
    </span>
  );
}

/** A tier as its hallmark: a ring, a hexagon, a shield. */
export function Tier({ tier }: { tier: number }) {
  const paths = [
    'M8 3.5h.01',
    'M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2Z',
    'm8 1.5 5.6 3.25v6.5L8 14.5l-5.6-3.25v-6.5Z',
    'M2.5 2h11v6c0 3-2.2 5-5.5 6.5C4.7 13 2.5 11 2.5 8Z',
  ];
  const known = TIERS[tier];
  return (
    <span className="tier" title={known?.says}>
      <svg viewBox="0 0 16 16" aria-hidden="true">
        <path d={paths[tier] ?? paths[0]} fill="none" stroke="currentColor" strokeWidth="1.6" />
        <text x="8" y="11" textAnchor="middle" fontSize="7.5" fontWeight="700" fill="currentColor">
          {tier > 0 ? tier : ''}
        </text>
      </svg>
      {known?.name ?? `Tier ${tier}`}
    </span>
  );
}

export function short(address: string): string {
  return address.length <= 11 ? address : `${address.slice(0, 4)}\u2026${address.slice(-4)}`;
}

export function Address({ of, whole = false, what = 'address' }: { of: string; whole?: boolean; what?: string }) {
  const [copied, setCopied] = useState(false);
  return (
    <span className="address" data-whole={whole}>
      <code title={of}>{whole ? of : short(of)}</code>
      <button
        type="button"
        className="copy"
        aria-label={copied ? 'Copied' : `Copy ${what} ${short(of)}`}
        onClick={() => {
          void navigator.clipboard.writeText(of).then(() => {
            setCopied(true);
            setTimeout(() => setCopied(false), 1_500);
          });
        }}
      >
        <svg viewBox="0 0 16 16" aria-hidden="true" fill="none" stroke="currentColor" strokeWidth="1.5">
          {copied ? <path d="m3 8.5 3.5 3.5L13 4.5" /> : <path d="M5.5 5.5h7v8h-7zM3.5 10.5v-8h7" />}
        </svg>
      </button>
    </span>
  );
}

export function Note({
  tone = 'plain',
  title,
  children,
  live = false,
}: {
  tone?: Tone;
  title: ReactNode;
  children?: ReactNode;
  live?: boolean;
}) {
  return (
    <div className="note" data-tone={tone} {...(live ? { role: tone === 'bad' ? 'alert' : 'status' } : {})}>
      <svg viewBox="0 0 20 20" aria-hidden="true" fill="none" stroke="currentColor" strokeWidth="1.8">
        {tone === 'good' ? (
          <path d="m3 10.5 4.5 4.5L17 5" />
        ) : tone === 'bad' ? (
          <path d="M6.5 2h7L18 6.5v7L13.5 18h-7L2 13.5v-7ZM10 6v5M10 13.5v1" />
        ) : (
          <path d="M10 2a8 8 0 1 0 0 16 8 8 0 0 0 0-16ZM10 9v5M10 6v1" />
        )}
      </svg>
      <strong>{title}</strong>
      {children}
    </div>
  );
}

export function Fault({ words, children }: { words: Words; children?: ReactNode }) {
  return (
    <Note tone="bad" title={words.what} live>
      <p>{words.next}</p>
      {children}
    </Note>
  );
}

/** A grey bone of a given width, for what is still loading. */
export function Bone({ width = '6rem', height }: { width?: string; height?: string }) {
  return (
    <span
      className="bone"
      style={{ width, ...(height === undefined ? {} : { height, display: 'block' }) }}
      aria-hidden="true"
    />
  );
}

/**
 * What is known of something: bones while nothing is, the fault in words if there is one, and the last good answer with its
 * age if a newer one could not be had.
 */
export function Show<T>({
  known,
  bones,
  children,
}: {
  known: Known<T>;
  bones?: ReactNode;
  children: (data: T) => ReactNode;
}) {
  if (known.data === undefined) {
    if (known.fault !== null) return <Fault words={known.fault.words} />;
    return (
      <div role="status" className="stack tight">
        <span className="hidden">Loading</span>
        {bones ?? <Bone width="100%" height="6rem" />}
        {known.slow && <p className="soft small">The gateway is slow; still waiting for its answer.</p>}
      </div>
    );
  }
  return (
    <>
      {known.fault !== null && <Old at={known.at} fault={known.fault} />}
      {children(known.data)}
    </>
  );
}

function Old({ at, fault }: { at: number; fault: GatewayFault }) {
  const now = useNow(5_000);
  return (
    <div style={{ marginBottom: '0.8rem' }}>
      <Note tone="warn" title={`Shown as of ${clock(at / 1_000)} (${relative(at / 1_000, now)}).`} live>
        <p>
          {fault.words.what} {fault.words.next}
        </p>
      </Note>
    </div>
  );
}

export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className="stack tight">
      <p className="empty-title">{title}</p>
      <div className="soft">{children}</div>
    </div>
  );
}

export function When({ at, missing = 'not yet' }: { at: number | null; missing?: string }) {
  const now = useNow(1_000);
  if (at === null || at === 0) return <span className="soft">{missing}</span>;
  return (
    <time dateTime={new Date(at * 1_000).toISOString()} title={new Date(at * 1_000).toLocaleString()}>
      {relative(at, now)}
    </time>
  );
}
