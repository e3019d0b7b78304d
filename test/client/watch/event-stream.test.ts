import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Block, EventStreamParser } from '../../../src/client/watch/event-stream.ts';

const parse = (...chunks: (string | Uint8Array)[]): Block[] | string => {
  const parser = new EventStreamParser();
  const blocks: Block[] = [];
  for (const chunk of chunks) {
    const found = parser.parse(typeof chunk === 'string' ? Buffer.from(chunk) : chunk);
    if (typeof found === 'string') return found;
    blocks.push(...found);
  }
  return blocks;
};

const STREAM =
  ': hello\nretry: 2000\nid: e-1\n\nevent: x\nid: e-2\ndata: {"a":\ndata:"é"}\n\ndata: last\n\n: only a comment\n\nid\ndata\n\ndata: cut';
const BLOCKS: Block[] = [
  { id: 'e-1', data: undefined },
  { id: 'e-2', data: '{"a":\n"é"}' },
  { id: 'e-2', data: 'last' },
  { id: '', data: '' },
];

describe('a stream of events', () => {
  it.each(['\n', '\r\n', '\r'])('is taken apart with lines that end in %j', (end) => {
    // A CR at the very end may be half a line end, and waits.
    expect(parse(STREAM.replaceAll('\n', end))).toEqual(BLOCKS);
  });

  it('is the same however its bytes are split', () => {
    const bytes = Buffer.from(STREAM.replaceAll('\n\n', '\r\n\r\n'));
    fc.assert(
      fc.property(fc.array(fc.nat(bytes.length), { maxLength: 12 }), (cuts) => {
        const at = [0, ...cuts.sort((a, b) => a - b), bytes.length];
        const parts = at.slice(1).map((end, i) => bytes.subarray(at[i], end));
        expect(parse(...parts)).toEqual(BLOCKS);
      }),
    );
  });

  it('never throws, and keeps no endless event', () => {
    fc.assert(fc.property(fc.uint8Array(), (bytes) => void parse(bytes)));
    expect(parse('data: ', 'x'.repeat(300_000))).toBe('told an endless event');
    expect(parse('data\n'.repeat(300_000))).toBe('told an endless event');
    const line = `data: ${'x'.repeat(60_000)}\n`;
    expect(parse(line, line, line, line, line)).toBe('told an endless event');
    expect(parse(line, '\n', line, '\n', line, '\n', line, '\n', line, '\n')).toHaveLength(5);
  });
});
