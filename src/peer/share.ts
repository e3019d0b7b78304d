import type { CID } from 'multiformats/cid';
import type { PieceStore } from '../content/store.ts';
import type { Contacts } from './contacts.ts';
import type { Swarm } from './swarm.ts';

/** One file of a peer: what others can ask of it, and who takes part. */
export interface Share {
  readonly cid: CID;
  readonly store: PieceStore;
  readonly swarm: Swarm;
  readonly contacts: Contacts;
}
