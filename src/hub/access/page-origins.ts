// Decides which pages of other web origins may use a hub.
import { HubswarmError } from '../../runtime/errors.ts';

const ANY = '*';

export class PageOrigins {
  readonly #origins: ReadonlySet<string>;

  /** @param origins as checked by checkOrigin */
  constructor(origins: readonly string[]) {
    this.#origins = new Set(origins);
  }

  get isEmpty(): boolean {
    return this.#origins.size === 0;
  }

  /** Whether pages of every web origin may use the hub. */
  get areAny(): boolean {
    return this.#origins.has(ANY);
  }

  lets(origin: string): boolean {
    return this.areAny || this.#origins.has(origin);
  }
}

/** A web origin as browsers write it, or `*`. @throws HubswarmError ERR_USAGE */
export function checkOrigin(option: string, text: string): string {
  if (text === ANY) return text;
  const origin = URL.canParse(text) ? new URL(text).origin : 'null';
  // Browsers leave out a default port and a path, and write the host in lower case.
  if (/^https?:/.test(origin) && (text === origin || text === `${origin}/`)) return origin;
  const hint = origin === 'null' ? '' : ` (did you mean ${origin}?)`;
  throw new HubswarmError(
    'ERR_USAGE',
    `${option}: '${text}' is not an origin${hint}; give scheme, host and port, as in https://app.example.org, or *`,
  );
}
