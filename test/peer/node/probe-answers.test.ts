// Probes as a node answers them: over real libp2p on 127.0.0.1.
import type { Stream } from '@libp2p/interface';
import { describe, expect, it } from 'vitest';
import { PROBE_LENGTH, PROBE_PROTOCOL, readArrival } from '../../../src/peer/node/probe-answers.ts';
import { VirtualClock } from '../../swarm/virtual-clock.ts';
import { useNodes } from '../nodes.ts';

const startNode = useNodes();

async function openTo(
  clock?: VirtualClock,
): Promise<{ stream: Stream; read(bytes: number): Promise<Buffer> }> {
  const [a, b] = [await startNode(), await startNode(clock ? { clock } : {})];
  const connection = await a.dial(b.getMultiaddrs());
  const stream = await connection.newStream(PROBE_PROTOCOL);
  const came: Buffer[] = [];
  stream.addEventListener('message', ({ data }) => came.push(Buffer.from(data.subarray())));
  const read = async (bytes: number): Promise<Buffer> => {
    await expect.poll(() => Buffer.concat(came).length).toBe(bytes);
    return Buffer.concat(came);
  };
  return { stream, read };
}

describe('answers to probes', () => {
  it('are the probe, and when it came by the clock of the one who answers', async () => {
    const clock = new VirtualClock();
    const { stream, read } = await openTo(clock);
    const probe = Buffer.alloc(PROBE_LENGTH, 7);
    const since = clock.now();
    stream.send(probe);
    const answer = await read(PROBE_LENGTH + 8);
    expect(answer.subarray(0, PROBE_LENGTH)).toEqual(probe);
    expect(readArrival(answer)).toBe(since);
  });

  it('come whole for probes in pieces, and for several at once', async () => {
    const { stream, read } = await openTo();
    for (let byte = 0; byte < PROBE_LENGTH - 1; byte++) stream.send(Uint8Array.of(1));
    stream.send(Buffer.concat([Uint8Array.of(1), Buffer.alloc(2 * PROBE_LENGTH, 2)]));
    const answers = await read(3 * (PROBE_LENGTH + 8));
    expect([answers[0], answers[PROBE_LENGTH + 8], answers[2 * (PROBE_LENGTH + 8)]]).toEqual([
      1, 2, 2,
    ]);
  });

  it('end with the stream for one who sends more probes than one may', async () => {
    const { stream } = await openTo();
    stream.send(Buffer.alloc(2 ** 20));
    await expect.poll(() => stream.status).toBe('reset');
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
    'tell no time by %d',
    (ms) => {
      const answer = Buffer.alloc(PROBE_LENGTH + 8);
      answer.writeDoubleBE(ms, PROBE_LENGTH);
      expect(readArrival(answer)).toBeUndefined();
    },
  );
});
