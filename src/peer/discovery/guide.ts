// Port: what names a peer anew each time that it is to be called, such as a hub that says where its
// peer listens now.
import { HubswarmError } from '../../runtime/errors.ts';

export interface Guide {
  /** For a person. */
  readonly name: string;
  /** A multiaddr of the host that leads there, before the peer is known: it decides who can call back. */
  readonly towards: string;
  /**
   * Multiaddrs of one peer. They are a remote's word: the dial budget holds.
   *
   * @throws GuideFailure if it names none; the signal's reason
   */
  learn(signal: AbortSignal): Promise<readonly string[]>;
}

/** Why a guide names nobody, in words for a person that name no remote's text. */
export class GuideFailure extends HubswarmError {
  constructor(reason: string, cause?: unknown) {
    super('ERR_NO_SOURCE', reason, { cause });
  }
}
