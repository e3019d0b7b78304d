// The sender's end of a code phrase: it answers who says the number, lets in who proves the phrase,
// and follows how far each receiver is. A wrong phrase is judged once; then there is another.
import type { Timers } from '../../runtime/clock.ts';
import { describeError, HubswarmError } from '../../runtime/errors.ts';
import { unawaited } from '../../runtime/guarded.ts';
import type { Wire } from '../../swarm/wire.ts';
import type { Emit } from '../../telemetry/event.ts';
import { type CodePhrase, makePhrase, stretch } from './code-phrase.ts';
import { encodeOffer, type Offer } from './offer.ts';
import {
  decodeOpening,
  decodeReport,
  encodeStatus,
  OPENING_LENGTH,
  REPORT_LENGTH,
  type Status,
} from './protocol.ts';
import { CONFIRMATION_LENGTH, Spake2 } from './spake2.ts';
import { WireReader } from './wire-reader.ts';

/** Limit for the handshake, without the reports. Chosen. */
const HANDSHAKE_MS = 10_000;
/** Most handshakes at once: each costs some 20 ms of CPU. Chosen. */
const MOST_HANDSHAKES = 32;
/** Most handshakes of one peer within a span; further calls are cut, and may come later. Chosen. */
const MOST_OF_PEER = 4;
const SPAN_MS = 4000;
/** Most peers remembered within a span; further ones are cut: each costs its caller a handshake. Chosen. */
const MOST_PEERS = 256;
/** Wrong phrases after which the share ends: somebody guesses. Chosen. */
const MOST_WRONG = 5;

export interface PhraseSenderInit {
  /** The PeerId of this end. */
  readonly self: string;
  readonly offer: Offer;
  /** Complete receivers after which it ends. */
  readonly receivers: number;
  readonly clock: Timers;
  readonly emit: Emit;
  /** Told the phrase that is valid from now on. */
  onPhrase(phrase: CodePhrase): void;
  /** Opens the share to a receiver that proved the phrase, and closes it again. */
  admit(peer: string): void;
  dismiss(peer: string): void;
}

export class PhraseSender {
  readonly #init: PhraseSenderInit;
  readonly #ended = Promise.withResolvers<void>();
  /** Receivers that were let in and are not complete. */
  readonly #receiving = new Map<string, Wire>();
  #phrase!: CodePhrase;
  #password!: Promise<Buffer>;
  #complete = 0;
  #wrong = 0;
  #handshakes = 0;
  /** Number of handshakes of each peer within this span. */
  readonly #calls = new Map<string, number>();
  #spanEndsAt = 0;

  constructor(init: PhraseSenderInit) {
    this.#init = init;
    this.#renew();
  }

