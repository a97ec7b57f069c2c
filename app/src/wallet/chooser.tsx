/** Choosing a wallet, and what the header says of the connected one. */
import { useState } from 'react';
import { ask } from '../gateway/client';
import { GatewayFault, type Words } from '../gateway/faults';
import { anything } from '../gateway/wire';
import { useNetwork } from '../network';
import { Dialog } from '../parts/dialog';
import { Address, Fault, Note, short } from '../parts/marks';
import { useTell } from '../parts/toasts';
import { refresh } from '../store/cache';
import { clean } from '../text/clean';
import { useWallet } from './context';
import { sharedNames } from './names';

export function WalletButton() {
  const { address, choose, wallet } = useWallet();
  return (
    <button
      type="button"
      className="button"
      data-kind={address === null ? undefined : 'quiet'}
      onClick={() => choose(true)}
    >
      {address === null ? (
        'Connect a wallet'
      ) : (
        <>
          <span className="hidden">{wallet?.name}: </span>
          <code>{short(address)}</code>
        </>
      )}
    </button>
  );
}

export function WalletDialog() {
  const state = useWallet();
  const { network } = useNetwork();
  const tell = useTell();
  const [fault, setFault] = useState<Words | null>(null);
  const [busy, setBusy] = useState(false);
  if (!state.choosing) return null;
  const local = network?.local ?? false;
  const shared = sharedNames(state.wallets);

  const drip = async (): Promise<void> => {
    if (state.address === null) return;
    setBusy(true);
    setFault(null);
    try {
      await ask('/v1/faucet', anything, { method: 'POST', body: { address: state.address }, patience: 30_000 });
      refresh('balance');
      tell('good', 'Test money is on its way.', 'It is worth nothing outside this local network.');
      state.choose(false);
    } catch (error) {
      setFault(error instanceof GatewayFault ? error.words : { what: 'The faucet failed.', next: 'Try again.' });
    } finally {
      setBusy(false);
    }
  };

  return (
    <Dialog label="Wallet" onClose={() => state.choose(false)}>
      <div className="inside">
        {state.address === null ? (
          <>
            <h2>Connect a wallet</h2>
            <p className="soft">
              Phantom, Solflare, Backpack and every other wallet that follows the wallet standard appears here by
              itself. Connecting shows your address to this page and signs nothing.
            </p>
            {state.problem !== null && <Fault words={state.problem} />}
            {state.wallets.length === 0 ? (
              <Note title="This browser has no wallet for Solana.">
                <p>Install one as an extension, or open this page in a wallet’s own browser; then come back.</p>
              </Note>
            ) : (
              <ul className="wallets">
                {state.wallets.map((wallet, index) => (
                  <li key={`${index} ${wallet.name}`}>
                    <button type="button" onClick={() => void state.connectTo(wallet)}>
                      <img src={wallet.icon} alt="" />
                      <span>
                        {clean(wallet.name)}
                        {shared.has(wallet.name) && (
                          <>
                            <br />
                            <small className="bad">
                              Another wallet has this name too. If you installed one, the other is not it: check your
                              extensions before you connect.
                            </small>
                          </>
                        )}
                        {wallet.name === 'Burner (local only)' && (
                          <>
                            <br />
                            <small className="soft">
                              A key in this browser, unprotected: for test money on this computer.
                            </small>
                          </>
                        )}
                      </span>
                    </button>
                  </li>
                ))}
              </ul>
            )}
            {local && <TestKey />}
          </>
        ) : (
          <>
            <h2>{state.wallet?.name}</h2>
            <Address of={state.address} whole />
            {fault !== null && <Fault words={fault} />}
            <div className="buttons">
              {network?.faucet === true && (
                <button type="button" className="button" disabled={busy} onClick={() => void drip()}>
                  {busy ? 'Asking the faucet' : 'Get test money'}
                </button>
              )}
              <button
                type="button"
                className="button"
                data-kind="quiet"
                onClick={() => {
                  state.leave();
                  state.choose(false);
                }}
              >
                Disconnect
              </button>
            </div>
          </>
        )}
        <div className="buttons">
          <button type="button" className="text-button" onClick={() => state.choose(false)}>
            Close
          </button>
        </div>
      </div>
    </Dialog>
  );
}

/** A key file of the local network, such as that of a provider's owner. */
function TestKey() {
  const { wallets, connectTo } = useWallet();
  const [problem, setProblem] = useState<string | null>(null);
  return (
    <details>
      <summary>Use a test key file of this local network</summary>
      <div className="field" style={{ marginTop: '0.6rem' }}>
        <label htmlFor="test-key">Key file (a JSON list of 64 numbers)</label>
        <input
          id="test-key"
          type="file"
          accept="application/json,.json"
          onChange={(event) => {
            const file = event.target.files?.[0];
            if (file === undefined) return;
            setProblem(null);
            void (async () => {
              try {
                const { storeKeyFile } = await import('./burner');
                storeKeyFile(await file.text());
                const burner = wallets.find((wallet) => wallet.name === 'Burner (local only)');
                if (burner !== undefined) await connectTo(burner);
              } catch {
                setProblem('This is no key file. Choose one that ends in -test-keypair.json.');
              }
            })();
          }}
        />
        <span className="hint">
          It replaces the burner’s key in this browser. Never use a key that holds real money.
        </span>
        {problem !== null && <span className="problem">{problem}</span>}
      </div>
    </details>
  );
}
