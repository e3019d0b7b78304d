// Writes content to a stream in order while its pieces come in any order: they lie on the disk until
// it is their turn.
import type { Writable } from 'node:stream';
import { writeOut } from '../../client/download/write-out.ts';
import type { PieceStore } from '../../content/store.ts';
import { HubswarmError } from '../../runtime/errors.ts';
import type { Event } from '../../telemetry/event.ts';

/** After one of these more pieces may be here. */
const BRINGING: readonly Event['event'][] = [
  'piece_verified',
  'pieces_reused',
  'transfer_progressed',
  'transfer_completed',
];

export class InOrder {
  readonly #opened = Promise.withResolvers<PieceStore>();
  #wake: () => void = () => {};

  /** Call with each event of the peer that fetches. */
  hear({ event }: Event): void {
    if (BRINGING.includes(event)) this.#wake();
  }

  /** Call with the store. @throws HubswarmError ERR_USAGE for a directory */
  readonly open = (store: PieceStore): void => {
    const { kind, root } = store.manifest;
    if (kind === 'directory') {
      const message = `--out: '-' takes one file, and ${root} is a directory; name one, as in CID/path`;
      throw new HubswarmError('ERR_USAGE', message);
    }
    this.#opened.resolve(store);
  };

  /** Resolves when all is written. @throws the signal's reason; ERR_ABORTED when the reader has left */
  async writeTo(out: Writable, signal: AbortSignal): Promise<void> {
    const stopped = Promise.withResolvers<never>();
    const stop = (): void => stopped.reject(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    try {
      const store = await Promise.race([this.#opened.promise, stopped.promise]);
      const { geometry } = store.manifest;
      for (let piece = 0; piece < geometry.pieceCount; piece++) {
        while (!store.have.has(piece)) await Promise.race([this.#woken(), stopped.promise]);
        const bytes = await store.read(piece, 0, geometry.length(piece));
        await writeOut({ out, name: 'standard output', signal }, bytes);
      }
    } finally {
      signal.removeEventListener('abort', stop);
      stopped.promise.catch(() => {});
    }
  }

  #woken(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}
