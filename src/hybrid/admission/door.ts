/**
 * /hubswarm/admission/1.0.0: two peers that a hub has admitted to one topic show each other their
 * tickets, and exchange from then on.
 *
 * Participants: the caller, who was told of the other by a neighbour, and the answerer. Goal: each
 * knows that the hub has admitted the other, and until when. Non-goals: what the topic stands for, which
 * neither says. A stranger that is called, or calls, learns nothing: what it is shown first can be
 * made and checked only with the topic.
 *
 *     caller    32 bytes nonce, 32 bytes HMAC-SHA256(topic, "caller", both PeerIds, nonce)
 *     answerer  32 bytes HMAC-SHA256(topic, "answerer", both PeerIds, nonce), then its ticket; or it
 *               ends the stream
 *     caller    its ticket
 *     answerer  u8 1
 *
 * A ticket is u16 length (to 1024) and JSON (api/hub-admission.ts).
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { type HubAdmission, type Ticket, ticketSchema } from '../../api/hub-admission.ts';
import { answerStreams, openStream } from '../../peer/calls/side-streams.ts';
import type { Peer } from '../../peer/peer.ts';
import { HubswarmError } from '../../runtime/errors.ts';
import { guarded, unawaited } from '../../runtime/guarded.ts';
import { attempt } from '../../runtime/linked-abort.ts';
import type { Wire } from '../../swarm/wire.ts';
import { WireReader } from '../phrase/wire-reader.ts';
import { isGenuine } from './ticket.ts';

const ADMISSION_PROTOCOL = '/hubswarm/admission/1.0.0';
const NONCE_BYTES = 32;
const MAC_BYTES = 32;
const MOST_TICKET_BYTES = 1024;
/** Limit for a conversation. Chosen. */
const WITHIN_MS = 5000;
/** Most peers at once. Chosen: more than a peer has connections. */
const MOST_PEERS = 1024;

export class Door {
  /** PeerIds with whom content is exchanged. */
  readonly circle = new Set<string>();
  /** Until when, by this machine's clock. */
  readonly #until = new Map<string, number>();
  readonly #now: () => number;
  #peer: Peer | undefined;
  #own: HubAdmission | undefined;
  /** The hub's clock, ahead of this one. */
  #aheadMs = 0;

  /** @param now milliseconds since the epoch */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Answers from now on for the peer that was started with the circle. */
  async open(peer: Peer): Promise<void> {
    this.#peer = peer;
    await answerStreams(peer.node, ADMISSION_PROTOCOL, (wire) => this.#answer(wire));
  }

  /** Takes the hub's word for this peer, the first or a later one. */
  take(own: HubAdmission): void {
    this.#own = own;
    this.#aheadMs = own.ticket.until - own.ms - this.#now();
    this.#until.set(own.ticket.hub, Number.POSITIVE_INFINITY);
    this.circle.add(own.ticket.hub);
  }

  /** PeerIds of those that were admitted, without the hub. */
  get met(): string[] {
    return [...this.circle].filter((peer) => peer !== this.#own?.ticket.hub);
  }

  /** Forgets those whose ticket has ended. @returns their PeerIds */
  lapsed(): string[] {
    const now = this.#now();
    const over = [...this.#until].filter(([, until]) => until <= now).map(([peer]) => peer);
    for (const peer of over) {
      this.circle.delete(peer);
      this.#until.delete(peer);
    }
    return over;
  }

  /**
   * Makes this peer and a connected one known to each other.
   *
   * @throws when the other is no such peer
   */
  async knock(remote: string, signal: AbortSignal): Promise<void> {
    const peer = this.#peer;
    const own = this.#own?.ticket;
    if (!peer || !own) throw strange(remote);
    await attempt([signal], WITHIN_MS, async (within) => {
      const wire = await openStream(peer.node, remote, ADMISSION_PROTOCOL, within);
      const stop = guarded('leaving a door', () => wire.abort('no answer in time'));
      within.addEventListener('abort', stop);
      try {
        const reader = new WireReader(wire);
        const nonce = randomBytes(NONCE_BYTES);
        wire.send([nonce, macOf(own, 'caller', [peer.peerId, remote], nonce)]);
        const expected = macOf(own, 'answerer', [peer.peerId, remote], nonce);
        if (!timingSafeEqual(await reader.read(MAC_BYTES), expected)) throw strange(remote);
        const ticket = await readTicket(reader);
        const until = await this.#untilOf(ticket, remote);
        wire.send([framed(own)]);
        await reader.read(1);
        this.#admit(remote, until);
        wire.close();
      } catch (error) {
        wire.abort('not admitted');
        throw error;
      } finally {
        within.removeEventListener('abort', stop);
      }
    });
  }

  #answer(wire: Wire): void {
    const cancel = this.#peer!.clock.after(WITHIN_MS, 'closing a door', () =>
      wire.abort('not in time'),
    );
    wire.onEnd(cancel);
    const answered = this.#converse(wire).catch(() => wire.abort('not admitted'));
    unawaited('answering at a door', answered);
  }

  async #converse(wire: Wire): Promise<void> {
    const reader = new WireReader(wire);
    const asked = await reader.read(NONCE_BYTES + MAC_BYTES);
    const own = this.#own?.ticket;
    if (!own) throw strange(wire.remote);
    const nonce = asked.subarray(0, NONCE_BYTES);
    const ids = [wire.remote, own.peer] as const;
    const expected = macOf(own, 'caller', ids, nonce);
    if (!timingSafeEqual(asked.subarray(NONCE_BYTES), expected)) throw strange(wire.remote);
    wire.send([macOf(own, 'answerer', ids, nonce), framed(own)]);
    this.#admit(wire.remote, await this.#untilOf(await readTicket(reader), wire.remote));
    wire.send([Buffer.of(1)]);
    wire.close();
  }

  /** By this machine's clock. @throws if it is not for that peer, or has ended */
  async #untilOf(ticket: Ticket, remote: string): Promise<number> {
    const own = this.#own!.ticket;
    const isMeant = ticket.hub === own.hub && ticket.topic === own.topic && ticket.peer === remote;
    const until = ticket.until - this.#aheadMs;
    if (!isMeant || until <= this.#now() || !(await isGenuine(ticket))) throw strange(remote);
    return until;
  }

  #admit(remote: string, until: number): void {
    if (this.circle.size >= MOST_PEERS && !this.circle.has(remote)) throw strange(remote);
    this.#until.set(remote, until);
    this.circle.add(remote);
  }
}

function macOf(
  { topic }: Ticket,
  role: 'caller' | 'answerer',
  [caller, answerer]: readonly [string, string],
  nonce: Uint8Array,
): Buffer {
  const mac = createHmac('sha256', Buffer.from(topic, 'hex'));
  return mac.update(`${role}\n${caller}\n${answerer}\n`).update(nonce).digest();
}

function framed(ticket: Ticket): Buffer {
  const text = Buffer.from(JSON.stringify(ticket));
  const head = Buffer.alloc(2);
  head.writeUInt16BE(text.length);
  return Buffer.concat([head, text]);
}

/** @throws what zod throws; HubswarmError ERR_REMOTE */
async function readTicket(reader: WireReader): Promise<Ticket> {
  const length = (await reader.read(2)).readUInt16BE();
  if (length > MOST_TICKET_BYTES) throw new HubswarmError('ERR_REMOTE', 'too long a ticket');
  return ticketSchema.parse(JSON.parse((await reader.read(length)).toString()));
}

const strange = (remote: string): HubswarmError =>
  new HubswarmError('ERR_REMOTE', `${remote} was not admitted`);
