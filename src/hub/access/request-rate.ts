// Limits how many requests a client may send: N at once, then one each Nth of the period. (The
// generic cell rate algorithm needs one number a client and no timer. It has no windows, at whose
// border twice the rate would pass.) rate-limiter-flexible takes 0.3 us a request (measured), so
// speed is no reason for an own one. But it holds a timer and an entry for each address of a
// period, without a bound, and answers by promise. Here the number of clients is bounded; the least
// recently seen is forgotten.
import { HubswarmError } from '../../runtime/errors.ts';
import { forgetOldest } from '../../runtime/forget-oldest.ts';
import { Refusal } from '../../runtime/refusal.ts';

export interface RequestRate {
  readonly requests: number;
  readonly perMs: number;
}

const PERIODS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000 };
/** Most requests of a limit. Chosen: more would be no limit. */
const MAX_REQUESTS = 1_000_000;

/** `100/s`, `600/m`, `5000/h`. @throws HubswarmError ERR_USAGE */
export function parseRequestRate(option: string, text: string): RequestRate {
  const [, count, period = ''] = /^(\d{1,7})\/([smh])$/.exec(text.trim()) ?? [];
  const requests = Number(count);
  if (!(requests >= 1 && requests <= MAX_REQUESTS)) {
    throw new HubswarmError(
      'ERR_USAGE',
      `${option}: '${text}' is not accepted; give requests per second, minute or hour, as in 100/s, 600/m or 5000/h`,
    );
  }
  return { requests, perMs: PERIODS[period]! };
}

export class RateRefusal extends Refusal {
  /** Kind of client: 'address' or 'token'. */
  readonly kind: string;
  readonly rate: RequestRate;
  /** Milliseconds until the next request would be taken. */
  declare readonly retryAfterMs: number;

  constructor(kind: string, rate: RequestRate, retryAfterMs: number) {
    super('ERR_RATE', `too many requests from this ${kind}; try again later`, { retryAfterMs });
    this.kind = kind;
    this.rate = rate;
  }
}

export interface RequestBudget {
  /** When the client's requests so far would all have been allowed at an even pace. */
  paidUntilMs: number;
}

/** Chosen: some 10 MB. */
const MAX_CLIENTS = 65_536;

export class RequestLimit {
  readonly #kind: string;
  readonly #rate: RequestRate;
  readonly #now: () => number;
  readonly #clients = new Map<string, RequestBudget>();

  /**
   * @param kind kind of client in messages: 'address' or 'token'
   * @param now a clock in milliseconds that never steps back
   */
  constructor(kind: string, rate: RequestRate, now: () => number = () => performance.now()) {
    this.#kind = kind;
    this.#rate = rate;
    this.#now = now;
  }

  /**
   * The budget of a client. Keep it as long as its connection: then it need not be searched again.
   */
  of(client: string): RequestBudget {
    const known = this.#clients.get(client);
    const budget = known ?? { paidUntilMs: Number.NEGATIVE_INFINITY };
    if (known) this.#clients.delete(client);
    this.#clients.set(client, budget);
    if (!known) forgetOldest(this.#clients, MAX_CLIENTS);
    return budget;
  }

  /** Counts one request. @throws RateRefusal */
  spend(budget: RequestBudget): void {
    const { requests, perMs } = this.#rate;
    const now = this.#now();
    const paidUntilMs = Math.max(budget.paidUntilMs, now) + perMs / requests;
    const overMs = paidUntilMs - now - perMs;
    // Allows a millionth more, so that rounding does not cost the last request of a burst.
    if (overMs > 1e-6 * perMs) throw new RateRefusal(this.#kind, this.#rate, overMs);
    budget.paidUntilMs = paidUntilMs;
  }
}
