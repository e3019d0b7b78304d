// Answers calls: the first message of an exchange stream is a hello that names the file; the stream
// then belongs to that file's swarm. A call without a hello in time, or for a file that is not
// here, is cut.
import { FrameDecoder } from '../exchange/wire/codec.ts';
import type { Message } from '../exchange/wire/message.ts';
import type { Timers } from '../runtime/clock.ts';
import { Callers } from './callers.ts';
import type { Swarm } from './swarm.ts';
import type { Wire } from './wire.ts';

const HELLO_WITHIN_MS = 5000;

export interface ReceptionInit {
  readonly clock: Timers;
  /** The swarm of a file, by its root CID's bytes as the caller, a stranger, sent them. */
  swarmOf(file: Uint8Array, caller: string): Pick<Swarm, 'join'> | undefined;
  isBanned(peer: string): boolean;
  /** @param forLoad whether the peer goes on calling though it was refused */
  onBan(peer: string, reason: string, forLoad: boolean): void;
}

type Hello = Extract<Message, { type: 'hello' }>;

export class Reception {
  readonly #init: ReceptionInit;
  readonly #callers = new Callers();

  constructor(init: ReceptionInit) {
    this.#init = init;
  }

  /**
   * Answers a peer that opened an exchange stream. Must be called as soon as the stream is there.
   */
  answer(wire: Wire): void {
    const { clock, isBanned, onBan } = this.#init;
    const peer = wire.remote;
    if (isBanned(peer)) return wire.abort('banned');
    const named = this.#callers.admit(peer, clock.now());
    if (named === 'refused') return wire.abort('too many calls');
    if (named === 'flood') {
      wire.abort('a flood of calls');
      return onBan(peer, 'a flood of calls', true);
    }
    this.#awaitHello(wire, named);
  }

  #awaitHello(wire: Wire, named: () => void): void {
    const { clock } = this.#init;
    let joined = false;
    const decoder = new FrameDecoder();
    const cancel = clock.after(HELLO_WITHIN_MS, 'hanging up', () => wire.abort('no hello'));
    wire.onEnd(() => {
      cancel();
      named();
      if (!joined) this.#noteOver(wire.remote, false);
    });
    let intake = (chunk: Uint8Array): void => {
      const { messages, violation } = decoder.push(chunk);
      if (messages.length === 0 && violation === undefined) return;
      cancel();
      named();
      intake = () => {};
      const hello = this.#helloOf(wire, messages, violation);
      const swarm = hello && this.#route(wire, hello);
      joined = swarm !== undefined;
      const onOver = (useful: boolean): void => this.#noteOver(wire.remote, useful);
      intake = swarm?.join({ wire, decoder, outbound: false, onOver }, messages) ?? intake;
    };
    wire.onData((chunk) => intake(chunk));
  }

  /** The hello that came first; a caller whose first message is another one is banned. */
  #helloOf(
    wire: Wire,
    [hello]: readonly Message[],
    violation: string | undefined,
  ): Hello | undefined {
    if (hello?.type === 'hello' && violation === undefined) return hello;
    this.#init.onBan(wire.remote, violation ?? `a ${hello?.type} before hello`, false);
    wire.abort('violation');
    return undefined;
  }

  #route(wire: Wire, hello: Hello): Pick<Swarm, 'join'> | undefined {
    const swarm = this.#init.swarmOf(hello.file, wire.remote);
    if (!swarm) wire.close('unknown file');
    return swarm;
  }

  /** Counts a call that ended without a piece. */
  #noteOver(peer: string, useful: boolean): void {
    if (!useful) this.#callers.noteUseless(peer, this.#init.clock.now());
  }
}
