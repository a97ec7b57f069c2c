/** A provider as everybody sees it. */
import { tierWord, type ProviderRecord } from '../gateway/records';
import { regionName } from '../geography/land';
import { useNow } from '../parts/clock';
import { Address, Bone, Empty, Mark, Note, Show, Tier, When } from '../parts/marks';
import { Hourly } from '../parts/money';
import { Link } from '../routing';
import { useJobs, useOffers, useProvider } from '../store/questions';
import { decimal, grouped, memory, percent } from '../text/amount';
import { duration, relative } from '../text/time';
import { JobTable } from './jobs';

export function ProviderProfile({ parameter: owner }: { parameter: string }) {
  const provider = useProvider(owner);
  const offers = useOffers();
  const jobs = useJobs(provider.data === undefined ? null : { provider: provider.data.address });
  const mine = offers.data?.filter((offer) => offer.owner === owner) ?? [];
  return (
    <Show known={provider} bones={<Bone width="100%" height="20rem" />}>
      {(found) => (
        <>
          <div className="page-head">
            <div>
              <h1>
                {found.gpu_count > 1 && `${found.gpu_count} \u00d7 `}
                <bdi>{found.gpu_model || 'Provider'}</bdi>
              </h1>
              <p>
                <Tier tier={found.tier} /> <Address of={found.owner} whole what="owner" />
              </p>
            </div>
            <div className="buttons">
              {found.active ? <Mark tone="good">takes jobs</Mark> : <Mark>takes no jobs now</Mark>}
              {found.simulated && <Mark tone="warn">simulated device</Mark>}
            </div>
          </div>
          <div className="stack">
            <Record found={found} />
            <div className="pair">
              <section className="sheet">
                <header>
                  <h2>What it says, and what was measured</h2>
                </header>
                <Capability found={found} />
              </section>
              <section className="sheet">
                <header>
                  <h2>Standing offers</h2>
                </header>
                {mine.length === 0 ? (
                  <Empty title="None">It may still bid in auctions.</Empty>
                ) : (
                  <table>
                    <thead>
                      <tr>
                        <th className="number">An hour</th>
                        <th>Longest run</th>
                        <th>
                          <span className="hidden">Take it</span>
                        </th>
                      </tr>
                    </thead>
                    <tbody>
                      {mine.map((offer) => (
                        <tr key={offer.address}>
                          <td className="number">
                            <Hourly perSecond={offer.price_per_second} mint={offer.mint} />
                          </td>
                          <td>{duration(offer.seconds_max)}</td>
                          <td>
                            {offer.fits_now ? (
                              <Link to={`/launch?offer=${offer.address}`} className="button" data-size="small">
                                Use it
                              </Link>
                            ) : (
                              <Mark>busy</Mark>
                            )}
                          </td>
                        </tr>
                      ))}
                    </tbody>
                  </table>
                )}
              </section>
            </div>
            <section className="sheet">
              <header>
                <h2>Its jobs</h2>
              </header>
              <Show known={jobs}>{(all) => <JobTable jobs={all.slice(0, 25)} empty="It has had no job yet." />}</Show>
            </section>
          </div>
        </>
      )}
    </Show>
  );
}

export function Record({ found }: { found: ProviderRecord }) {
  const judged = found.jobs_accepted + found.jobs_rejected + found.jobs_failed;
  return (
    <dl className="figures">
      <div>
        <dt>Jobs proven</dt>
        <dd>{grouped(found.jobs_accepted)}</dd>
      </div>
      <div>
        <dt>Rejected or failed</dt>
        <dd>
          {found.jobs_rejected + found.jobs_failed}
          <small>{judged > 0 && ` of ${judged}`}</small>
        </dd>
      </div>
      <div>
        <dt>Uptime</dt>
        <dd>{found.uptime_measured ? percent(found.uptime_bps) : <small>not measured yet</small>}</dd>
      </div>
      <div>
        <dt>Stake free for new jobs</dt>
        <dd>
          {found.stake === null ? <small>none</small> : decimal(found.stake.free, 6, 0)}
          {found.stake !== null && <small> of {decimal(found.stake.bonded, 6, 0)}</small>}
        </dd>
      </div>
    </dl>
  );
}

/** Announced and measured, side by side. Where nothing was measured it says so. */
export function Capability({ found }: { found: ProviderRecord }) {
  const now = useNow(10_000);
  const { certificate } = found;
  const short = certificate !== null && (certificate.tier < found.tier || certificate.vram_mib < found.vram_mib);
  return (
    <div className="stack tight">
      <table>
        <thead>
          <tr>
            <th>
              <span className="hidden">What</span>
            </th>
            <th>Announced</th>
            <th>Measured by the network</th>
          </tr>
        </thead>
        <tbody>
          <tr>
            <td>Tier</td>
            <td>{tierWord(found.tier)}</td>
            <td>{certificate === null ? <span className="soft">not yet</span> : tierWord(certificate.tier)}</td>
          </tr>
          <tr>
            <td>Memory per GPU</td>
            <td>{memory(found.vram_mib)}</td>
            <td>{certificate === null ? <span className="soft">not yet</span> : memory(certificate.vram_mib)}</td>
          </tr>
          <tr>
            <td>Exact int8 work</td>
            <td className="soft">not announced</td>
            <td>
              {certificate === null ? (
                <span className="soft">not yet</span>
              ) : (
                `${grouped(certificate.gops)} \u00d7 10\u2079 a second`
              )}
            </td>
          </tr>
          <tr>
            <td>When</td>
            <td>
              <When at={found.registered_at} />
            </td>
            <td>
              {certificate === null ? <span className="soft">not yet</span> : relative(certificate.measured_at, now)}
            </td>
          </tr>
        </tbody>
      </table>
      {short && (
        <Note tone="warn" title="The measurement falls short of what is announced.">
          <p>A job that asks for a certificate is matched by the measurement only.</p>
        </Note>
      )}
      <dl className="facts">
        <dt>Region</dt>
        <dd>{regionName(found.region)}</dd>
        <dt>Jobs at once</dt>
        <dd>{found.capacity}</dd>
        <dt>Accepted in a row</dt>
        <dd>{found.consecutive_accepted}</dd>
      </dl>
    </div>
  );
}
