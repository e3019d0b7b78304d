// Fetches the pages of listings as files are fetched: a break, a silence or a status that may pass is
// tried again, with longer and longer waits, until nothing was listed for too long. Time counts from
// the last page that came, for all directories together: a server that is gone is not waited for in
// each of them.
import { systemClock } from '../../../runtime/clock.ts';
import { HubswarmError } from '../../../runtime/errors.ts';
import { createRng } from '../../../runtime/rng.ts';
import type { Emit } from '../../../telemetry/event.ts';
import type { HttpClient } from '../../http/http-client.ts';
import { SourceFailure } from '../../http/source-failure.ts';
import { Patience, tryMirrors } from '../../mirrors/fail-over.ts';
import { Mirrors } from '../../mirrors/mirrors.ts';
import { getListing, type ListingPage } from './list.ts';

/** Pages in a row that a server may not deliver. Chosen: more belong to no single directory. */
const MAX_UNDELIVERED = 10;

export interface PatientListingOptions {
  readonly http: HttpClient;
  readonly timeoutMs: number;
  readonly emit: Emit;
  readonly signal: AbortSignal;
}

export class PatientListing {
  readonly #options: PatientListingOptions;
  readonly #patience: Patience;
  readonly #rng = createRng(Math.floor(Math.random() * 2 ** 32));
  #undelivered = 0;

  constructor(options: PatientListingOptions) {
    this.#options = options;
    this.#patience = new Patience(options.timeoutMs, systemClock);
  }

  /** Whether the server delivers no listing any more. */
  get isGone(): boolean {
    return this.#undelivered >= MAX_UNDELIVERED;
  }

  /** Fetches one page of a listing. @throws SourceFailure; the signal's reason */
  async page(url: URL): Promise<ListingPage> {
    const { http, emit, signal } = this.#options;
    const mirrors = new Mirrors([url], this.#rng);
    const context = { mirrors, patience: this.#patience, emit, clock: systemClock, signal };
    try {
      const page = await tryMirrors(context, (each) => getListing(http, each, signal));
      this.#handleAnswer();
      return page;
    } catch (error) {
      const { cause } = error as { cause?: unknown };
      if (!(error instanceof HubswarmError && cause instanceof SourceFailure)) throw error;
      if (cause.final) this.#handleAnswer();
      else this.#undelivered += 1;
      throw cause;
    }
  }

  #handleAnswer(): void {
    this.#undelivered = 0;
    this.#patience.restart();
  }
}
