// Brings what a hub has already to the times and executable bits of what is here: for files whose
// bytes are equal, and for directories. A hub that takes none is told once and not asked again.
import type { CID } from 'multiformats/cid';
import type { FileAttributes } from '../../content/attributes.ts';
import type { PutOptions } from '../upload/put.ts';
import { setRemoteAttributes } from '../upload/set-attributes.ts';

type Options = Omit<PutOptions, 'path' | 'url'>;

interface RemotePlace {
  readonly url: URL;
  /** The CID that a file must still have. */
  readonly cid?: CID;
  readonly isExact: boolean;
}

const LEFT = 'the server sets no times of what it has already: these stay as they are there';

export class RemoteAttributes {
  readonly #options: Options;
  #isTaken: boolean;

  constructor(options: Options) {
    this.#options = options;
    this.#isTaken = options.preserve !== false && !options.ifAbsent;
  }

  /** @throws HubswarmError ERR_REMOTE */
  async bring(place: RemotePlace, there: FileAttributes, here: FileAttributes): Promise<void> {
    if (!this.#isTaken || isSame(there, here)) return;
    const { url, cid, isExact } = place;
    const change = { ...this.#options, url, cid: cid?.toString(), isExact, attributes: here };
    if ((await setRemoteAttributes(change)) || !this.#isTaken) return;
    this.#isTaken = false;
    this.#options.emit({ event: 'warned', message: LEFT });
  }
}

/** Hubs tell times to the millisecond. */
function isSame(there: FileAttributes, here: FileAttributes): boolean {
  if ((here.executable ?? there.executable) !== there.executable) return false;
  if (here.modifiedMs === undefined) return true;
  return there.modifiedMs !== undefined && Math.abs(there.modifiedMs - here.modifiedMs) < 1;
}
