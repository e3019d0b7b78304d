/**
 * /hubswarm/files/1.0.0: which of these files does a peer exchange?
 *
 * Participants: a peer that asks, and the peer that is asked. One stream, one request, one answer.
 * Goal: a peer with thousands of files finds out what it has in common with another before it
 * calls, at 33 bytes a file instead of a stream each. Non-goals: listing what a peer has (only who
 * knows a CID is answered), pieces.
 *
 *     request  u16 n (1 to 1024), n x 32 bytes: sha2-256 digests of root CIDs
 *     answer   n x u8: 0 not exchanged here, 1 in part, 2 whole
 *              then the server ends the stream
 *
 * A violation (another n, bytes after the request, another answer) ends it with a reset.
 */
import type { Connection, Stream } from '@libp2p/interface';
import { systemClock, type Timers } from '../../runtime/clock.ts';
import { describeError, HubswarmError } from '../../runtime/errors.ts';
import { guarded } from '../../runtime/guarded.ts';
import { Gathered } from '../../runtime/node/gathered.ts';
import type { Standing } from '../../swarm/network.ts';
import type { Node } from '../node/node.ts';
import { FrameStream } from '../node/stream.ts';

const FILES_PROTOCOL = '/hubswarm/files/1.0.0';

export const MOST_DIGESTS = 1024;
const DIGEST_LENGTH = 32;
const HEAD_LENGTH = 2;
/** Limit for a request, which is sent in one go. Chosen. */
const REQUEST_WITHIN_MS = 5000;
/** Most streams of one connection: a peer asks page after page. Chosen. */
const MAX_STREAMS = 4;

/** Standings, by their numbers in an answer. */
const STANDINGS: readonly Standing[] = ['none', 'part', 'whole'];

/** Must be called once per node. */
export async function serveFiles(
  node: Node,
  standingOf: (digest: Uint8Array, asker: string) => Standing,
  clock: Timers = systemClock,
): Promise<void> {
  await node.handle(
    FILES_PROTOCOL,
    guarded('answering which files are here', (stream: Stream, connection: Connection) =>
      answer(new FrameStream(stream, connection.remotePeer.toString()), standingOf, clock),
    ),
    { maxInboundStreams: MAX_STREAMS },
  );
}

function answer(
  frames: FrameStream,
  standingOf: (digest: Uint8Array, asker: string) => Standing,
  clock: Timers,
): void {
  const inTime = clock.after(REQUEST_WITHIN_MS, 'hanging up', () => frames.abort('no request'));
  frames.onEnd(inTime);
  const request = new Gathered(HEAD_LENGTH + MOST_DIGESTS * DIGEST_LENGTH);
  let answered = false;
  frames.onData((chunk) => {
    if (answered || !request.add(chunk)) return frames.abort('too long a request');
    const count = request.bytes.length < HEAD_LENGTH ? undefined : request.bytes.readUInt16BE();
    if (count === undefined) return;
    if (count === 0 || count > MOST_DIGESTS) return frames.abort('too many files');
    const missing = HEAD_LENGTH + count * DIGEST_LENGTH - request.bytes.length;
    if (missing < 0) return frames.abort('bytes after the request');
    if (missing > 0) return;
    answered = true;
    inTime();
    const digests = request.bytes.subarray(HEAD_LENGTH);
    const answers = Uint8Array.from({ length: count }, (_, i) =>
      STANDINGS.indexOf(
        standingOf(digests.subarray(i * DIGEST_LENGTH, (i + 1) * DIGEST_LENGTH), frames.remote),
      ),
    );
    frames.send([answers]);
    frames.close();
  });
}

/** The part of a libp2p Connection that this protocol needs. */
interface StreamOpener {
  readonly remotePeer: { toString(): string };
  newStream(protocol: string, options: { signal: AbortSignal }): Promise<Stream>;
}

/**
 * Asks for at most MOST_DIGESTS files.
 *
 * @throws HubswarmError ERR_REMOTE; the signal's reason; libp2p's, when it does not speak this
 */
export async function askFiles(
  connection: StreamOpener,
  digests: readonly Uint8Array[],
  signal: AbortSignal,
): Promise<Standing[]> {
  const remote = connection.remotePeer.toString();
  const frames = new FrameStream(await connection.newStream(FILES_PROTOCOL, { signal }), remote);
  const { promise, resolve, reject } = Promise.withResolvers<Standing[]>();
  const stop = (): void => reject(signal.reason);
  signal.addEventListener('abort', stop);
  const answers = new Gathered(digests.length);
  const refuse = (what: string): void =>
    reject(new HubswarmError('ERR_REMOTE', `${remote} ${what} when asked for files`));
  frames.onData((chunk) => {
    if (!answers.add(chunk)) return refuse('answered too much');
    if (answers.bytes.length < digests.length) return;
    const standings = [...answers.bytes].map((value) => STANDINGS[value]);
    if (standings.includes(undefined)) refuse('made no sense');
    else resolve(standings as Standing[]);
  });
  frames.onEnd((reason) => refuse(`ended: ${reason}`));
  const head = Buffer.alloc(HEAD_LENGTH);
  head.writeUInt16BE(digests.length);
  frames.send([head, ...digests]);
  try {
    const standings = await promise;
    frames.close();
    return standings;
  } catch (error) {
    frames.abort(describeError(error));
    throw error;
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
