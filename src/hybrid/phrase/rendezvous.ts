/**
 * /hubswarm/rendezvous/1.0.0: a peer that both can reach tells the receiver of a code phrase where
 * the sender is.
 *
 * Participants: the keeper (a hub's peer), senders, receivers. Goal: from a phrase's number to the
 * sender's addresses. Non-goals: the phrase, which the keeper never learns; proof of who the sender
 * is, which PHRASE_PROTOCOL gives.
 *
 *     sender    u8 1, u16 number
 *     keeper    u8: 1 kept for as long as the stream is open, 0 no room for it
 *     receiver  u8 2, u16 number
 *     keeper    u8: 1, u16 length, addresses as a JSON array of multiaddrs with /p2p/, perhaps of several
 *               senders; 0 nobody
 */
import { z } from 'zod';
import {
  addressesOf,
  answerStreams,
  attendConnected,
  joinHeard,
  openStream,
} from '../../peer/calls/side-streams.ts';
import type { Peer } from '../../peer/peer.ts';
import type { Timers } from '../../runtime/clock.ts';
import { HubswarmError } from '../../runtime/errors.ts';
import { guarded, unawaited } from '../../runtime/guarded.ts';
import { attempt } from '../../runtime/linked-abort.ts';
import type { Wire } from '../../swarm/wire.ts';
import { WireReader } from './wire-reader.ts';

const RENDEZVOUS_PROTOCOL = '/hubswarm/rendezvous/1.0.0';

const KEEP = 1;
const ASK = 2;
const REQUEST_LENGTH = 3;
/** Limit for a request, which is sent in one go. Chosen. */
const REQUEST_WITHIN_MS = 5000;
/** Most entries, of one sender (which may have several shares) and of one number. Chosen. */
const MOST_KEPT = 2048;
const MOST_OF_PEER = 4;
const MOST_OF_NUMBER = 8;
/** Questions that may come at once, and the time after which one more may: numbers are few. Chosen. */
const MOST_QUESTIONS = 64;
const ONE_MORE_MS = 100;
/** Limit for a keeper's answer, and the time after which it is asked again. Chosen. */
const ANSWER_WITHIN_MS = 10_000;
const ASK_AGAIN_MS = 2000;
/** Longest list of addresses. Chosen. */
const MOST_BYTES = 4096;
const MOST_ADDRESSES = 2 * MOST_OF_NUMBER;
/** Addresses told of one sender. Chosen. */
const MOST_OF_SENDER = 2;

const addressesSchema = z.array(z.string().max(512)).max(MOST_ADDRESSES);

/** The addresses of a sender, as far as the asker has a use for them. */
type AddressesOf = (peer: string, asker: string) => Promise<string[]>;

export class Rendezvous {
  readonly #clock: Timers;
  readonly #addressesOf: AddressesOf;
  /** The number of each sender's stream. */
  readonly #kept = new Map<Wire, number>();
  #questions = MOST_QUESTIONS;
  #countedAt: number;

  constructor(clock: Timers, addressesOf: AddressesOf) {
    this.#clock = clock;
    this.#addressesOf = addressesOf;
    this.#countedAt = clock.now();
  }

  /** Answers a stream of RENDEZVOUS_PROTOCOL. Must be called as soon as it is there. */
  answer(wire: Wire): void {
    const reader = new WireReader(wire);
    const limit = this.#clock.after(REQUEST_WITHIN_MS, 'hanging up', () =>
      wire.abort('no request'),
    );
    const answered = reader
      .read(REQUEST_LENGTH)
      .finally(limit)
      .then((request) => this.#answer(wire, request));
    unawaited(
      'telling where a sender is',
      answered.catch(() => wire.abort('made no sense')),
    );
  }

  #answer(wire: Wire, request: Buffer): Promise<void> | void {
    const number = request.readUInt16BE(1);
    if (request[0] === KEEP) return this.#keep(wire, number);
    if (request[0] === ASK && this.#mayAsk()) return this.#tell(wire, number);
    wire.abort('too many questions');
  }

