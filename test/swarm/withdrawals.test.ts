// A sharer that loses thousands of files makes a few lines at its receiver, too.
import { expect, it } from 'vitest';
import { rawCid, sha256 } from '../../src/content/cid.ts';
import { Withdrawals } from '../../src/swarm/withdrawals.ts';
import type { Event } from '../../src/telemetry/event.ts';
import { VirtualClock } from './virtual-clock.ts';

const cid = rawCid(sha256(new Uint8Array(1)));

it('names the first eight of 5,000 files that a peer has no more, and tells how many follow', async () => {
  const clock = new VirtualClock();
  const events: Event[] = [];
  const withdrawals = new Withdrawals({ cid, clock, emit: (event) => void events.push(event) });
  for (let i = 0; i < 5000; i++)
    withdrawals.handle({ neighbour: 'peer', pieces: 1, paths: [`f${i}`], reason: 'removed' });
  await clock.advance(2000);
  expect(events).toHaveLength(9);
  expect(events[7]).toMatchObject({ event: 'pieces_withdrawn', remote: 'peer', paths: ['f7'] });
  const message = 'no more with peers that had them: 4992 more files';
  expect(events[8]).toEqual({ event: 'warned', message });
  withdrawals.close();
  expect(events).toHaveLength(9);
});
