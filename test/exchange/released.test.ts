// What a session keeps of pieces that it has handed on. V8 frees what lives shortly by small, frequent
// collections of the young; what these cannot free waits for a full one, of 20 ms and more.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { Bitfield } from '../../src/content/bitfield.ts';
import { Geometry } from '../../src/content/geometry.ts';
import type { SessionEffect } from '../../src/exchange/effect.ts';
import { Session } from '../../src/exchange/session.ts';
import type { Message } from '../../src/exchange/wire/message.ts';
import { createRng } from '../../src/runtime/rng.ts';
import { block, sent } from './table.ts';

const PIECES = 512;
const PIECE = 64 * 1024;
const OPEN_GRANTS = 3;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as (options: { type: 'minor' }) => void;
const heldBytes = (): number => process.memoryUsage().arrayBuffers;

it('keeps no bytes of pieces that were handed on, nor do the tables of its maps', () => {
  const session = new Session({
    file: Uint8Array.of(1),
    geometry: new Geometry(new Array<number>(PIECES).fill(PIECE)),
    have: new Bitfield(PIECES),
    rng: createRng(1),
  });
  let now = 0;
  const say = (message: Message): SessionEffect[] =>
    session.step(now, { type: 'message', neighbour: 'giver', message });
  session.step(now, { type: 'neighbour_joined', neighbour: 'giver' });
  const bitfield = Bitfield.full(PIECES).toBytes();
  say({ type: 'hello', file: Uint8Array.of(1), pieceCount: PIECES, addresses: [], bitfield });
  // As a neighbour that has been there for a while: its maps are old.
  for (let i = 0; i < 3; i++) collect({ type: 'minor' });
  const before = heldBytes();
  const asked: number[] = [];
  let grant = 0;
  const offer = (): void => {
    const [request] = sent(say({ type: 'grant', grant: grant++, hints: [] }), 'request');
    if (request) asked.push(request.piece);
  };
  for (let i = 0; i < OPEN_GRANTS; i++) offer();
  let stored = 0;
  for (let piece = asked.shift(); piece !== undefined; piece = asked.shift()) {
    now += 1;
    const effects = say(block(piece, 0, PIECE));
    expect(effects.some(({ type }) => type === 'store')).toBe(true);
    session.step(now, { type: 'piece_stored', piece });
    if (++stored % 16 === 0) collect({ type: 'minor' });
    offer();
  }
  expect(stored).toBe(PIECES);
  // A collection frees the memory of buffers in another thread; the next one waits for it.
  for (let i = 0; i < 2; i++) collect({ type: 'minor' });
  // 32 MiB came.
  expect(heldBytes() - before).toBeLessThan(16 * PIECE);
});
