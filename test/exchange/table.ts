// One session at a table with neighbours that a test speaks for.
import { Bitfield } from '../../src/content/bitfield.ts';
import { Geometry } from '../../src/content/geometry.ts';
import type { SessionEffect } from '../../src/exchange/effect.ts';
import { Session } from '../../src/exchange/session.ts';
import type { SessionInit } from '../../src/exchange/session-init.ts';
import type { Message } from '../../src/exchange/wire/message.ts';
import { createRng } from '../../src/runtime/rng.ts';

export const PIECES = 8;
export const PIECE = 1000;

/** A session, and time that goes by when it is told to. */
export class Table {
  now = 0;
  readonly session: Session;

  constructor(have: readonly number[], equals?: SessionInit['equals']) {
    const field = new Bitfield(PIECES);
    for (const piece of have) field.add(piece);
    this.session = new Session({
      file: Uint8Array.of(1),
      geometry: new Geometry(new Array<number>(PIECES).fill(PIECE)),
      have: field,
      equals,
      addresses: ['/ip4/127.0.0.1/tcp/1'],
      rng: createRng(1),
    });
  }

  join(neighbour: string, have: readonly number[], addresses: string[] = []): SessionEffect[] {
    this.session.step(this.now, { type: 'neighbour_joined', neighbour });
    const field = new Bitfield(PIECES);
    for (const piece of have) field.add(piece);
    const hello: Message = {
      type: 'hello',
      file: Uint8Array.of(1),
      pieceCount: PIECES,
      addresses,
      bitfield: field.toBytes(),
    };
    return this.say(neighbour, hello);
  }

  say(neighbour: string, message: Message): SessionEffect[] {
    return this.session.step(this.now, { type: 'message', neighbour, message });
  }

  /** Time goes by in ticks when the session asks for them. */
  wait(ms: number): SessionEffect[] {
    const until = this.now + ms;
    const effects: SessionEffect[] = [];
    while (this.session.wakeAt <= until) {
      this.now = this.session.wakeAt;
      effects.push(...this.session.step(this.now, { type: 'tick' }));
    }
    this.now = until;
    return effects;
  }
}

export const ALL = [0, 1, 2, 3, 4, 5, 6, 7];

/** The messages of one type among the effects, and to whom. */
export function sent<T extends Message['type']>(effects: SessionEffect[], type: T) {
  return effects.flatMap((effect) =>
    effect.type === 'send' && effect.message.type === type
      ? [{ to: effect.neighbour, ...(effect.message as Extract<Message, { type: T }>) }]
      : [],
  );
}

export const bans = (effects: SessionEffect[]): string[] =>
  effects.flatMap((effect) => (effect.type === 'ban' ? [effect.reason] : []));

export const block = (piece: number, begin = 0, length = PIECE): Message => ({
  type: 'block',
  piece,
  begin,
  parts: [new Uint8Array(length)],
  length,
});
