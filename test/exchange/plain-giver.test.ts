import { expect, it } from 'vitest';
import { PlainGiver } from '../../src/exchange/plain-giver.ts';
import type { Message } from '../../src/exchange/wire/message.ts';

function giver(most = 2) {
  const said: Message[] = [];
  const asked: string[] = [];
  const it = new PlainGiver({
    file: new Uint8Array(36),
    pieceCount: 10,
    most,
    say: (message) => said.push(message),
    onRequest: (piece) => asked.push(`send ${piece}`),
    onCancel: (piece) => asked.push(`stop ${piece}`),
  });
  return { said, asked, handle: (message: Message) => it.handle(message), giver: it };
}

const grants = (said: readonly Message[]) => said.filter(({ type }) => type === 'grant').length;

it('answers a hello with every piece', () => {
  const { said, handle } = giver();
  handle({
    type: 'hello',
    file: new Uint8Array(36),
    pieceCount: 10,
    addresses: [],
    bitfield: new Uint8Array(2),
  });
  expect(said).toMatchObject([
    { type: 'hello', pieceCount: 10, bitfield: new Uint8Array([255, 192]) },
  ]);
});

it('offers to who is interested, up to its bound', () => {
  const { said, handle, asked } = giver();
  handle({ type: 'have', pieces: [1] });
  expect(said).toEqual([]);
  handle({ type: 'interest', interested: true });
  expect(said.map((message) => message.type === 'grant' && message.grant)).toEqual([0, 1]);
  handle({ type: 'request', grant: 0, piece: 7 });
  expect(asked).toEqual(['send 7']);
  expect(grants(said)).toBe(2);
  handle({ type: 'have', pieces: [7] });
  expect(grants(said)).toBe(3);
});

it('offers no more after a decline, until it is told of interest again', () => {
  const { said, handle } = giver(1);
  handle({ type: 'interest', interested: true });
  handle({ type: 'decline', grant: 0 });
  expect(grants(said)).toBe(1);
  handle({ type: 'interest', interested: true });
  expect(grants(said)).toBe(2);
});

it('stops what is cancelled, once, and ignores a grant that it never made', () => {
  const { asked, handle } = giver();
  handle({ type: 'interest', interested: true });
  handle({ type: 'request', grant: 9, piece: 3 });
  handle({ type: 'request', grant: 0, piece: 3 });
  handle({ type: 'cancel', piece: 3 });
  handle({ type: 'cancel', piece: 3 });
  expect(asked).toEqual(['send 3', 'stop 3']);
});
