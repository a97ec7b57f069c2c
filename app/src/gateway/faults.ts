/** What can go wrong with a gateway, in words with the next step. */
import { clean } from '../text/clean';

/** Something failed, said for people. */
export interface Words {
  readonly what: string;
  readonly next: string;
}

export type GatewayFaultKind = 'unreachable' | 'slow' | 'refused' | 'nonsense';

export class GatewayFault extends Error {
  override readonly name = 'GatewayFault';

  constructor(
    readonly kind: GatewayFaultKind,
    readonly words: Words,
    /** The gateway's own code, or its HTTP status. */
    readonly code: string,
  ) {
    super(words.what);
  }

  static unreachable(): GatewayFault {
    return new GatewayFault(
      'unreachable',
      {
        what: 'The gateway does not answer.',
        next: 'Your money does not depend on it: escrow and stake are on the chain. This page tries again by itself.',
      },
      'unreachable',
    );
  }

  static slow(seconds: number): GatewayFault {
    return new GatewayFault(
      'slow',
      {
        what: `The gateway did not answer within ${seconds} seconds.`,
        next: 'This page tries again by itself. If it lasts, use another gateway.',
      },
      'slow',
    );
  }

  /** The answer is not what the interface says: `where` names the first thing that is wrong. */
  static nonsense(where: string): GatewayFault {
    return new GatewayFault(
      'nonsense',
      {
        what: `The gateway sent something that cannot be true (${clean(where)}).`,
        next: 'Nothing of that answer is shown or used. Use another gateway if it goes on.',
      },
      'nonsense',
    );
  }

  static refused(status: number, body: unknown): GatewayFault {
    const error = (body as { error?: Record<string, unknown> } | null)?.error ?? {};
    const word = (value: unknown): string => (typeof value === 'string' ? clean(value) : '');
    const code = word(error['code']) || `http_${status}`;
    if (status === 429) {
      return new GatewayFault(
        'refused',
        { what: 'The gateway has had too many questions from here.', next: 'Wait a minute; this page slows down.' },
        code,
      );
    }
    return new GatewayFault(
      'refused',
      {
        what: word(error['message']) || `The gateway refused with status ${status}.`,
        next: word(error['next']) || 'Try again; if it goes on, use another gateway.',
      },
      code,
    );
  }
}
