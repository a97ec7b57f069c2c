/** The programs' refusals by number. Their numbers do not overlap: 500 to 699 and 700 to 799. */
import { arbiter, market, nextStep, programErrorOf } from '@proofmill/client';

export interface Refusal {
  readonly message: string;
  readonly next: string;
}

export const MARKET_ERRORS_BY_CODE = {
  get(code: number): Refusal | undefined {
    const found =
      programErrorOf(market.MARKET_PROGRAM_ADDRESS, code) ?? programErrorOf(arbiter.ARBITER_PROGRAM_ADDRESS, code);
    return found === undefined ? undefined : { message: found.message, next: nextStep(found.errorName) };
  },
};
