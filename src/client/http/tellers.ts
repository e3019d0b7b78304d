// Where servers may send a client: by a redirect or a link, to an address of their own scope or a
// wider one (runtime/node/scope.ts). Otherwise a server in the internet could have ports tried on
// this host and behind its firewall. A name counts by the addresses that it has at each call. What
// the user named is called wherever it is.
import { type LookupAddress, lookup } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { SCOPE, type Scope, scopeOfIp } from '../../runtime/node/scope.ts';
import { SourceFailure } from './source-failure.ts';
import { hostOf } from './url.ts';

export class Tellers {
  /** By origin: the widest scope of the addresses at which it was met. */
  readonly #met = new Map<string, Scope>();
  /** By origin: the least scope at which it may be called. */
  readonly #least = new Map<string, Scope>();

  /** @param address the server's IP address, undefined if it is not known any more */
  meet(origin: string, address: string | undefined): void {
    const scope = address === undefined ? undefined : scopeOfIp(address);
    const before = this.#met.get(origin) ?? SCOPE.host;
    this.#met.set(origin, Math.max(before, scope ?? SCOPE.everywhere) as Scope);
  }

  /**
   * The least scope at which a request may begin. An origin that no server has named before is the
   * user's.
   */
  leastOf({ origin }: URL): Scope {
    return this.#know(origin, SCOPE.host);
  }

  /** Notes that the server at `teller` named the URL. */
  handleNamed(url: URL, teller: URL): void {
    this.confine(url, this.scopeOf(teller));
  }

  /** Notes that the URL is from somebody who may name addresses of that scope and wider ones alone. */
  confine({ origin }: URL, least: Scope): void {
    this.#know(origin, least);
  }

  /** The least scope where a redirect leads from a server that was called with `least`. */
  redirect(from: URL, least: Scope, { origin }: URL): Scope {
    const next = Math.max(this.scopeOf(from), least) as Scope;
    this.#know(origin, next);
    return next;
  }

  #know(origin: string, least: Scope): Scope {
    const known = this.#least.get(origin) ?? least;
    this.#least.set(origin, known);
    return known;
  }

  /** The scope of the server of that URL, which was met; a server behind a proxy is anywhere. */
  scopeOf({ origin }: URL): Scope {
    return this.#met.get(origin) ?? SCOPE.everywhere;
  }
}

/** @throws SourceFailure if the URL's host is an address of a smaller scope */
export function checkScope(url: URL, least: Scope): void {
  const host = hostOf(url);
  if (isIP(host) && !isOf(host, least)) throw tooNear();
}

/** Looks up addresses of that scope and wider ones; undefined if all are. */
export function lookupFrom(least: Scope): LookupFunction | undefined {
  if (least === SCOPE.host) return undefined;
  return (name, options, done) => {
    lookup(name, { ...options, all: true }, (error, found) => {
      const fit = error ? [] : found.filter(({ address }) => isOf(address, least));
      const [first] = fit;
      if (!first) done(error ?? tooNear(), []);
      else if (options.all) done(null, fit satisfies LookupAddress[]);
      else done(null, first.address, first.family);
    });
  };
}

/** At 0.0.0.0 and its like, which have no scope, this host is called. */
const isOf = (address: string, least: Scope): boolean =>
  (scopeOfIp(address) ?? SCOPE.host) >= least;

const tooNear = (): SourceFailure =>
  new SourceFailure('leads to this host or a private network, from a server beyond it', {
    final: true,
  });
