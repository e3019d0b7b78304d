import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Completed, formatLine } from '../../../src/server/operations/log-line.ts';

const AT = new Date('2026-11-21T09:08:07.060Z');
const REQUEST: Completed = {
  event: 'request_completed',
  method: 'GET',
  path: '/files/a%20b',
  status: 206,
  bytes: 1000,
  ms: 1.23456,
  remote: '192.0.2.7:4711',
  whole: true,
  request: 3,
};
const HOSTILE = 'a"b\\c\nd\x1b[31m\x7f\x9b\u2028é\u{1f600}';

describe('a line of the access log', () => {
  it('is JSON of one object that keeps every field', () => {
    const line = formatLine('json', { ...REQUEST, userAgent: HOSTILE, requestId: 'x1' }, AT);
    expect(JSON.parse(line)).toEqual({
      time: '2026-11-21T09:08:07.060Z',
      method: 'GET',
      path: '/files/a%20b',
      status: 206,
      bytes: 1000,
      ms: 1.23,
      remote: '192.0.2.7:4711',
      whole: true,
      request: 3,
      userAgent: HOSTILE,
      requestId: 'x1',
    });
  });

  it('is the combined format, times in UTC', () => {
    const full = { ...REQUEST, subject: 'ci bot', referer: 'http://x/', userAgent: 'curl/8' };
    expect(formatLine('combined', full, AT)).toBe(
      '192.0.2.7 - ci\\x20bot [21/Nov/2026:09:08:07 +0000] "GET /files/a%20b HTTP/1.1" 206 1000 "http://x/" "curl/8"',
    );
    const hostile = { ...REQUEST, userAgent: HOSTILE, remote: '2001:db8::1:80' };
    expect(formatLine('combined', hostile, AT)).toBe(
      '2001:db8::1 - - [21/Nov/2026:09:08:07 +0000] "GET /files/a%20b HTTP/1.1" 206 1000 "-" "a\\"b\\\\c\\x0ad\\x1b[31m\\x7f\\xc2\\x9b\\xe2\\x80\\xa8\\xc3\\xa9\\xf0\\x9f\\x98\\x80"',
    );
  });

  it('never holds a control character, whatever a client sends', () => {
    const text = fc.string({ unit: 'binary', maxLength: 60 });
    fc.assert(
      fc.property(text, text, text, (path, userAgent, subject) => {
        for (const format of ['json', 'combined'] as const) {
          const line = formatLine(format, { ...REQUEST, path, userAgent, subject }, AT);
          expect(line).not.toMatch(/[\p{Cc}\u2028\u2029]/u);
        }
      }),
    );
  });
});
