// hubswarm/exchange: the piece-exchange protocol without any I/O. It loads in browsers as well.
//
// A session is one peer's part in the exchange of one file. `step(now, event)` takes what happened
// and returns what is to be done. The session knows no clock, no socket and no disk. docs/protocol.md
// is the specification of the messages.
import type { Bitfield } from '../content/bitfield.ts';
import type { Geometry } from '../content/geometry.ts';
import { Session as InnerSession } from '../exchange/session.ts';
import type { SessionInit } from '../exchange/session-init.ts';
import type { Rng } from '../runtime/rng.ts';
import { CHOKER_NAMES, PICKER_NAMES } from '../swarm/policy.ts';
import { having, kind, list, oneOf, rate, record, refusal, text, whole } from './options.ts';

export { Bitfield } from '../content/bitfield.ts';
export { Geometry } from '../content/geometry.ts';
export type { FilePieces, Loss, LossReason } from '../content/store.ts';
export type { ChokerName } from '../exchange/choker.ts';
export type { SessionEffect } from '../exchange/effect.ts';
export type { SessionEvent } from '../exchange/event.ts';
export type { NeighbourKind } from '../exchange/neighbour/neighbour.ts';
export type { WebSeed } from '../exchange/neighbour/web-seed.ts';
export type { PickerName } from '../exchange/picker.ts';
export type { SessionInit } from '../exchange/session-init.ts';
export { type Decoded, encodeMessage, FrameDecoder } from '../exchange/wire/codec.ts';
export { EXCHANGE_PROTOCOL, MAX_BLOCK_LENGTH, type Message } from '../exchange/wire/message.ts';
export { createRng, type Rng } from '../runtime/rng.ts';

/** One peer's part in the exchange of one file. */
export class Session extends InnerSession {
  /** @throws HubswarmError ERR_USAGE */
  constructor(init: SessionInit) {
    const read = readInit('options', init);
    const { length } = read.have;
    const { pieceCount } = read.geometry;
    if (length !== pieceCount) {
      throw refusal('have', `a Bitfield of ${length}`, `one of the geometry's ${pieceCount}`);
    }
    super(read);
  }
}

const isCount = (given: unknown): boolean => Number.isInteger(given) && (given as number) >= 0;
const piece = whole(0, 2 ** 32);

const readInit = record<SessionInit>(
  {
    file: kind('a Uint8Array', (given) => given instanceof Uint8Array),
    geometry: having<Geometry>('a Geometry', ['offset', 'length'], ({ pieceCount }) =>
      isCount(pieceCount),
    ),
    have: having<Bitfield>('a Bitfield', ['has', 'toBytes'], ({ length }) => isCount(length)),
    equals: list(list(piece)),
    addresses: list(text),
    self: text,
    rng: having<Rng>('a Rng, as of createRng(seed)', ['next', 'below']),
    downlinkBytesPerSecond: rate,
    openGrants: whole(1, 2 ** 16),
    picker: oneOf(PICKER_NAMES),
    choker: oneOf(CHOKER_NAMES),
  },
  'file',
  'geometry',
  'have',
  'rng',
);
