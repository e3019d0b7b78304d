import { describe, expect, it } from 'vitest';
import { formatHttpDate, parseHttpDate } from '../../../src/api/http-date.ts';
import { datedBy } from '../../../src/server/answer/representation.ts';

describe('Last-Modified', () => {
  it.each([0, 1.6, -1.6, Date.UTC(1901, 0, 1), Date.UTC(2150, 0, 1), 8.64e15 + 1, -9.2e21, 9.2e21])(
    'of a file changed at %d ms is a date, and not in the future',
    (modifiedMs) => {
      const { lastModifiedMs } = datedBy(modifiedMs);
      expect(parseHttpDate(formatHttpDate(lastModifiedMs))).toBe(lastModifiedMs);
      expect(lastModifiedMs).toBeLessThanOrEqual(Date.now());
    },
  );
});
