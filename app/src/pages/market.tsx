/** The market: who has GPUs, what they ask, what they were measured to be. */
import { useMemo, useState } from 'react';
import { PriceChart } from '../charts/price-chart';
import { PercentileStrip } from '../charts/strips';
import { WorldMap } from '../charts/world-map';
import { tierWord, type OfferRecord, type ProviderRecord } from '../gateway/records';
import { regionName } from '../geography/land';
import { useNetwork } from '../network';
import { useNow } from '../parts/clock';
import { SelectField, TextField } from '../parts/field';
import { Bone, Empty, Mark, Show, short, Tier } from '../parts/marks';
import { Hourly, mintName } from '../parts/money';
import { Link, setSearch, useSearch } from '../routing';
import { useHistory, useOffers, usePercentiles, useProviders } from '../store/questions';
import { decimal, memory, parseDecimal, percent } from '../text/amount';
import { TIERS } from '../text/known';
import { relative } from '../text/time';

const SPANS = [
  { label: 'Day', span: 86_400, bucket: 1_800 },
  { label: 'Week', span: 604_800, bucket: 10_800 },
  { label: 'Month', span: 2_592_000, bucket: 43_200 },
] as const;

export function Market() {
  const providers = useProviders();
  const offers = useOffers();
  const { paymentMint, network } = useNetwork();
  const search = useSearch();
  const region = search.get('region') === null ? null : Number(search.get('region'));
  const tierFilter = search.get('tier') ?? '';
  const perRegion = useMemo(() => {
    const counts = new Map<number, number>();
    for (const provider of providers.data ?? []) {
      if (!provider.active) continue;
      counts.set(provider.region, (counts.get(provider.region) ?? 0) + provider.gpu_count);
    }
    return counts;
  }, [providers.data]);
  const active = providers.data?.filter((provider) => provider.active) ?? [];
  const gpus = active.reduce((sum, provider) => sum + provider.gpu_count, 0);
  const proven = active.reduce((sum, provider) => sum + provider.jobs_accepted, 0);
  const failed = active.reduce((sum, provider) => sum + provider.jobs_failed + provider.jobs_rejected, 0);
  const ready = offers.data?.filter((offer) => offer.fits_now) ?? [];
  const cheapest = ready
    .filter((offer) => offer.mint === paymentMint?.mint)
    .reduce<bigint | null>(
      (least, offer) => (least === null || offer.price_per_second < least ? offer.price_per_second : least),
      null,
    );

  return (
    <>
      <div className="page-head">
        <div>
          <h1>Rent GPUs. Pay for proven work.</h1>
          <p>
            Every second is escrowed before it runs and paid only when the work is proven. What was not run comes back
            without asking anyone.
          </p>
        </div>
        <Link to="/launch" className="button">
          Launch a job
        </Link>
      </div>
      <div className="stack">
        <dl className="figures">
          <div>
            <dt>GPUs on offer</dt>
            <dd>{providers.data === undefined ? <Bone width="3rem" /> : gpus}</dd>
          </div>
          <div>
            <dt>Providers taking jobs</dt>
            <dd>{providers.data === undefined ? <Bone width="3rem" /> : active.length}</dd>
          </div>
          <div>
            <dt>Cheapest hour, free now</dt>
            <dd>
              {offers.data === undefined ? (
                <Bone width="6rem" />
              ) : cheapest === null || paymentMint === null ? (
                <small>nothing free</small>
              ) : (
                <Hourly perSecond={cheapest} mint={paymentMint.mint} unit={false} />
              )}{' '}
              {cheapest !== null && paymentMint !== null && (
                <small>{mintName(paymentMint.mint, network?.local ?? false)}</small>
              )}
            </dd>
          </div>
          <div>
            <dt>Jobs proven, and failed</dt>
            <dd>
              {providers.data === undefined ? <Bone width="5rem" /> : `${proven}`}
              <small> / {failed}</small>
            </dd>
          </div>
        </dl>
        <div className="split">
          <Prices tier={tierFilter} />
          <section className="sheet where">
            <header>
              <h2>Where they are</h2>
            </header>
            <Show known={providers} bones={<Bone width="100%" height="12rem" />}>
              {() => (
                <WorldMap
                  counts={perRegion}
                  selected={region}
                  onSelect={(chosen) => setSearch({ region: chosen === null ? null : String(chosen) })}
                />
              )}
            </Show>
          </section>
        </div>
        <Offers offers={offers} providers={providers} />
      </div>
    </>
  );
}