  /** Resolves when as many receivers are complete as may be. @throws HubswarmError ERR_BUSY when somebody guesses */
  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  /** Takes another phrase; the one before is void. */
  #renew(): void {
    this.#phrase = makePhrase();
    this.#password = stretch(this.#phrase);
    this.#init.emit({ event: 'phrase_made', phrase: this.#phrase.text });
    this.#init.onPhrase(this.#phrase);
  }

  /** Answers a stream of PHRASE_PROTOCOL. Must be called as soon as it is there. */
  answer(wire: Wire): void {
    const reader = new WireReader(wire);
    if (this.#handshakes >= MOST_HANDSHAKES || !this.#mayShake(wire.remote))
      return wire.abort('too many calls');
    this.#handshakes++;
    const { clock } = this.#init;
    const limit = clock.after(HANDSHAKE_MS, 'hanging up', () => wire.abort('too slow'));
    const shaken = this.#shake(wire, reader).finally(() => {
      limit();
      this.#handshakes--;
    });
    const following = shaken.then((isIn) => (isIn ? this.#follow(wire, reader) : undefined));
    unawaited(
      'answering who said a phrase',
      following.catch((error) => wire.abort(describeError(error))),
    );
  }

  #mayShake(peer: string): boolean {
    const now = this.#init.clock.now();
    if (now >= this.#spanEndsAt) {
      this.#calls.clear();
      this.#spanEndsAt = now + SPAN_MS;
    }
    const calls = this.#calls.get(peer) ?? 0;
    if (calls >= MOST_OF_PEER || (calls === 0 && this.#calls.size >= MOST_PEERS)) return false;
    this.#calls.set(peer, calls + 1);
    return true;
  }

  /** @returns whether the receiver proved the phrase, and was let in */
  async #shake(wire: Wire, reader: WireReader): Promise<boolean> {
    const { number, share } = decodeOpening(await reader.read(OPENING_LENGTH));
    const phrase = this.#phrase;
    const isOver = this.#complete >= this.#init.receivers;
    if (number !== phrase.number || isOver) return this.#refuse(wire, 'unknown');
    const spake = new Spake2({
      side: 'b',
      identities: { a: Buffer.from(wire.remote), b: Buffer.from(this.#init.self) },
      password: await this.#password,
    });
    const agreement = spake.agree(share);
    if (!agreement) throw new HubswarmError('ERR_REMOTE', 'no point of the curve');
    wire.send([encodeStatus('ok'), spake.share]);
    const confirmation = await reader.read(CONFIRMATION_LENGTH);
    // Another guess, made meanwhile, was wrong: this one is not judged.
    if (phrase !== this.#phrase) return this.#refuse(wire, 'wrong');
    if (!agreement.confirms(confirmation)) {
      this.#refuse(wire, 'wrong');
      this.#handleWrong(wire.remote);
      return false;
    }
    if (!this.#hasRoomFor(wire.remote)) {
      wire.send([encodeStatus('taken'), Buffer.from(agreement.confirmation)]);
      wire.close();
      return false;
    }
    this.#letIn(wire);
    const offer = encodeOffer(this.#init.offer);
    const length = Buffer.alloc(2);
    length.writeUInt16BE(offer.length);
    wire.send([encodeStatus('ok'), Buffer.from(agreement.confirmation), length, offer]);
    return true;
  }

  #refuse(wire: Wire, status: Extract<Status, 'unknown' | 'wrong'>): false {
    wire.send([encodeStatus(status)]);
    wire.close();
    return false;
  }

  #hasRoomFor(peer: string): boolean {
    const others = this.#receiving.size - (this.#receiving.has(peer) ? 1 : 0);
    return this.#complete + others < this.#init.receivers;
  }

  #letIn(wire: Wire): void {
    const { remote } = wire;
    this.#receiving.get(remote)?.close('it said the phrase again');
    this.#receiving.set(remote, wire);
    this.#init.admit(remote);
    this.#init.emit({ event: 'receiver_admitted', remote });
    wire.onEnd((reason) => this.#handleEnd(wire, reason));
  }

  #handleEnd(wire: Wire, reason: string): void {
    const { remote } = wire;
    if (this.#receiving.get(remote) !== wire) return;
    this.#receiving.delete(remote);
    this.#init.dismiss(remote);
    this.#init.emit({ event: 'receiver_left', remote, reason });
  }

  async #follow(wire: Wire, reader: WireReader): Promise<void> {
    const { emit, offer } = this.#init;
    const { remote } = wire;
    const { name, bytes: total } = offer;
    // It may want a part of it.
    let bytes = 0;
    for (;;) {
      const report = await reader.read(REPORT_LENGTH).catch(() => undefined);
      if (report === undefined) return;
      const verified = decodeReport(report);
      if (verified === 'complete') break;
      bytes = verified;
      emit({ event: 'receiver_progressed', remote, name, bytes, total });
    }
    this.#receiving.delete(remote);
    emit({ event: 'receiver_completed', remote, name, bytes, total });
    this.#complete++;
    wire.close();
    if (this.#complete >= this.#init.receivers) this.#ended.resolve();
  }

  #handleWrong(remote: string): void {
    this.#wrong++;
    this.#init.emit({ event: 'phrase_refused', remote });
    if (this.#wrong >= MOST_WRONG) {
      const message = `${MOST_WRONG} wrong phrases were said: somebody guesses; nothing was given away`;
      return this.#ended.reject(new HubswarmError('ERR_BUSY', message));
    }
    this.#renew();
  }
}
