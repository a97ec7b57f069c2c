/** The result: fetched through the gateway, believed only when it hashes to what the chain stands for. */
import { useEffect, useState } from 'react';
import type { JobRecord } from '../gateway/records';
import { GatewayFault, type Words } from '../gateway/faults';
import { Empty, Fault, Note } from '../parts/marks';
import { bytes } from '../text/amount';
import { clean } from '../text/clean';
import { useSignIn } from '../wallet/sign-in';
import type { VerifiedResult } from '../chain/result';

export function Result({ job, mine }: { job: JobRecord; mine: boolean }) {
  const { session, signIn } = useSignIn();
  const [busy, setBusy] = useState(false);
  const [fault, setFault] = useState<Words | null>(null);
  const [result, setResult] = useState<VerifiedResult | null>(null);
  const there = job.submitted_at !== null;

  const fetchIt = async (): Promise<void> => {
    setBusy(true);
    setFault(null);
    try {
      if (!(await signIn())) return;
      const { fetchResult } = await import('../chain/result');
      setResult(await fetchResult(job.address));
    } catch (error) {
      setFault(
        error instanceof GatewayFault
          ? error.words
          : error instanceof Error && 'next' in error && typeof error.next === 'string'
            ? { what: error.message, next: error.next }
            : {
                what: error instanceof Error ? error.message : String(error),
                next: 'Nothing of it was kept. Try again.',
              },
      );
    } finally {
      setBusy(false);
    }
  };

  // The verdict may come after the bytes: what is said of them follows the chain.
  const root = result?.by === 'provider_so_far' ? result.root : null;
  useEffect(() => {
    if (root === null || job.state !== 'settled') return;
    void (async () => {
      const { standingOf } = await import('../chain/result');
      const by = await standingOf(job.address, root).catch(() => null);
      if (by !== null) setResult((before) => (before === null ? null : { ...before, by }));
    })();
  }, [root, job.state, job.address]);

  if (!there) return <Empty title="Not yet">It can be fetched once the provider has sent its receipt.</Empty>;
  if (!mine) return <Empty title="Only the tenant fetches the result">Its hash is on the chain for everybody.</Empty>;
  return (
    <div className="stack tight">
      {job.exit_code !== null && job.termination !== null && (
        <p>
          {job.termination === 'exited'
            ? `The container ended with exit code ${job.exit_code}.`
            : job.termination === 'out_of_memory'
              ? 'The container was killed: it used more memory than it asked for.'
              : job.termination === 'timed_out'
                ? 'The container was stopped: its time was over.'
                : 'Its output was refused: it breaks the rules for outputs.'}
        </p>
      )}
      {fault !== null && <Fault words={fault} />}
      {result === null ? (
        <div className="buttons">
          <button type="button" className="button" disabled={busy} onClick={() => void fetchIt()}>
            {busy ? 'Fetching and verifying' : session === null ? 'Sign in and fetch' : 'Fetch and verify'}
          </button>
        </div>
      ) : (
        <Verified result={result} />
      )}
    </div>
  );
}

function Verified({ result }: { result: VerifiedResult }) {
  return (
    <div className="stack tight">
      <Note
        tone={result.by === 'committee' ? 'good' : 'warn'}
        title={
          result.by === 'committee'
            ? 'Verified in this browser: these are the bytes that the committee accepted.'
            : 'Verified in this browser against the provider’s signed receipt.'
        }
        live
      >
        <p>
          {result.by === 'committee'
            ? 'Every file hashes to the root on the chain, which an independent re-run reproduced.'
            : result.by === 'provider_so_far'
              ? 'Every file hashes to the root in the receipt that the provider signed and the chain holds. Nobody has judged it yet.'
              : 'Every file hashes to the root in the receipt that the provider signed and the chain holds. It was not drawn for an audit: nobody ran it again.'}
        </p>
        <p>
          Root <code>{result.root}</code>
        </p>
      </Note>
      {result.files.length === 0 ? (
        <Empty title="The job wrote no file" />
      ) : (
        <table>
          <thead>
            <tr>
              <th>File</th>
              <th className="number">Size</th>
              <th>
                <span className="hidden">Save</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {result.files.map((file) => (
              <tr key={file.path}>
                <td>
                  <code>{clean(file.path)}</code>
                </td>
                <td className="number">{bytes(file.bytes.length)}</td>
                <td>
                  <button
                    type="button"
                    className="button"
                    data-kind="quiet"
                    data-size="small"
                    onClick={() => {
                      // Never as a page of ours: plain bytes, to be saved.
                      const url = URL.createObjectURL(new Blob([file.bytes], { type: 'application/octet-stream' }));
                      const link = document.createElement('a');
                      link.href = url;
                      link.download = clean(file.path.split('/').at(-1) ?? 'file');
                      link.click();
                      setTimeout(() => URL.revokeObjectURL(url), 10_000);
                    }}
                  >
                    Save<span className="hidden"> {clean(file.path)}</span>
                  </button>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {result.preview !== null && (
        <figure style={{ margin: 0 }}>
          <figcaption className="small soft">{clean(result.preview.path)}</figcaption>
          <pre className="log" style={{ height: 'auto', maxHeight: '16rem' }}>
            {result.preview.text}
          </pre>
        </figure>
      )}
    </div>
  );
}
