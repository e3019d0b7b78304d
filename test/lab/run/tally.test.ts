import { expect, it } from 'vitest';
import { Tally } from '../../../src/lab/run/tally.ts';
import type { Event, Stamped } from '../../../src/telemetry/event.ts';

const at = (t: number, event: Event): Stamped => ({ t, ...event });
const piece = (t: number, number: number): Stamped =>
  at(t, { event: 'piece_verified', cid: 'c', piece: number, bytes: 10, remote: 'r' });

it('counts what came since it last looked', () => {
  const events: Stamped[] = [
    at(1, {
      event: 'transfer_started',
      name: 'f',
      bytes: 50,
      pieces: 5,
      resumedBytes: 20,
      verified: true,
    }),
    piece(2, 3),
  ];
  const tally = new Tally();
  tally.read(events);
  expect(tally).toMatchObject({ verifiedBytes: 30, lastVerifiedAt: 2, completed: false });
  events.push(piece(3, 4), at(4, { event: 'link_counted', sentBytes: 7, receivedBytes: 9 }));
  tally.read(events);
  tally.read(events);
  expect(tally).toMatchObject({ verifiedBytes: 40, sentBytes: 7, lastVerifiedAt: 3 });
  expect([...tally.pieces]).toEqual([3, 4]);
});
