/** Whether another page shows this one inside itself: it could lay its own picture over the buttons. */
import type { Words } from '../gateway/faults';

export function framed(): boolean {
  try {
    return window.self !== window.top;
  } catch {
    return true;
  }
}

export const FRAMED: Words = {
  what: 'This page is shown inside another page, which could hide what you sign.',
  next: 'Nothing is signed here. Open it in a tab of its own.',
};
