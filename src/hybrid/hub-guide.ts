// Leads to the peer of a hub: asks the hub at each try where it listens now, so a hub that was
// restarted at another port is found again.
import { isIP } from 'node:net';
import type { Access } from '../client/http/access.ts';
import { HttpClient } from '../client/http/http-client.ts';
import { hostOf, showUrl } from '../client/http/url.ts';
import { type Guide, GuideFailure } from '../peer/discovery/guide.ts';
import { describeError } from '../runtime/errors.ts';
import { addressesOf, findHub } from './hub-address.ts';

/** Chosen: as long as a dial may take. */
const STALL_MS = 10_000;

export class HubGuide implements Guide {
  readonly name: string;
  readonly towards: string;
  /** Of the hub, or of anything below it. */
  readonly url: URL;
  readonly #access: Access;
  #peerId: string | undefined;

  constructor(url: URL, access: Access) {
    this.name = showUrl(url);
    this.url = url;
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
    try {
      const hub = await findHub(http, this.url, signal);
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
