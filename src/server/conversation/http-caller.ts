// The caller of an HTTP request. Header fields are read when the hub needs them; access/ adds what
// it found out.
import type { IncomingMessage } from 'node:http';
import { normalAddress } from '../../hub/access/address-rules.ts';
import { household } from '../../hub/access/addresses.ts';
import type { Caller } from '../../hub/access/caller.ts';
import type { Rights } from '../../hub/access/rights.ts';
import type { Link } from '../../link/link.ts';

/** The usual header fields that proxies add: nginx, Apache, HAProxy, Traefik, Cloudflare, ingresses. */
const OF_PROXIES = [
  'x-forwarded-for',
  'forwarded',
  'x-real-ip',
  'via',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-forwarded-prefix',
  'x-forwarded-port',
  'x-forwarded-server',
  'x-forwarded-scheme',
  'x-original-uri',
  'x-original-forwarded-for',
  'x-scheme',
  'cf-connecting-ip',
  'true-client-ip',
];

export class HttpCaller implements Caller {
  /** Set by access/. */
  rights: Rights | undefined;
  /** Its own share of the uplink, if each client has one; set by access/. */
  link: Link | undefined;
  /** Address and port; only the address if a trusted proxy named it. */
  remote: string;
  /** The address alone. */
  address: string;
  readonly #headers: IncomingMessage['headers'];

  constructor({ socket, headers }: IncomingMessage) {
    // The socket forgets its address when it closes.
    this.address = socket.remoteAddress ?? '';
    this.remote = `${socket.remoteAddress}:${socket.remotePort}`;
    this.#headers = headers;
  }

  /** Stands for the user among those who share what there is. */
  get user(): string {
    return household(normalAddress(this.address));
  }

  get credential(): string | undefined {
    return this.#headers.authorization;
  }

  get page(): string | undefined {
    return this.#headers.origin;
  }

  get isPassedOn(): boolean {
    return OF_PROXIES.some((name) => this.#headers[name] !== undefined);
  }
}
