/** What the reader wants to offer for priority; remembered in this browser. */
import type { Priority } from '@proofmill/client';

const KEPT = 'proofmill.priority';

export const PRIORITIES: readonly { readonly value: Priority; readonly label: string }[] = [
  { value: 'off', label: 'Offer nothing for priority' },
  { value: 'auto', label: 'Offer what half of the recent blocks took' },
  { value: 'fast', label: 'Offer what nine in ten of them took' },
];

/** Nothing unless chosen: a network that is not busy takes transactions without. */
export function keptPriority(): Priority {
  const kept = localStorage.getItem(KEPT);
  return PRIORITIES.find(({ value }) => value === kept)?.value ?? 'off';
}

export const keepPriority = (priority: Priority): void => localStorage.setItem(KEPT, priority);
