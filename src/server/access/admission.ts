// Admits or refuses every request before any route sees it. The checks go from cheap to dear, so
// that a refused request costs least: name of the hub, address and its rate, CORS preflight, token
// and its rate. Only a token that was not seen before makes admit() asynchronous.
import type { OutgoingHttpHeaders } from 'node:http';
import type { Access, AccessOptions } from '../../hub/access/access.ts';
import { AddressSet } from '../../hub/access/address-rules.ts';
import { isLoopback } from '../../hub/access/open-writes.ts';
import type { VerifiedToken } from '../../hub/access/token.ts';
import type { Conversation } from '../conversation/conversation.ts';
import { standingHeaders } from '../message/standing-headers.ts';
import { ClientAddresses } from './client-addresses.ts';
import { Cors } from './cors.ts';
import { tokenOf } from './credentials.ts';
import type { ProxyHeader } from './forwarded.ts';
import { HostNames } from './host-names.ts';

export interface AdmissionOptions extends AccessOptions {
  readonly proxyHeader?: ProxyHeader | undefined;
  /** Path below which a proxy shows the hub, as checkBasePath() gives it; none by default. */
  readonly basePath?: string | undefined;
  /**
   * Names that requests may call the hub by, '*' for any. By default, a hub that only this machine
   * reaches and that anyone may read takes its own name alone; others take any name.
   */
  readonly allowHosts?: readonly string[] | undefined;
}

export interface AdmissionContext {
  readonly host: string;
  readonly tls: 'none' | 'self_signed' | 'given';
}

export class Admission {
  readonly #access: Access;
  readonly #cors: Cors | undefined;
  readonly #hostNames: HostNames | undefined;
  readonly #addresses: ClientAddresses | undefined;
  readonly #standing: readonly (readonly [string, string])[];

  constructor(access: Access, options: AdmissionOptions, context: AdmissionContext) {
    const { pages } = access;
    this.#access = access;
    this.#cors = pages.isEmpty ? undefined : new Cors(pages);
    this.#hostNames = hostNamesOf(options, context.host, access.isPublic);
    this.#addresses = clientAddressesOf(options, access);
    const rules = { embeddable: !pages.isEmpty, alwaysTls: context.tls === 'given' };
    this.#standing = pairs(standingHeaders(rules));
  }

  /** Sets the header fields that every answer has, refusals and health too. */
  greet(conversation: Conversation): void {
    for (const [name, value] of this.#standing) conversation.res.setHeader(name, value);
    this.#cors?.mark(conversation);
  }

  /**
   * Call it after greet(), before any route. Returns false if it has answered the request itself.
   *
   * @throws Refusal, HttpFailure 421; the promise rejects with the same
   */
  admit(conversation: Conversation): boolean | Promise<boolean> {
    this.#hostNames?.check(conversation.req);
    if (this.#addresses) this.#admitAddress(conversation, this.#addresses);
    if (this.#cors?.answerPreflight(conversation)) return false;
    const { authorization } = conversation.req.headers;
    if (authorization === undefined || !this.#access.takesTokens) return true;
    const known = this.#access.known(authorization);
    if (known) return this.#bear(conversation, known);
    return this.#access
      .verify(authorization, tokenOf(authorization))
      .then((token) => this.#bear(conversation, token));
  }

  #admitAddress({ req, caller }: Conversation, addresses: ClientAddresses): void {
    const { known, proxied } = addresses.of(req);
    if (proxied) {
      caller.remote = known.address;
      caller.address = known.address;
    }
    caller.link = known.link;
    known.admit();
  }

  #bear({ caller }: Conversation, token: VerifiedToken): boolean {
    caller.rights = token;
    this.#access.spend(token);
    return true;
  }
}

/** The names to check; undefined if any name will do. Behind a proxy, the proxy checks the name. */
function hostNamesOf(
  { allowHosts, trustedProxies = [] }: AdmissionOptions,
  host: string,
  isPublic: boolean,
): HostNames | undefined {
  if (allowHosts) return new HostNames([host, ...allowHosts], { pagesOnly: false });
  const isAtRisk = isPublic && isLoopback(host) && trustedProxies.length === 0;
  return isAtRisk ? new HostNames([host], { pagesOnly: true }) : undefined;
}

/** The addresses of clients; undefined if the hub treats all clients alike. */
function clientAddressesOf(
  { trustedProxies = [], proxyHeader = 'x-forwarded-for' }: AdmissionOptions,
  { addresses }: Access,
): ClientAddresses | undefined {
  if (!addresses) return undefined;
  const proxies = trustedProxies.length > 0 ? new AddressSet(trustedProxies) : undefined;
  return new ClientAddresses({ addresses, proxies, proxyHeader });
}

const pairs = (headers: OutgoingHttpHeaders): [string, string][] =>
  Object.entries(headers).map(([name, value]) => [name, String(value)]);
