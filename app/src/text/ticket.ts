/** The way to a service's port, as the gateway gives it. A hostile gateway could name any address there: only its own is taken. */

/** The form of a ticket's path: 43 letters of base64 today; longer secrets are taken too. */
const TICKET = /^\/p\/[A-Za-z0-9_-]{32,128}\/$/u;

/** The address to open, or null if the path is not one below `/p/` of this very gateway. */
export function ticketUrl(path: string, origin: string): string | null {
  if (!TICKET.test(path)) return null;
  const url = new URL(path, origin);
  return url.origin === origin && url.pathname === path && url.username === '' && url.password === '' ? url.href : null;
}

/** A port as typed; null if it is none. */
export function portOf(typed: string): number | null {
  if (!/^\d{1,5}$/u.test(typed.trim())) return null;
  const port = Number(typed.trim());
  return port >= 1 && port <= 65_535 ? port : null;
}
