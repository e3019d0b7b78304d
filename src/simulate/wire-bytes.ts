// What a message takes on the wire before TCP: its frame, Noise's and yamux's.
import { encodeMessage } from '../exchange/wire/codec.ts';
import type { Message } from '../exchange/wire/message.ts';

/** Yamux's header (12), Noise's length and tag (2 + 16). */
const LAYERS_BYTES = 30;

export function wireBytes(message: Message): number {
  const frame = encodeMessage(message).reduce((sum, part) => sum + part.length, 0);
  return LAYERS_BYTES + frame + (message.type === 'block' ? message.length : 0);
}
