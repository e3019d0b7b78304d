// Bounds the bytes of answers that lie in memory until their clients take them, over all
// connections. If there is no room, it cuts the answer whose client has taken no byte for the
// longest time, once that time is no mere hiccup. So a client that reads nothing keeps room from
// others only for a moment.
import { setTimeout as delay } from 'node:timers/promises';
import type { Conversation } from '../conversation/conversation.ts';
import { type Outlet, sendBytes } from './send-body.ts';

/**
 * Time without a byte after which an answer may be cut, if others want the room. Chosen: longer
 * than the kernel takes to repeat a lost packet.
 */
const UNMOVED_MS = 1000;
/** Time between two looks for room. Chosen. */
const LOOK_MS = 100;
/** Bytes of one write: the client takes them within the stall time, or is cut. Chosen. */
const PART_BYTES = 64 * 1024;

export class Held {
  readonly #conversation: Conversation;
  #movedAt = performance.now();
  readonly #release: () => void;

  constructor(conversation: Conversation, release: () => void) {
    this.#conversation = conversation;
    this.#release = release;
  }

  get movedAt(): number {
    return this.#movedAt;
  }

  /**
   * Whether its client takes no byte. An answer that waits for the link, or is still being made,
   * does not count.
   */
  get isStuck(): boolean {
    const { req } = this.#conversation;
    return req.socket.writableLength > 0 && performance.now() - this.#movedAt >= UNMOVED_MS;
  }

  /** @throws the reason why the client is gone */
  async send(outlet: Outlet, bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length; at += PART_BYTES) {
      this.#movedAt = performance.now();
      await sendBytes(outlet, bytes.subarray(at, at + PART_BYTES));
    }
  }

  cut(): void {
    this.#conversation.res.destroy();
    this.release();
  }

  /** Gives the room back. May be called twice. */
  release(): void {
    this.#release();
  }
}

export class HeldBytes {
  readonly #most: number;
  readonly #all = new Set<Held>();
  #bytes = 0;

  constructor(most: number) {
    this.#most = most;
  }

  /**
   * Waits for room. A single answer may be larger than all the room.
   *
   * @throws the reason why the client is gone
   */
  async take(bytes: number, conversation: Conversation): Promise<Held> {
    while (!this.#makeRoom(bytes)) await delay(LOOK_MS, undefined, { signal: conversation.signal });
    conversation.signal.throwIfAborted();
    const held = new Held(conversation, () => {
      if (this.#all.delete(held)) this.#bytes -= bytes;
    });
    this.#all.add(held);
    this.#bytes += bytes;
    return held;
  }

  #makeRoom(bytes: number): boolean {
    const fits = (): boolean => this.#bytes === 0 || this.#bytes + bytes <= this.#most;
    if (fits()) return true;
    const stuck = [...this.#all].filter((held) => held.isStuck);
    for (const held of stuck.sort((a, b) => a.movedAt - b.movedAt)) {
      held.cut();
      if (fits()) return true;
    }
    return false;
  }
}
