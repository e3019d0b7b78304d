// Leads to the peers that a name stands for at this moment: it is looked up at each try, and what is
// called are addresses by number, of those that may be called.
import { tryParseAddress } from '../address/peer-address.ts';
import { resolveNames } from '../address/resolve-names.ts';
import { type Guide, GuideFailure } from './guide.ts';

export class NameGuide implements Guide {
  readonly name: string;
  readonly towards: string;
  readonly #mayCall: (address: string) => boolean;
  #turn = 0;

  /** @param mayCall whether an address by number may be called for it */
  constructor(address: string, mayCall: (address: string) => boolean = () => true) {
    this.name = address;
    this.towards = address;
    this.#mayCall = mayCall;
  }

  async learn(signal: AbortSignal): Promise<readonly string[]> {
    const found = await resolveNames(this.name, signal);
    if (found.length === 0) throw new GuideFailure('no such name, or it stands for no address');
    const callable = found.filter(this.#mayCall);
    if (callable.length === 0) {
      throw new GuideFailure('the name leads to this machine, where a link may not lead');
    }
    // One peer is called at a time: another one next time.
    const peers = [...new Set(callable.map((text) => tryParseAddress(text)?.peerId))];
    const peer = peers[this.#turn++ % peers.length];
    return callable.filter((text) => tryParseAddress(text)?.peerId === peer);
  }
}
