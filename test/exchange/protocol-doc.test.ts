// docs/protocol.md must not rot: its hex is decoded, and its conversation is played to
// real sessions, which have to agree with every word of it.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Bitfield } from '../../src/content/bitfield.ts';
import { Geometry } from '../../src/content/geometry.ts';
import type { SessionEffect } from '../../src/exchange/effect.ts';
import { Session } from '../../src/exchange/session.ts';
import { encodeMessage, FrameDecoder } from '../../src/exchange/wire/codec.ts';
import type { Message } from '../../src/exchange/wire/message.ts';
import { createRng } from '../../src/runtime/rng.ts';

const doc = readFileSync(new URL('../../docs/protocol.md', import.meta.url), 'utf8');

const section = (name: string): string =>
  new RegExp(`\`\`\`${name}\\n([\\s\\S]*?)\n\`\`\``).exec(doc)![1]!;

const fromHex = (text: string): Uint8Array =>
  new Uint8Array(Buffer.from(text.replace(/#.*/gm, '').replaceAll(/\s/g, ''), 'hex'));

/** The lines of one speaker, decoded. */
function linesOf(text: string): { who: string; message: Message }[] {
  const decoders = new Map<string, FrameDecoder>();
  return text.split('\n').map((line) => {
    const [, who, hex] = /^(\w+)\s+(.*)$/.exec(line)!;
    const decoder = decoders.get(who!) ?? new FrameDecoder();
    decoders.set(who!, decoder);
    const { messages, violation } = decoder.push(fromHex(hex!));
    expect([line, violation, messages.length]).toEqual([line, undefined, 1]);
    return { who: who!, message: messages[0]! };
  });
}

describe('docs/protocol.md', () => {
  it('has the wire vectors of the fixture, word for word', () => {
    const fixture = readFileSync(
      new URL('../../fixtures/exchange-wire.txt', import.meta.url),
      'utf8',
    );
    const vectors = section('vectors');
    expect(fixture.trimEnd().endsWith(vectors)).toBe(true);
    const types = vectors.split('\n\n').map((one) => {
      const bytes = fromHex(one.slice(one.indexOf('\n')));
      const { messages, violation } = new FrameDecoder().push(bytes);
      expect([one, violation]).toEqual([one, undefined]);
      expect(Buffer.concat(encodeMessage(messages[0]!))).toEqual(Buffer.from(bytes));
      return messages[0]!.type;
    });
    expect(new Set(types).size).toBe(11);
  });

  it('tells a conversation that real sessions would have', () => {
    const lines = linesOf(section('conversation'));
    for (const self of ['Ann', 'Bob']) {
      const effects = play(lines, self);
      expect(effects.filter(({ type }) => type === 'ban')).toEqual([]);
      const types = new Set(lines.filter(({ who }) => who === self).map((l) => l.message.type));
      types.delete('block');
      const said = effects.flatMap((e) => (e.type === 'send' ? [e.message.type] : []));
      expect([...types].filter((type) => !said.includes(type))).toEqual([]);
      const uploads = effects.filter(({ type }) => type === 'upload');
      expect(uploads).toHaveLength(self === 'Ann' ? 2 : 0);
      expect(effects.some(({ type }) => type === 'completed')).toBe(self === 'Bob');
    }
  });

  it('states the limits that the codec keeps', () => {
    const [, row] = /`length` of a frame, by type \| (.*) \|/.exec(doc)!;
    const limits = [
      ...row!.matchAll(/(hello|have|interest|grant|request|cancel|block|peers) ([\d ]+)/g),
    ];
    expect(limits).toHaveLength(8);
    const codes: Record<string, number> = {
      hello: 0,
      have: 1,
      interest: 2,
      grant: 3,
      request: 4,
      block: 7,
      cancel: 8,
      peers: 9,
    };
    for (const [, type, text] of limits) {
      const limit = Number(text!.replaceAll(' ', ''));
      const refused = [limit, limit + 1].map((length) => {
        const header = new Uint8Array(5);
        new DataView(header.buffer).setUint32(0, length);
        header[4] = codes[type!]!;
        return new FrameDecoder().push(header).violation !== undefined;
      });
      expect([type, ...refused]).toEqual([type, false, true]);
    }
  });
});

/** One side's session hears what the other says; its own words come from itself. */
function play(lines: readonly { who: string; message: Message }[], self: string): SessionEffect[] {
  const pieces = [5, 5];
  const session = new Session({
    file: fromHex('01551220e3b0'),
    geometry: new Geometry(pieces),
    have: self === 'Ann' ? Bitfield.full(2) : new Bitfield(2),
    rng: createRng(1),
  });
  const neighbour = 'other';
  const effects = session.step(0, { type: 'neighbour_joined', neighbour });
  const tell = (now: number, event: Parameters<Session['step']>[1]): void => {
    const next = session.step(now, event);
    effects.push(...next);
    for (const effect of next) {
      const { type } = effect;
      if (type === 'upload') tell(now, { type: 'upload_finished', neighbour, piece: effect.piece });
      if (type === 'store') tell(now, { type: 'piece_stored', piece: effect.piece });
    }
  };
  lines.forEach(({ who, message }, at) => {
    if (who !== self) tell(20 * at, { type: 'message', neighbour, message });
  });
  return effects;
}
