// The answering side of Hubswarm's probes (docs/protocol.md, section "Probes"): each is sent back at
// once, followed by the time at which it came.
import type { Startable, Stream, StreamMessageEvent } from '@libp2p/interface';
import type { PingComponents } from '@libp2p/ping';
import type { Timers } from '../../runtime/clock.ts';
import { guarded } from '../../runtime/guarded.ts';

export const PROBE_PROTOCOL = '/hubswarm/probe/1.0.0';
/** Length of a probe in bytes, and of the time of arrival behind it in its answer. */
export const PROBE_LENGTH = 32;
export const STAMP_LENGTH = 8;

/** Streams of one connection; a prober needs one. */
const STREAMS_PER_CONNECTION = 2;
/** Most probes that one message may hold: MOST_OUT of a prober, and more. */
const MOST_AT_ONCE = 32;

/** Milliseconds by the clock of the one who answered; undefined if that is no time. */
export function readArrival(answer: Buffer): number | undefined {
  const ms = answer.readDoubleBE(PROBE_LENGTH);
  return Number.isFinite(ms) ? ms : undefined;
}

/** A service of a node: answers probes while it runs. */
export const answerProbes =
  (clock: Timers) =>
  ({ registrar }: Pick<PingComponents, 'registrar'>): Startable => ({
    start: () =>
      registrar.handle(
        PROBE_PROTOCOL,
        guarded('answering probes', (stream: Stream) => answer(stream, clock)),
        { maxInboundStreams: STREAMS_PER_CONNECTION, maxOutboundStreams: STREAMS_PER_CONNECTION },
      ),
    stop: () => registrar.unhandle(PROBE_PROTOCOL),
  });

function answer(stream: Stream, clock: Timers): void {
  let came = Buffer.alloc(0);
  const cut = (): void => stream.abort(new Error('too many probes'));
  const take = ({ data }: StreamMessageEvent): void => {
    const stamp = Buffer.alloc(STAMP_LENGTH);
    stamp.writeDoubleBE(clock.now());
    came = Buffer.concat([came, data.subarray()]);
    if (came.length > MOST_AT_ONCE * PROBE_LENGTH) return cut();
    for (; came.length >= PROBE_LENGTH; came = came.subarray(PROBE_LENGTH)) {
      // One who does not read its answers asks no further.
      if (!stream.send(Buffer.concat([came.subarray(0, PROBE_LENGTH), stamp]))) return cut();
    }
  };
  stream.addEventListener('message', guarded('answering probes', take, cut));
}
