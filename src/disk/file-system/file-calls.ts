// Calls of a file system, each made where it costs least. Node.js makes them in other threads: the
// way there and back takes 50 to 100 us of this one, while the call itself takes 2 to 50 us on a
// local disk. So small calls on a local disk are made here. The event loop stays free:
//   - after TURN_MS of them the next ones wait until sockets and timers had their turn;
//   - a call that took SLOW_MS sends those of the next REST_MS to the threads;
//   - syncs, and reads and writes of more than SMALL_BYTES, always go there;
//   - so does everything on a network file system, whose calls may last for ever.
import {
  type BigIntStats,
  closeSync,
  close as closeThreaded,
  fchmod,
  fchmodSync,
  fchown,
  fchownSync,
  fstat,
  fstatSync,
  fsync,
  ftruncate,
  ftruncateSync,
  futimes,
  futimesSync,
  lstatSync,
  openSync,
  open as openThreaded,
  readlinkSync,
  readSync,
  read as readThreaded,
  renameSync,
  type Stats,
  writevSync,
  writev as writevThreaded,
} from 'node:fs';
import { lstat, open, rename, statfs } from 'node:fs/promises';
import { setImmediate as turnOfTheLoop } from 'node:timers/promises';
import { promisify } from 'node:util';
import { HubswarmError, systemCode } from '../../runtime/errors.ts';

/** A part of Node.js' FileHandle. */
export interface Handle {
  /** -1 once it is closed. */
  readonly fd: number;
  stat(): Promise<Stats>;
  stat(options: { readonly bigint: true }): Promise<BigIntStats>;
  read(
    into: Uint8Array,
    offset: number,
    length: number,
    position: number,
  ): Promise<{ readonly bytesRead: number }>;
  writev(
    parts: readonly Uint8Array[],
    position: number,
  ): Promise<{ readonly bytesWritten: number }>;
  truncate(length: number): Promise<void>;
  chmod(mode: number): Promise<void>;
  chown(uid: number, gid: number): Promise<void>;
  utimes(accessed: Date, modified: Date): Promise<void>;
  sync(): Promise<void>;
  /** Waits for the calls under way. */
  close(): Promise<void>;
}

/** A file, and what it was when it was opened. */
export interface Opened {
  readonly handle: Handle;
  readonly stats: Stats;
}

/** They behave as those of node:fs/promises. */
export interface FileCalls {
  open(path: string, flags: number | string, mode?: number): Promise<Handle>;
  /** Undefined if there is nothing of that name. */
  lstatIfAny(path: string): Promise<Stats | undefined>;
  /** With the whole inode number; it fails if there is nothing of that name. */
  lstatExact(path: string): Promise<BigIntStats>;
  rename(from: string, to: string): Promise<void>;
}

/** Chosen: as long as it takes to hash a long piece. */
const TURN_MS = 5;
/** Chosen: longer than a head of a disk takes to move; a busy machine seldom takes so long. */
const SLOW_MS = 20;
/** Chosen: slow calls take a tenth of the time at most. */
const REST_MS = 200;
/** Chosen: copying more takes longer than the way to a thread. */
const SMALL_BYTES = 64 * 1024;

/** statfs(2) of ext4, XFS, Btrfs, tmpfs, overlayfs, F2FS, ZFS and bcachefs. */
const LOCAL = new Set([
  0xef53, 0x58465342, 0x9123683e, 0x01021994, 0x794c7630, 0xf2f52010, 0x2fc12fc1, 0xca451a4e,
]);

/** Chosen: a number of a device that went may become another's. */
const KNOWN_MS = 10_000;

/** The time that calls took since the event loop had its turn. */
class Turn {
  #beganMs = 0;
  #end: Promise<void> | undefined;
  #restsUntilMs = 0;

  get rests(): boolean {
    return performance.now() < this.#restsUntilMs;
  }

  async call<T>(work: () => T): Promise<T> {
    while (this.#isSpent()) await this.#end;
    const from = performance.now();
    try {
      return work();
    } finally {
      const now = performance.now();
      if (now - from >= SLOW_MS) this.#restsUntilMs = now + REST_MS;
    }
  }

  #isSpent(): boolean {
    if (this.#end !== undefined) return performance.now() - this.#beganMs >= TURN_MS;
    this.#beganMs = performance.now();
    this.#end = turnOfTheLoop().then(() => {
      this.#end = undefined;
    });
    return false;
  }
}

/** One for the one event loop. */
const turn = new Turn();

const fileStat = promisify(fstat);
const setMode = promisify(fchmod);
const setOwner = promisify(fchown);
const setLength = promisify(ftruncate);
const setTimes = promisify(futimes);
const sync = promisify(fsync);
const readThere = promisify(readThreaded);
const writeThere = promisify(writevThreaded);
const openThere = promisify(openThreaded);
const closeThere = promisify(closeThreaded);

class OwnHandle implements Handle {
  #fd: number;
  readonly #isLocal: boolean;
  /** Calls under way. A descriptor that is closed meanwhile may become that of another file. */
  #calls = 0;
  #whenIdle: (() => void) | undefined;

  constructor(fd: number, isLocal: boolean) {
    this.#fd = fd;
    this.#isLocal = isLocal;
  }

  get fd(): number {
    return this.#fd;
  }

