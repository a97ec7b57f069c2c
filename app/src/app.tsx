import {
  Component,
  lazy,
  Suspense,
  useEffect,
  useState,
  type ComponentType,
  type LazyExoticComponent,
  type ReactNode,
} from 'react';
import { HouseMark } from './charts/wheel';
import { NetworkProvider, useNetwork, useSlot } from './network';
import { Market } from './pages/market';
import { Bone, Fault, Note } from './parts/marks';
import { Toasts } from './parts/toasts';
import { Link, usePath } from './routing';
import { SigningProvider } from './signing/context';
import { grouped } from './text/amount';
import { useTheme } from './theme';
import { WalletButton, WalletDialog } from './wallet/chooser';
import { WalletProvider } from './wallet/context';
import { FRAMED, framed } from './wallet/framed';
import { SignInProvider } from './wallet/sign-in';

interface PageProps {
  /** The part of the address that names what is shown; empty where there is none. */
  readonly parameter: string;
}
type Page = ComponentType<PageProps> | LazyExoticComponent<ComponentType<PageProps>>;

interface Route {
  readonly pattern: RegExp;
  readonly title: string;
  readonly page: Page;
}

const page = <Name extends string>(load: () => Promise<Record<Name, ComponentType<PageProps>>>, name: Name): Page =>
  lazy<ComponentType<PageProps>>(async () => ({ default: (await load())[name] }));

const ROUTES: readonly Route[] = [
  { pattern: /^\/$/u, title: 'Market', page: Market },
  {
    pattern: /^\/providers\/([1-9A-HJ-NP-Za-km-z]{32,44})$/u,
    title: 'Provider',
    page: page(() => import('./pages/provider-profile'), 'ProviderProfile'),
  },
  { pattern: /^\/launch$/u, title: 'Launch a job', page: page(() => import('./pages/launch'), 'Launch') },
  { pattern: /^\/jobs$/u, title: 'Jobs', page: page(() => import('./pages/jobs'), 'Jobs') },
  {
    pattern: /^\/jobs\/([1-9A-HJ-NP-Za-km-z]{32,44})$/u,
    title: 'Job',
    page: page(() => import('./pages/job'), 'JobPage'),
  },
  {
    pattern: /^\/arrays\/([1-9A-HJ-NP-Za-km-z]{32,44})$/u,
    title: 'Array',
    page: page(() => import('./pages/array'), 'ArrayPage'),
  },
  { pattern: /^\/provider$/u, title: 'Your GPUs', page: page(() => import('./pages/provider'), 'ProviderDashboard') },
  { pattern: /^\/validators$/u, title: 'Validators', page: page(() => import('./pages/validators'), 'Validators') },
  { pattern: /^\/stake$/u, title: 'Stake and rewards', page: page(() => import('./pages/stake'), 'StakePage') },
  { pattern: /^\/governance$/u, title: 'Governance', page: page(() => import('./pages/governance'), 'Governance') },
  { pattern: /^\/network$/u, title: 'Network', page: page(() => import('./pages/network-status'), 'NetworkStatus') },
];

const RAIL: readonly { readonly group: string; readonly links: readonly (readonly [to: string, name: string])[] }[] = [
  {
    group: 'Rent',
    links: [
      ['/', 'Market'],
      ['/launch', 'Launch a job'],
      ['/jobs', 'Jobs'],
    ],
  },
  {
    group: 'Earn',
    links: [
      ['/provider', 'Your GPUs'],
      ['/stake', 'Stake and rewards'],
    ],
  },
  {
    group: 'Trust',
    links: [
      ['/validators', 'Validators'],
      ['/governance', 'Governance'],
      ['/network', 'Network'],
    ],
  },
];

export function App() {
  return (
    <NetworkProvider>
      <Toasts>
        <WalletProvider>
          <SigningProvider>
            <SignInProvider>
              <Frame />
              <WalletDialog />
            </SignInProvider>
          </SigningProvider>
        </WalletProvider>
      </Toasts>
    </NetworkProvider>
  );
}

