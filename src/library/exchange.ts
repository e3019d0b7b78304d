// hubswarm/exchange: the piece-exchange protocol without any I/O. It loads in browsers as well.
//
// A session is one peer's part in the exchange of one file. `step(now, event)` takes what happened
// and returns what is to be done. The session knows no clock, no socket and no disk. docs/protocol.md
// is the specification of the messages.
export { Bitfield } from '../content/bitfield.ts';
export { Geometry } from '../content/geometry.ts';
export type { Loss, LossReason } from '../content/store.ts';
export type { ChokerName } from '../exchange/choker.ts';
export type { SessionEffect } from '../exchange/effect.ts';
export type { SessionEvent } from '../exchange/event.ts';
export type { PickerName } from '../exchange/picker.ts';
export { Session } from '../exchange/session.ts';
export type { SessionInit } from '../exchange/session-init.ts';
export { type Decoded, encodeMessage, FrameDecoder } from '../exchange/wire/codec.ts';
export { EXCHANGE_PROTOCOL, MAX_BLOCK_LENGTH, type Message } from '../exchange/wire/message.ts';
export { createRng, type Rng } from '../runtime/rng.ts';