  stat(): Promise<Stats>;
  stat(options: { readonly bigint: true }): Promise<BigIntStats>;
  stat(options?: { readonly bigint: true }): Promise<Stats | BigIntStats> {
    if (!options) return this.#call<Stats>((fd) => fstatSync(fd), fileStat);
    return this.#call<BigIntStats>(
      (fd) => fstatSync(fd, options),
      (fd) => fileStat(fd, options),
    );
  }

  read(into: Uint8Array, offset: number, length: number, position: number) {
    return this.#call(
      (fd) => ({ bytesRead: readSync(fd, into, offset, length, position) }),
      (fd) => readThere(fd, into, offset, length, position),
      length,
    );
  }

  writev(parts: readonly Uint8Array[], position: number) {
    return this.#call(
      (fd) => ({ bytesWritten: writevSync(fd, parts, position) }),
      (fd) => writeThere(fd, parts, position),
      parts.reduce((sum, part) => sum + part.length, 0),
    );
  }

  truncate(length: number): Promise<void> {
    return this.#call(
      (fd) => ftruncateSync(fd, length),
      (fd) => setLength(fd, length),
    );
  }

  chmod(mode: number): Promise<void> {
    return this.#call(
      (fd) => fchmodSync(fd, mode),
      (fd) => setMode(fd, mode),
    );
  }

  chown(uid: number, gid: number): Promise<void> {
    return this.#call(
      (fd) => fchownSync(fd, uid, gid),
      (fd) => setOwner(fd, uid, gid),
    );
  }

  utimes(accessed: Date, modified: Date): Promise<void> {
    return this.#call(
      (fd) => futimesSync(fd, accessed, modified),
      (fd) => setTimes(fd, accessed, modified),
    );
  }

  sync(): Promise<void> {
    return this.#call(undefined, sync);
  }

  async close(): Promise<void> {
    const fd = this.#fd;
    if (fd < 0) return;
    this.#fd = -1;
    if (this.#calls > 0) {
      await new Promise<void>((resolve) => {
        this.#whenIdle = resolve;
      });
    }
    await (this.#isLocal ? turn.call(() => closeSync(fd)) : closeThere(fd));
  }

  /** @param here undefined if the call is always to be made in a thread */
  async #call<T>(
    here: ((fd: number) => T) | undefined,
    threaded: (fd: number) => Promise<T>,
    bytes = 0,
  ): Promise<T> {
    const fd = this.#fd;
    if (fd < 0) throw new HubswarmError('ERR_ABORTED', 'the file was closed');
    const isHere = here && this.#isLocal && bytes <= SMALL_BYTES && !turn.rests;
    this.#calls += 1;
    try {
      return await (isHere ? turn.call(() => here(fd)) : threaded(fd));
    } finally {
      this.#calls -= 1;
      if (this.#calls === 0) this.#whenIdle?.();
    }
  }
}

/** Calls in other threads, for any file system. */
export const THREADED: FileCalls = {
  open,
  rename,
  lstatIfAny: async (path) => {
    try {
      return await lstat(path);
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return undefined;
      throw error;
    }
  },
  lstatExact: (path) => lstat(path, { bigint: true }),
};

const HERE: FileCalls = {
  open: async (path, flags, mode) => {
    const fd = turn.rests
      ? await openThere(path, flags, mode)
      : await turn.call(() => openSync(path, flags, mode));
    return new OwnHandle(fd, true);
  },
  rename: (from, to) => (turn.rests ? rename(from, to) : turn.call(() => renameSync(from, to))),
  lstatIfAny: (path) =>
    turn.rests
      ? THREADED.lstatIfAny(path)
      : turn.call(() => lstatSync(path, { throwIfNoEntry: false })),
  lstatExact: (path) =>
    turn.rests ? THREADED.lstatExact(path) : turn.call(() => lstatSync(path, { bigint: true })),
};

/** The calls for what lies below a directory; what is mounted there is not looked at. */
export async function fileCallsAt(directory: string): Promise<FileCalls> {
  return (await isLocal(directory)) ? HERE : THREADED;
}

async function isLocal(path: string): Promise<boolean> {
  if (process.platform !== 'linux') return false;
  const found = await statfs(path).catch(() => undefined);
  return found !== undefined && LOCAL.has(found.type);
}

/** Whether a device is a local disk, and when that is to be asked again. */
const devices = new Map<number, { readonly local: Promise<boolean>; readonly untilMs: number }>();

/** Opens a path that may lead to any file system, in a thread. */
export async function openAnywhere(path: string, flags: number): Promise<Opened> {
  if (process.platform !== 'linux') {
    const handle = await open(path, flags);
    return { handle, stats: await handle.stat() };
  }
  const fd = await openThere(path, flags);
  // open() has just looked it up, so no file system has to be asked again.
  const stats = fstatSync(fd);
  return { handle: new OwnHandle(fd, await isLocalDevice(stats.dev, fd)), stats };
}

function isLocalDevice(device: number, fd: number): Promise<boolean> {
  const known = devices.get(device);
  const nowMs = performance.now();
  if (known && nowMs < known.untilMs) return known.local;
  const local = isLocal(`/proc/self/fd/${fd}`);
  devices.set(device, { local, untilMs: nowMs + KNOWN_MS });
  return local;
}

/** Where an open file lies; Linux tells it without asking a file system. */
export function pathOfDescriptor(fd: number): string {
  return readlinkSync(`/proc/self/fd/${fd}`);
}