function Prices({ tier }: { tier: string }) {
  const { paymentMint, network } = useNetwork();
  const [chosen, choose] = useState<(typeof SPANS)[number]>(SPANS[0]);
  const history = useHistory(paymentMint?.mint ?? null, tier || null, chosen.bucket, chosen.span);
  const percentiles = usePercentiles(paymentMint?.mint ?? null, tier || null);
  const now = useNow(60_000);
  const decimals = paymentMint?.decimals ?? 6;
  return (
    <section className="sheet costs">
      <header>
        <h2>
          What an hour costs{' '}
          <small className="soft small">
            {paymentMint !== null && `in ${mintName(paymentMint.mint, network?.local ?? false)}`}
          </small>
        </h2>
        <div className="chips" role="group" aria-label="Time shown">
          {SPANS.map((span) => (
            <button key={span.label} type="button" aria-pressed={span === chosen} onClick={() => choose(span)}>
              {span.label}
            </button>
          ))}
        </div>
      </header>
      <div className="stack">
        <Show known={history} bones={<Bone width="100%" height="14rem" />}>
          {(buckets) =>
            buckets.length === 0 ? (
              <Empty title="No job was matched in this time">The chart begins with the first match.</Empty>
            ) : (
              <PriceChart buckets={buckets} decimals={decimals} from={now - chosen.span} to={now} />
            )
          }
        </Show>
        <Show known={percentiles} bones={<Bone width="100%" height="3rem" />}>
          {(found) => (
            <PercentileStrip
              format={(perSecond) => decimal(perSecond * 3_600n, decimals, 2)}
              rows={[
                { label: 'Asked now', ...found.offers },
                { label: 'Paid in the last 24 hours', ...found.matched_24h },
              ].flatMap((row) =>
                row.p10 === null || row.p50 === null || row.p90 === null
                  ? []
                  : [
                      {
                        label: `${row.label} (${row.count})`,
                        low: row.p10,
                        middle: row.p50,
                        high: row.p90,
                        count: row.count,
                      },
                    ],
              )}
            />
          )}
        </Show>
      </div>
    </section>
  );
}

