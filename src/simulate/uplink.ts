// A node's uplink: pieces leave one after the other, first come, first served, in
// blocks, as in swarm/upload-queue.ts. Knows no clock: the swarm says when a block
// has left.
import { blockLength } from '../exchange/block-length.ts';

/** A piece to be sent on a stream. */
interface Upload<Stream> {
  readonly stream: Stream;
  readonly piece: number;
  readonly length: number;
  sent: number;
  stopped: boolean;
}

/** What is passing the uplink. */
export interface OutgoingBlock<Stream> {
  readonly upload: Upload<Stream>;
  readonly begin: number;
  readonly length: number;
}

export class Uplink<Stream> {
  #queue: Upload<Stream>[] = [];
  /** Set while a block is passing. */
  isBusy = false;

  add(stream: Stream, piece: number, length: number): void {
    this.#queue.push({ stream, piece, length, sent: 0, stopped: false });
  }

  /**
   * The next block, which now passes at that rate: of the first piece whose stream takes more.
   * Undefined when there is none or one is passing.
   */
  start(
    bytesPerSecond: number,
    takesMore: (stream: Stream) => boolean = () => true,
  ): OutgoingBlock<Stream> | undefined {
    if (this.isBusy) return undefined;
    const upload = this.#queue.find(({ stream }) => takesMore(stream));
    if (!upload) return undefined;
    this.isBusy = true;
    const most = blockLength(upload.length, bytesPerSecond);
    const length = Math.min(most, upload.length - upload.sent);
    return { upload, begin: upload.sent, length };
  }

  /** The block has left. Returns whether it was the last one of a piece still asked for. */
  finish({ upload, length }: OutgoingBlock<Stream>): boolean {
    this.isBusy = false;
    upload.sent += length;
    if (upload.stopped || upload.sent < upload.length) return false;
    this.#queue.splice(this.#queue.indexOf(upload), 1);
    return true;
  }

  /** Forgets that piece, or all, for this stream; a block that is passing goes. */
  stop(stream: Stream, piece?: number): void {
    this.#queue = this.#queue.filter((upload) => {
      upload.stopped = upload.stream === stream && (piece === undefined || upload.piece === piece);
      return !upload.stopped;
    });
  }
}
