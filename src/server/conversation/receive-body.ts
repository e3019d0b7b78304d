// Receives a request's body, chunk by chunk, through the link's downlink, while the sender keeps a
// pace. requestTimeout of Node.js would end long uploads, however fast they are; this ends stalled
// and slow ones. It needs one timer for the whole body, and no promise for a chunk that is taken at
// once.
import type { Link } from '../../link/link.ts';
import { guarded } from '../../runtime/guarded.ts';
import { HttpFailure } from '../message/http-failure.ts';
import type { Conversation } from './conversation.ts';
import { Patience } from './patience.ts';

/** Takes a chunk. A returned promise holds the next chunk back. */
export type TakeChunk = (chunk: Buffer) => Promise<void> | undefined;

/** @throws HttpFailure 400 (cut short), 408, and what `take` threw */
export function receiveBody(
  conversation: Conversation,
  link: Link,
  take: TakeChunk,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const { req, stallMs } = conversation;
    const patience = new Patience(stallMs);
    let waitingSince = performance.now();
    let taking = false;
    let over = false;

    let ended = false;
    let closed = false;

    const looked = guarded('watching an upload', () => {
      if (!taking) fail(tooSlow());
    });
    const stall = setTimeout(looked, stallMs);
    const end = (): void => {
      over = true;
      clearTimeout(stall);
      req.off('data', onData);
      req.off('end', onEnd);
      req.off('close', onClose);
    };
    const fail = (error: unknown): void => {
      if (over) return;
      end();
      req.pause();
      reject(error);
    };
    // Only the time that we wait for the sender counts.
    const wait = (): void => {
      waitingSince = performance.now();
      stall.refresh();
    };
    const handleData = (chunk: Buffer): void => {
      conversation.bytes += chunk.length;
      const waitedMs = performance.now() - waitingSince;
      if (!patience.take(waitedMs, chunk.length)) return fail(tooSlow());
      let work: Promise<void> | undefined;
      try {
        work = passOn(chunk);
      } catch (error) {
        return fail(error);
      }
      if (work === undefined) return wait();
      taking = true;
      req.pause();
      work.then(onTaken, guarded('losing an upload', fail));
    };
    const passOn = (chunk: Buffer): Promise<void> | undefined => {
      const paced = link.receive(chunk.length, conversation.signal);
      return paced === undefined ? take(chunk) : paced.then(() => take(chunk));
    };
    const handleEnd = (): void => {
      ended = true;
      if (taking || over) return;
      end();
      resolve();
    };
    const handleClose = (): void => {
      closed = true;
      if (!taking) fail(new HttpFailure(400, 'the upload ended before its last byte'));
    };
    const handleTaken = (): void => {
      taking = false;
      if (over) return;
      wait();
      // Bytes that came meanwhile lie in the request's own buffer.
      req.resume();
      if (ended) onEnd();
      else if (closed) onClose();
    };
    const onTaken = guarded('going on with an upload', handleTaken, fail);
    const onData = guarded('taking an upload', handleData, fail);
    const onEnd = guarded('ending an upload', handleEnd, fail);
    const onClose = guarded('losing an upload', handleClose, fail);
    if (req.readableEnded) return onEnd();
    if (req.destroyed) return onClose();
    req.on('data', onData);
    req.on('end', onEnd);
    req.on('close', onClose);
    // 'close' reports it; without a listener it would end the process.
    req.on('error', () => undefined);
  });
}

function tooSlow(): HttpFailure {
  return new HttpFailure(408, 'the upload came too slowly, or not at all');
}