function Offers({
  offers,
  providers,
}: {
  offers: ReturnType<typeof useOffers>;
  providers: ReturnType<typeof useProviders>;
}) {
  const search = useSearch();
  const { paymentMint, network } = useNetwork();
  const now = useNow(10_000);
  const tier = search.get('tier') ?? '';
  const region = search.get('region');
  const vram = Number(search.get('vram') ?? 0);
  const gpus = Number(search.get('gpus') ?? 0);
  const real = search.get('real') === 'yes';
  const most = parseDecimal(search.get('most') ?? '', paymentMint?.decimals ?? 6);
  const fits = (offer: OfferRecord): boolean =>
    (tier === '' || tierWord(offer.tier) === tier) &&
    (region === null || offer.region === Number(region)) &&
    offer.vram_mib >= vram * 1_024 &&
    offer.gpu_count >= gpus &&
    !(real && offer.simulated) &&
    (!('atoms' in most) || offer.price_per_second * 3_600n <= most.atoms);
  const byAddress = useMemo(
    () => new Map<string, ProviderRecord>((providers.data ?? []).map((provider) => [provider.address, provider])),
    [providers.data],
  );
  return (
    <section className="sheet">
      <header>
        <h2>Standing offers</h2>
      </header>
      <div className="stack">
        <div className="filters">
          <SelectField
            label="Tier"
            value={tier}
            onChange={(value) => setSearch({ tier: value })}
            options={[
              { value: '', label: 'Any' },
              ...TIERS.slice(1).map(({ word, name }) => ({ value: word, label: name })),
            ]}
          />
          <SelectField
            label="Memory per GPU"
            value={search.get('vram') ?? ''}
            onChange={(value) => setSearch({ vram: value })}
            options={[
              { value: '', label: 'Any' },
              ...[8, 12, 16, 24, 48, 80].map((gib) => ({ value: String(gib), label: `${gib} GiB and more` })),
            ]}
          />
          <SelectField
            label="GPUs"
            value={search.get('gpus') ?? ''}
            onChange={(value) => setSearch({ gpus: value })}
            options={[
              { value: '', label: 'Any' },
              ...[2, 4, 8].map((count) => ({ value: String(count), label: `${count} and more` })),
            ]}
          />
          <TextField
            label="At most per hour"
            value={search.get('most') ?? ''}
            onChange={(value) => setSearch({ most: value })}
            inputMode="decimal"
          />
          {network?.allow_simulated === true && (
            <SelectField
              label="Devices"
              value={real ? 'yes' : ''}
              onChange={(value) => setSearch({ real: value })}
              options={[
                { value: '', label: 'Simulated too' },
                { value: 'yes', label: 'Real GPUs only' },
              ]}
            />
          )}
        </div>
        <Show known={offers} bones={<OfferBones />}>
          {(all) => {
            const found = all
              .filter(fits)
              .toSorted(
                (one, other) =>
                  Number(other.fits_now) - Number(one.fits_now) ||
                  (one.price_per_second < other.price_per_second ? -1 : 1),
              );
            if (all.length === 0) {
              return (
                <Empty title="Nobody has published an offer yet">
                  <p>
                    You can still launch a job as an auction: providers answer with bids. Or{' '}
                    <Link to="/provider">offer your own GPU</Link>.
                  </p>
                </Empty>
              );
            }
            if (found.length === 0) {
              return (
                <Empty title={`None of the ${all.length} offers fits these filters`}>
                  <button
                    type="button"
                    className="text-button"
                    onClick={() =>
                      setSearch({ tier: null, vram: null, gpus: null, most: null, real: null, region: null })
                    }
                  >
                    Remove the filters
                  </button>
                </Empty>
              );
            }
            return (
              <div className="table-wrap">
                <table className="cards">
                  <thead>
                    <tr>
                      <th>GPU</th>
                      <th>Tier</th>
                      <th>Provider</th>
                      <th>Region</th>
                      <th>Uptime</th>
                      <th>Measured</th>
                      <th>Record</th>
                      <th className="number">An hour</th>
                      <th>
                        <span className="hidden">Take it</span>
                      </th>
                    </tr>
                  </thead>
                  <tbody>
                    {found.map((offer) => {
                      const provider = byAddress.get(offer.provider);
                      return (
                        <tr key={offer.address}>
                          <td className="wide" data-label="GPU">
                            <b>
                              {offer.gpu_count > 1 && `${offer.gpu_count} \u00d7 `}
                              <bdi>{offer.gpu_model || 'GPU'}</bdi>
                            </b>
                            <br />
                            <span className="soft small">
                              {memory(offer.vram_mib)}
                              {offer.simulated && ', simulated device'}
                            </span>
                          </td>
                          <td data-label="Tier">
                            <Tier tier={offer.tier} />
                          </td>
                          <td data-label="Provider">
                            <Link to={`/providers/${offer.owner}`}>
                              <code>{short(offer.owner)}</code>
                            </Link>
                          </td>
                          <td data-label="Region">{regionName(offer.region)}</td>
                          <td data-label="Uptime">
                            {provider === undefined ? (
                              '\u2013'
                            ) : provider.uptime_measured ? (
                              percent(provider.uptime_bps)
                            ) : (
                              <span className="soft">not measured yet</span>
                            )}
                          </td>
                          <td data-label="Measured">
                            {provider?.certificate ? (
                              <Mark
                                tone="good"
                                title={`${provider.certificate.gops} \u00d7 10\u2079 int8 operations a second`}
                              >
                                {relative(provider.certificate.measured_at, now)}
                              </Mark>
                            ) : (
                              <span className="soft">no certificate</span>
                            )}
                          </td>
                          <td data-label="Record">
                            {provider === undefined
                              ? '\u2013'
                              : `${provider.jobs_accepted} proven, ${provider.jobs_failed + provider.jobs_rejected} failed`}
                          </td>
                          <td className="number" data-label="An hour">
                            <b>
                              <Hourly
                                perSecond={offer.price_per_second}
                                mint={offer.mint}
                                unit={offer.mint !== paymentMint?.mint}
                              />
                            </b>
                          </td>
                          <td data-label="">
                            {offer.fits_now ? (
                              <Link to={`/launch?offer=${offer.address}`} className="button" data-size="small">
                                Use it
                              </Link>
                            ) : (
                              <Mark>{offer.valid_until <= now ? 'expired' : 'busy'}</Mark>
                            )}
                          </td>
                        </tr>
                      );
                    })}
                  </tbody>
                </table>
              </div>
            );
          }}
        </Show>
      </div>
    </section>
  );
}

function OfferBones() {
  return (
    <>
      {[1, 2, 3].map((row) => (
        <Bone key={row} width="100%" height="2.6rem" />
      ))}
    </>
  );
}