  #keep(wire: Wire, number: number): void {
    const kept = [...this.#kept];
    // It has called again, and the stream before may have died unseen.
    const before = kept.find(([{ remote }, each]) => remote === wire.remote && each === number);
    const ofPeer = kept.filter(([{ remote }]) => remote === wire.remote).length;
    const ofNumber = kept.filter(([, each]) => each === number).length;
    const isFull = kept.length >= MOST_KEPT || ofPeer >= MOST_OF_PEER || ofNumber >= MOST_OF_NUMBER;
    if (isFull && !before) {
      wire.send([Buffer.of(0)]);
      return wire.close();
    }
    before?.[0].close('registered again');
    if (before) this.#kept.delete(before[0]);
    this.#kept.set(wire, number);
    wire.onEnd(() => this.#kept.delete(wire));
    wire.send([Buffer.of(1)]);
  }

  async #tell(wire: Wire, number: number): Promise<void> {
    const senders = [...this.#kept].filter(([, each]) => each === number);
    // One that is not known any more must not hide the others.
    const told = await Promise.all(
      senders.map(([{ remote }]) => this.#addressesOf(remote, wire.remote).catch(() => [])),
    );
    const addresses = told.flatMap((each) => each.slice(0, MOST_OF_SENDER));
    if (addresses.length === 0) wire.send([Buffer.of(0)]);
    else {
      const list = Buffer.from(JSON.stringify(addresses));
      const head = Buffer.alloc(REQUEST_LENGTH);
      head[0] = 1;
      head.writeUInt16BE(list.length, 1);
      wire.send([head, list]);
    }
    wire.close();
  }

  #mayAsk(): boolean {
    const more = Math.floor((this.#clock.now() - this.#countedAt) / ONE_MORE_MS);
    this.#questions = Math.min(MOST_QUESTIONS, this.#questions + more);
    this.#countedAt += more * ONE_MORE_MS;
    if (this.#questions === 0) return false;
    this.#questions--;
    return true;
  }
}

/** Makes a peer a keeper. */
export async function keepRendezvous({ node, clock }: Peer): Promise<void> {
  const rendezvous = new Rendezvous(clock, (peer, asker) => addressesOf(node, peer, asker));
  await answerStreams(node, RENDEZVOUS_PROTOCOL, (wire) => rendezvous.answer(wire));
}

const requestOf = (kind: typeof KEEP | typeof ASK, number: number): Buffer => {
  const request = Buffer.of(kind, 0, 0);
  request.writeUInt16BE(number, 1);
  return request;
};

/** Opens a stream to a keeper and sends a request; the stream ends when the signal aborts. */
async function request(
  { node }: Peer,
  keeper: string,
  bytes: Buffer,
  signal: AbortSignal,
): Promise<{ wire: Wire; reader: WireReader }> {
  const wire = await openStream(node, keeper, RENDEZVOUS_PROTOCOL, signal);
  const reader = new WireReader(wire);
  const stop = guarded('leaving a rendezvous', () => wire.abort('given up'));
  signal.addEventListener('abort', stop);
  wire.onEnd(() => signal.removeEventListener('abort', stop));
  wire.send([bytes]);
  return { wire, reader };
}

/**
 * Has a keeper tell where this peer is. Resolves when it does so no more: the signal aborted, the
 * stream broke, or it has no room.
 *
 * @throws when the peer is no keeper, or is gone
 */
export async function register(
  peer: Peer,
  keeper: string,
  number: number,
  signal: AbortSignal,
): Promise<void> {
  const { wire } = await request(peer, keeper, requestOf(KEEP, number), signal);
  await new Promise<void>((resolve) => wire.onEnd(() => resolve()));
}

/** Asks keepers where the sender of that number is, and calls it, until the signal aborts. */
export function callHeard(peer: Peer, number: number, signal: AbortSignal): void {
  const ask = async (keeper: string): Promise<void> => {
    const addresses = await attempt([signal], ANSWER_WITHIN_MS, (until) =>
      askRendezvous(peer, keeper, number, until),
    );
    await joinHeard(peer, addresses, keeper, signal);
  };
  // A keeper may hear of the sender later, and the sender be reached later.
  attendConnected(peer, ASK_AGAIN_MS, ask, signal);
}

/**
 * Asks a keeper where the sender of that number is.
 *
 * @returns multiaddrs with /p2p/, as the keeper says; none if it knows nobody
 * @throws when the peer is no keeper, is gone or makes no sense
 */
async function askRendezvous(
  peer: Peer,
  keeper: string,
  number: number,
  signal: AbortSignal,
): Promise<string[]> {
  const { reader } = await request(peer, keeper, requestOf(ASK, number), signal);
  if ((await reader.read(1))[0] !== 1) return [];
  const length = (await reader.read(2)).readUInt16BE();
  if (length > MOST_BYTES) throw new HubswarmError('ERR_REMOTE', 'too many addresses');
  return addressesSchema.parse(JSON.parse((await reader.read(length)).toString()));
}
