// Whom a hub has admitted to what its tokens open. A token is shown over HTTP, with a PeerId whose
// owner signs a challenge; from then on the hub's peer gives that peer the file, and the peer has a
// ticket to show to others. An admission ends with the token, and after ten minutes: then it is
// asked for anew. What a peer may have is decided by the token's rights at each look, so a revoked
// token opens nothing any more.
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { CID } from 'multiformats/cid';
import { type Challenge, type HubAdmission, proofText } from '../../api/hub-admission.ts';
import { decodeCid, digestKey } from '../../content/cid.ts';
import type { Access } from '../../hub/access/access.ts';
import type { Caller } from '../../hub/access/caller.ts';
import type { AdmissionWish } from '../../hub/swarm/hub-swarm.ts';
import { isSignedBy } from '../../peer/private/signed-by.ts';
import type { Segments } from '../../root/root.ts';
import { type Sign, signTicket, topicKey, topicOf } from './ticket.ts';

/** Longest admission: other peers learn of a revoked token no sooner. Chosen. */
const ADMITTED_MS = 10 * 60_000;
/** Time to answer a challenge. Chosen. */
const CHALLENGE_MS = 60_000;
/** Most admissions; each takes some 300 bytes. Chosen. */
const MOST_ADMITTED = 16_384;
/** Most of one token: whoever bears it admits as many peers as they like, and pushes out their own. Chosen. */
const MOST_OF_TOKEN = 4096;
const MAC_BYTES = 16;
const TIME_BYTES = 6;

interface Admitted {
  readonly peer: string;
  readonly digest: Uint8Array;
  readonly caller: Caller;
  readonly until: number;
}

export interface HubAdmissionsInit {
  /** PeerId of the hub. */
  readonly hub: string;
  readonly sign: Sign;
  readonly access: Access;
  /** The places at which a file is that needs a token. */
  readonly places: (digest: Uint8Array) => Iterable<Segments>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

export class HubAdmissions {
  readonly #init: HubAdmissionsInit;
  readonly #topicKey: Promise<Buffer>;
  /** Of challenges: those of an earlier run are not taken. */
  readonly #secret = randomBytes(32);
  /** By peer and digest. */
  readonly #admitted = new Map<string, Admitted>();
  /** Keys of each token's, the oldest first. */
  readonly #ofToken = new Map<string, Set<string>>();

  constructor(init: HubAdmissionsInit) {
    this.#init = init;
    this.#topicKey = topicKey(init.sign);
  }

  /** As HubSwarm.admit(). */
  async admit(wish: AdmissionWish): Promise<Challenge | HubAdmission | undefined> {
    const cid = decodeCid(wish.cid);
    if (!cid || !this.#mayRead(wish.caller, cid.multihash.digest)) return undefined;
    if (wish.challenge === undefined || wish.proof === undefined) {
      return { challenge: this.#challenge(wish, this.#init.now() + CHALLENGE_MS) };
    }
    if (!(await this.#isProven(wish, wish.challenge, wish.proof))) return undefined;
    return this.#admit(wish, cid);
  }

  /** Whether that peer may have the file of that digest now. */
  opensTo(digest: Uint8Array, peer: string): boolean {
    const key = keyOf(peer, digest);
    const admitted = this.#admitted.get(key);
    if (!admitted) return false;
    if (this.#holds(admitted)) return true;
    this.#drop(key);
    return false;
  }

  /** Peers whose admission has ended since the last call. */
  lapsed(): string[] {
    const over = [...this.#admitted].filter(([, admitted]) => !this.#holds(admitted));
    for (const [key] of over) this.#drop(key);
    return [...new Set(over.map(([, { peer }]) => peer))];
  }

  async #admit({ caller, peer }: AdmissionWish, cid: CID): Promise<HubAdmission> {
    const { hub, sign, access, now } = this.#init;
    const { digest } = cid.multihash;
    const { expiresAtMs } = access.known(caller.credential ?? '') ?? { expiresAtMs: 0 };
    const until = Math.floor(Math.min(expiresAtMs, now() + ADMITTED_MS));
    const topic = topicOf(await this.#topicKey, cid);
    const ticket = await signTicket({ hub, peer, topic, until }, sign);
    this.#put({ peer, digest, caller: bearerOf(caller), until });
    return { ticket, ms: Math.max(0, until - now()) };
  }

  #put(admitted: Admitted): void {
    const key = keyOf(admitted.peer, admitted.digest);
    this.#drop(key);
    this.#admitted.set(key, admitted);
    const token = tokenOf(admitted);
    const keys = this.#ofToken.get(token) ?? new Set();
    this.#ofToken.set(token, keys.add(key));
    if (keys.size > MOST_OF_TOKEN) this.#drop(firstOf(keys));
    if (this.#admitted.size > MOST_ADMITTED) this.#drop(firstOf(this.#admitted.keys()));
  }

  #drop(key: string): void {
    const admitted = this.#admitted.get(key);
    if (!admitted) return;
    this.#admitted.delete(key);
    const keys = this.#ofToken.get(tokenOf(admitted))!;
    keys.delete(key);
    if (keys.size === 0) this.#ofToken.delete(tokenOf(admitted));
  }

  #holds({ digest, caller, until }: Admitted): boolean {
    const { access, now } = this.#init;
    return now() < until && access.holds(caller) && this.#mayRead(caller, digest);
  }

  #mayRead(caller: Caller, digest: Uint8Array): boolean {
    const { access, places } = this.#init;
    return [...places(digest)].some((place) => access.allows(caller, 'read', place));
  }

  async #isProven(wish: AdmissionWish, challenge: string, proof: string): Promise<boolean> {
    const { hub, now } = this.#init;
    const given = Buffer.from(challenge, 'base64url');
    if (given.length !== TIME_BYTES + MAC_BYTES) return false;
    const until = given.readUIntBE(0, TIME_BYTES);
    const expected = Buffer.from(this.#challenge(wish, until), 'base64url');
    if (until < now() || !timingSafeEqual(given, expected)) return false;
    const text = Buffer.from(proofText(hub, challenge));
    return isSignedBy(wish.peer, text, Buffer.from(proof, 'base64url'));
  }

  /** Holds for one peer, one file and one token; nothing of it is kept. */
  #challenge({ peer, cid, caller }: AdmissionWish, until: number): string {
    const time = Buffer.alloc(TIME_BYTES);
    time.writeUIntBE(until, 0, TIME_BYTES);
    const meant = JSON.stringify([peer, cid, caller.credential]);
    const mac = createHmac('sha256', this.#secret).update(time).update(meant).digest();
    return Buffer.concat([time, mac.subarray(0, MAC_BYTES)]).toString('base64url');
  }
}

const tokenOf = ({ caller }: Admitted): string => caller.credential ?? '';

const firstOf = <T>(some: Iterable<T>): T => some[Symbol.iterator]().next().value as T;

const keyOf = (peer: string, digest: Uint8Array): string => `${peer} ${digestKey(digest)}`;

/** What counts of a caller, without its request. */
const bearerOf = ({ rights, credential }: Caller): Caller => ({
  rights,
  credential,
  page: undefined,
  isPassedOn: false,
});
