/** What the container prints, as it prints it. Foreign text: nothing of it is trusted. */
import { useEffect, useRef, useState } from 'react';
import type { JobRecord } from '../gateway/records';
import { GatewayFault } from '../gateway/faults';
import { followWhileVisible } from '../gateway/stream';
import { parseJson, shape, count as countRead, type Read } from '../gateway/wire';
import { LOG_LINES_MAX } from '../limits';
import { Empty, Fault } from '../parts/marks';
import { fromBase64 } from '../text/base58';
import { cleanLogLine } from '../text/clean';
import { useSignIn } from '../wallet/sign-in';

const base64: Read<string> = (value, at) => {
  if (typeof value !== 'string') throw new Error(`${at}: a text was expected`);
  return value;
};
const chunk = shape({ offset: countRead, base64 });

/** Lines of a growing text; a line that is not finished yet comes last. */
export class Lines {
  #rest = '';
  #lines: string[] = [];
  #next = 0n;
  readonly #decoder = new TextDecoder('utf-8');

  /** Where the next piece begins. */
  get offset(): bigint {
    return this.#next;
  }

  /** Takes a piece; one that came before is taken once. */
  add(offset: bigint, bytes: Uint8Array): void {
    if (offset + BigInt(bytes.length) <= this.#next) return;
    const fresh = offset < this.#next ? bytes.subarray(Number(this.#next - offset)) : bytes;
    this.#next = offset + BigInt(bytes.length);
    const parts = (this.#rest + this.#decoder.decode(fresh, { stream: true })).split('\n');
    this.#rest = (parts.pop() ?? '').slice(-65_536);
    this.#lines.push(...parts.map(cleanLogLine));
    if (this.#lines.length > LOG_LINES_MAX) this.#lines = this.#lines.slice(-LOG_LINES_MAX);
  }

  get text(): string {
    return [...this.#lines, ...(this.#rest === '' ? [] : [cleanLogLine(this.#rest)])].join('\n');
  }
}

export function Log({ job, mine }: { job: JobRecord; mine: boolean }) {
  const { session, signIn, busy, problem } = useSignIn();
  const [text, setText] = useState('');
  const [state, setState] = useState<'waiting' | 'open' | 'lost' | 'ended'>('waiting');
  const [fault, setFault] = useState<GatewayFault | null>(null);
  const box = useRef<HTMLPreElement>(null);
  const atEnd = useRef(true);
  const begun = job.started_at !== null;
  const token = session?.token ?? null;

  useEffect(() => {
    if (!begun || token === null || !mine) return undefined;
    const controller = new AbortController();
    const lines = new Lines();
    let drawn = 0;
    const draw = (): void => {
      if (drawn === 0)
        drawn = requestAnimationFrame(() => {
          drawn = 0;
          setText(lines.text);
        });
    };
    followWhileVisible(`/v1/jobs/${job.address}/logs`, {
      query: () => ({ from: lines.offset.toString() }),
      token,
      signal: controller.signal,
      onState: (now) => {
        setState(now);
        if (now === 'open') setFault(null);
      },
      onEvent: (event) => {
        if (event.name === 'end') {
          setState('ended');
          return true;
        }
        if (event.name !== 'chunk') return false;
        try {
          const found = chunk(parseJson(event.data), 'chunk');
          lines.add(found.offset, fromBase64(found.base64));
          draw();
        } catch {
          // A piece that is none is left out.
        }
        return false;
      },
    }).catch((error: unknown) => {
      if (error instanceof GatewayFault) setFault(error);
    });
    return () => {
      controller.abort();
      cancelAnimationFrame(drawn);
    };
  }, [job.address, job.attempt, begun, token, mine]);

  useEffect(() => {
    const element = box.current;
    if (element !== null && atEnd.current) element.scrollTop = element.scrollHeight;
  }, [text]);

  if (!mine) return <Empty title="Only the tenant reads the log">Connect the wallet that posted this job.</Empty>;
  if (!begun) return <Empty title="Nothing to read yet">The log begins when the container starts.</Empty>;
  if (token === null) {
    return (
      <Empty title="Sign in to read the log">
        <div className="stack tight">
          <span>The gateway passes it on from the provider, to its tenant only.</span>
          {problem !== null && <Fault words={problem} />}
          <div className="buttons">
            <button type="button" className="button" data-size="small" disabled={busy} onClick={() => void signIn()}>
              Sign in
            </button>
          </div>
        </div>
      </Empty>
    );
  }
  return (
    <div className="stack tight">
      {fault !== null && <Fault words={fault.words} />}
      <pre
        ref={box}
        className="log"
        // Scrolled with the keyboard too.
        // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
        tabIndex={0}
        role="log"
        aria-label="Log of the container"
        onScroll={(event) => {
          const element = event.currentTarget;
          atEnd.current = element.scrollHeight - element.scrollTop - element.clientHeight < 40;
        }}
      >
        {text === '' ? (state === 'ended' ? '(the container printed nothing)' : '') : text}
      </pre>
      <p className="small soft" role="status">
        {state === 'open'
          ? 'Live. Invisible and direction-turning characters are shown as boxes.'
          : state === 'ended'
            ? 'The log has ended.'
            : state === 'lost'
              ? 'The line to the gateway was lost; it goes on where it broke off.'
              : 'Opening the log.'}
      </p>
    </div>
  );
}
