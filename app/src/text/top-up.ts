/** How much time a service is given more of. */
import { TOP_UP_DAYS_MAX } from '../limits';

/** Hours as typed, in whole seconds; null if they are none or too many. */
export function topUpSeconds(typed: string): number | null {
  if (!/^\d{1,3}(?:[.,]\d{1,6})?$/u.test(typed.trim())) return null;
  const seconds = Math.round(Number(typed.trim().replace(',', '.')) * 3_600);
  return seconds >= 1 && seconds <= TOP_UP_DAYS_MAX * 86_400 ? seconds : null;
}
