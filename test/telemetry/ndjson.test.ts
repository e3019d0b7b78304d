import { describe, expect, it, vi } from 'vitest';
import { EVENT_SCHEMA } from '../../src/telemetry/event.ts';
import { NdjsonWriter, parseEvent } from '../../src/telemetry/ndjson.ts';

describe('NDJSON events', () => {
  it('are read back as written, with the time of the wall clock', () => {
    let text = '';
    const writer = new NdjsonWriter({ write: (chunk: string) => (text += chunk) });
    const now = (): number => performance.timeOrigin + performance.now();
    const before = now();
    writer.emit({ event: 'warned', message: 'a\nb' });
    const after = now();
    writer.flush();
    expect(text.match(/\n/g)).toHaveLength(1);
    const event = parseEvent(text.trimEnd())!;
    expect(event).toMatchObject({ event: 'warned', message: 'a\nb' });
    expect(event.t).toBeGreaterThanOrEqual(Math.floor(before));
    expect(event.t).toBeLessThanOrEqual(Math.ceil(after));
    // The same clock as Date's, which may be set while the process runs: the same day.
    expect(Math.abs(event.t - Date.now())).toBeLessThan(86_400_000);
  });

  it('say in the first line which schema they follow, and in no other', () => {
    const lines: string[] = [];
    const writer = new NdjsonWriter({ write: (chunk: string) => lines.push(...chunk.split('\n')) });
    writer.emit({ event: 'held' });
    writer.emit({ event: 'held' });
    writer.flush();
    expect(JSON.parse(lines[0]!)).toMatchObject({ event: 'held', schema: EVENT_SCHEMA });
    expect(JSON.parse(lines[1]!)).not.toHaveProperty('schema');
  });

  it('of a running transfer wait for company, but for no longer than an event that comes once', async () => {
    const lines: string[][] = [];
    const writer = new NdjsonWriter({
      write: (chunk: string) => lines.push(chunk.trimEnd().split('\n')),
    });
    vi.useFakeTimers();
    try {
      writer.emit({ event: 'link_counted', sentBytes: 1, receivedBytes: 0 });
      vi.advanceTimersByTime(20);
      writer.emit({ event: 'link_counted', sentBytes: 2, receivedBytes: 0 });
      vi.advanceTimersByTime(29);
      expect(lines).toEqual([]);
      vi.advanceTimersByTime(1);
      expect(lines.map(({ length }) => length)).toEqual([2]);
      writer.emit({ event: 'link_counted', sentBytes: 3, receivedBytes: 0 });
      writer.emit({ event: 'held' });
      vi.advanceTimersByTime(5);
      expect(lines.map(({ length }) => length)).toEqual([2, 2]);
      vi.advanceTimersByTime(1000);
      expect(lines).toHaveLength(2);
    } finally {
      vi.useRealTimers();
    }
  });

  it.each(['', 'Error: x', '{', '{"t":1}', '[]', 'null', '{"event":"warned","t":"1"}'])(
    'are not seen in %j',
    (line) => {
      expect(parseEvent(line)).toBeUndefined();
    },
  );
});
