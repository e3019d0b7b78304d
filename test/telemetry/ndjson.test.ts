import { describe, expect, it } from 'vitest';
import { NdjsonWriter, parseEvent } from '../../src/telemetry/ndjson.ts';

describe('NDJSON events', () => {
  it('are read back as written, with the time of the wall clock', () => {
    let text = '';
    const writer = new NdjsonWriter({ write: (chunk: string) => (text += chunk) });
    const before = Date.now();
    writer.emit({ event: 'warned', message: 'a\nb' });
    writer.flush();
    expect(text.match(/\n/g)).toHaveLength(1);
    const event = parseEvent(text.trimEnd())!;
    expect(event).toMatchObject({ event: 'warned', message: 'a\nb' });
    expect(Math.abs(event.t - before)).toBeLessThan(1000);
  });

  it.each(['', 'Error: x', '{', '{"t":1}', '[]', 'null', '{"event":"warned","t":"1"}'])(
    'are not seen in %j',
    (line) => {
      expect(parseEvent(line)).toBeUndefined();
    },
  );
});
