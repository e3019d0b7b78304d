// How long a client waits for an answer: as long as bytes come, and no longer.
import { expect, it } from 'vitest';
import { rawCid, sha256 } from '../../../src/content/cid.ts';
import { Answer } from '../../../src/peer/manifest/dag-answer.ts';
import type { FrameStream } from '../../../src/peer/node/stream.ts';
import { VirtualClock } from '../../swarm/virtual-clock.ts';

/** A status and a name, and then the beginning of a block of 2 MiB that does not end. */
const BEGINNING = Uint8Array.of(0, 0, 0x80, 0x80, 0x80, 1);

/** So many bytes every so often, for ten minutes; resolves to when it was given up, if so. */
async function hear(bytes: number, everyMs: number): Promise<number | undefined> {
  let gaveUpAt: number | undefined;
  const clock = new VirtualClock();
  const answer = new Answer('remote', rawCid(sha256(Uint8Array.of(1))), clock, () => {
    gaveUpAt ??= clock.now();
  });
  let push = (_chunk: Uint8Array): void => {};
  const stream: Pick<FrameStream, 'onData' | 'onEnd'> = {
    onData: (handler) => {
      push = handler;
    },
    onEnd: () => {},
  };
  answer.read(stream as FrameStream, undefined);
  push(BEGINNING);
  for (let ms = 0; ms < 600_000; ms += everyMs) {
    push(new Uint8Array(bytes));
    await clock.advance(everyMs);
  }
  answer.stop();
  expect(clock.isIdle).toBe(true);
  return gaveUpAt;
}

it('waits for ten minutes for a remote that sends 5 KB in each half minute', async () => {
  expect(await hear(2500, 14_000)).toBeUndefined();
});

it('gives up a remote that drips a byte each second, or says no more', async () => {
  expect(await hear(1, 1000)).toBe(30_000);
  expect(await hear(0, 1000)).toBe(30_000);
});
