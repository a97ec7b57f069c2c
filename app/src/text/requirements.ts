/** Why an offer does not fit, in words. The names are those of the program's refusals. */
import { regionName } from '../geography/land';
import { clean } from './clean';
import { memory, percent } from './amount';
import { duration } from './time';

type Format = (value: string) => string;
const number: Format = (value) => value;
const time: Format = (value) => (/^\d+$/u.test(value) ? duration(Number(value)) : value);
const mib: Format = (value) => (/^\d+$/u.test(value) ? memory(Number(value)) : value);
const bps: Format = (value) => (/^\d+$/u.test(value) ? percent(Number(value)) : value);
const region: Format = (value) => (/^\d+$/u.test(value) ? regionName(Number(value)) : value);

const WORDS: Readonly<Record<string, readonly [words: string, format: Format]>> = {
  offer_expired: ['the offer has expired', number],
  offer_too_short: ['it does not cover a run this long', time],
  offer_mint_differs: ['it is for another token', number],
  offer_not_for_services: ['it is not for services', number],
  invalid_provider: ['its provider is not registered', number],
  provider_offline: ['the provider takes no jobs now', number],
  simulated_device: ['the device is simulated', number],
  tier_too_low: ['the tier is too low', number],
  gpu_count_too_small: ['too few GPUs', number],
  insufficient_compute: ['too little GPU memory', mib],
  vram_too_small: ['too little GPU memory', mib],
  certificate_missing: ['it has no certificate', number],
  certificate_too_old: ['its certificate is too old', time],
  region_differs: ['it is in another region', region],
  uptime_too_low: ['its uptime is too low', bps],
  price_above_ceiling: ['it costs more than your ceiling', number],
  free_stake_too_small: ['the provider’s free stake does not cover the lock', number],
  capacity_exhausted: ['the provider is busy', number],
};

export function requirementWords(requirement: string, needed: string | null, found: string | null): string {
  const [words, format] = WORDS[requirement] ?? [clean(requirement).replaceAll('_', ' '), number];
  if (needed === null || found === null || format === number) return words;
  return `${words} (needed ${format(needed)}, found ${format(found)})`;
}