function Frame() {
  const path = usePath();
  const [open, setOpen] = useState(false);
  const [theme, turn] = useTheme();
  const match = ROUTES.map((route) => ({ route, found: route.pattern.exec(path) })).find(({ found }) => found !== null);
  const title = match?.route.title ?? 'Nothing here';
  const { network, behind, known } = useNetwork();
  const Shown = match?.route.page;

  useEffect(() => {
    document.title = path === '/' ? 'Proofmill: rent GPUs, pay for proven work' : `${title} \u2013 Proofmill`;
  }, [title, path]);

  return (
    <div className="frame">
      <a className="skip" href="#content">
        Skip to the content
      </a>
      <header className="top">
        <Link to="/" className="brand">
          <HouseMark />
          Proofmill
        </Link>
        <button
          type="button"
          className="button menu-button"
          data-kind="quiet"
          data-size="small"
          aria-expanded={open}
          aria-controls="rail"
          onClick={() => setOpen(!open)}
        >
          Menu
        </button>
        <Pulse />
        <button
          type="button"
          className="button"
          data-kind="quiet"
          onClick={turn}
          aria-label={`Use the ${theme === 'dark' ? 'light' : 'dark'} theme`}
        >
          <svg
            viewBox="0 0 20 20"
            width="18"
            height="18"
            aria-hidden="true"
            fill="none"
            stroke="currentColor"
            strokeWidth="1.8"
          >
            <circle cx="10" cy="10" r="7" />
            <path d="M10 3v14a7 7 0 0 0 0-14Z" fill="currentColor" />
          </svg>
        </button>
        <WalletButton />
      </header>
      <div className="rail" id="rail" data-open={open}>
        <nav aria-label="Pages">
          {RAIL.map(({ group, links }) => (
            <div key={group}>
              <h2>{group}</h2>
              <ul>
                {links.map(([to, name]) => (
                  <li key={to}>
                    <Link
                      to={to}
                      aria-current={path === to || (to !== '/' && path.startsWith(`${to}/`)) ? 'page' : undefined}
                      onClick={() => setOpen(false)}
                    >
                      {name}
                    </Link>
                  </li>
                ))}
              </ul>
            </div>
          ))}
        </nav>
      </div>
      <main id="content" tabIndex={-1}>
        {framed() && (
          <div style={{ marginBottom: '1.2rem' }}>
            <Fault words={FRAMED} />
          </div>
        )}
        {network?.paused === true && (
          <div style={{ marginBottom: '1.2rem' }}>
            <Note tone="warn" title="Openings are paused.">
              <p>New jobs, offers and bids are refused for now. What runs goes on, and every exit stays open.</p>
            </Note>
          </div>
        )}
        {behind !== null && (
          <div style={{ marginBottom: '1.2rem' }}>
            <Note tone="warn" title={`This gateway is ${grouped(behind)} slots behind the chain.`} live>
              <p>What you see may be old. Before you sign, everything that matters is read from the chain again.</p>
            </Note>
          </div>
        )}
        {known.fault !== null && network === null && (
          <div style={{ marginBottom: '1.2rem' }}>
            <Fault words={known.fault.words} />
          </div>
        )}
        <Guard key={path}>
          <Suspense fallback={<PageBones title={title} />}>
            {Shown === undefined ? <Nowhere /> : <Shown parameter={match?.found?.[1] ?? ''} />}
          </Suspense>
        </Guard>
      </main>
      <footer className="foot">
        <span>Not audited. Nothing here should hold real value yet.</span>
        {network?.local === true && <span>Local network: its money is worth nothing.</span>}
        {network !== null && <span>Gateway {network.version}</span>}
      </footer>
    </div>
  );
}

function Pulse() {
  const { network, live, behind, known } = useNetwork();
  const slot = useSlot();
  const down = known.fault !== null;
  const health = down ? 'bad' : behind !== null || !live ? 'warn' : 'good';
  const words =
    network === null
      ? down
        ? 'Gateway does not answer'
        : 'Connecting'
      : down
        ? 'Gateway lost; trying again'
        : `${network.local ? 'Local network' : 'Solana'}${slot === null ? '' : `, slot ${grouped(slot)}`}`;
  return (
    <Link to="/network" className="pulse" data-health={health}>
      <i aria-hidden="true" />
      <span className="nums">{words}</span>
    </Link>
  );
}

function PageBones({ title }: { title: string }) {
  return (
    <>
      <div className="page-head">
        <h1>{title}</h1>
      </div>
      <div className="sheet">
        <Bone width="100%" height="14rem" />
      </div>
    </>
  );
}

function Nowhere() {
  return (
    <div className="stack tight">
      <h1>There is no such page</h1>
      <p>The address may be mistyped.</p>
      <p>
        <Link to="/">Go to the market</Link>
      </p>
    </div>
  );
}

/** A page that fails says so, and leaves the others alone. */
class Guard extends Component<{ readonly children: ReactNode }, { readonly failed: string | null }> {
  override state: { readonly failed: string | null } = { failed: null };

  static getDerivedStateFromError(error: unknown): { failed: string } {
    return { failed: error instanceof Error ? error.message : String(error) };
  }

  override render(): ReactNode {
    if (this.state.failed === null) return this.props.children;
    return (
      <Fault
        words={{
          what: `This page failed: ${this.state.failed}`,
          next: 'Nothing was signed. Load the page again; if it fails again, report these words.',
        }}
      >
        <div className="buttons">
          <button type="button" className="button" data-size="small" onClick={() => window.location.reload()}>
            Load again
          </button>
        </div>
      </Fault>
    );
  }
}
