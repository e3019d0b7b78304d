// Leads to the peer of a hub: asks the hub at each try where it listens now, so a hub that was
// restarted at another port is found again.
import { isIP } from 'node:net';
import type { Access } from '../client/http/access.ts';
import { HttpClient } from '../client/http/http-client.ts';
import { hostOf, showUrl } from '../client/http/url.ts';
import { type Guide, GuideFailure } from '../peer/discovery/guide.ts';
import { describeError } from '../runtime/errors.ts';
import { SCOPE, type Scope } from '../runtime/node/scope.ts';
import { addressesOf, findHub, hubOf } from './hub-address.ts';

/** Chosen: as long as a dial may take. */
const STALL_MS = 10_000;

export class HubGuide implements Guide {
  readonly name: string;
  readonly towards: string;
  /** The hub, ends in a slash. */
  readonly hub: URL;
  /** The least scope at which it may be called. */
  readonly least: Scope;
  readonly #access: Access;
  #peerId: string | undefined;

  /**
   * @param url of the hub, or of anything below it
   * @param least for a URL that is not the user's own: which addresses its name may stand for
   */
  constructor(url: URL, access: Access, least: Scope = SCOPE.host) {
    this.name = showUrl(url);
    this.hub = hubOf(url);
    this.least = least;
    this.#access = access;
    const host = hostOf(url);
    const kind = { 0: 'dns', 4: 'ip4', 6: 'ip6' }[isIP(host)];
    this.towards = `/${kind}/${host}/tcp/${url.port || (url.protocol === 'https:' ? 443 : 80)}`;
  }

  /** PeerId of the hub, as it said last; undefined if it is in no swarm, or has said nothing yet. */
  get peerId(): string | undefined {
    return this.#peerId;
  }

  async learn(signal: AbortSignal): Promise<readonly string[]> {
    const http = new HttpClient({ stallMs: STALL_MS, access: this.#access });
    http.tellers.confine(this.hub, this.least);
    try {
      const hub = await findHub(http, this.hub, signal);
      this.#peerId = hub.swarm?.peer;
      return addressesOf(hub);
    } catch (error) {
      signal.throwIfAborted();
      throw new GuideFailure(withoutUrl(describeError(error)), error);
    } finally {
      http.close();
    }
  }
}

/** The line that the reason stands in has the URL already. */
const withoutUrl = (message: string): string => message.replace(/^https?:\S+: /, '');
