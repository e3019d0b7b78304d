// Unfinished uploads on the disk: `.hubswarm/uploads/<id>/` below the root, with the bytes
// (`data`), the record (`record.json`) and the writer's lock. All state is there, so that a
// restarted hub, or another hub over the same root, goes on.
import { randomBytes } from 'node:crypto';
import {
  type FileHandle,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  rm,
  stat,
} from 'node:fs/promises';
import { join } from 'node:path';
import { HubswarmError } from '../../runtime/errors.ts';
import { bootId } from '../../runtime/node/boot-id.ts';
import { makeDirectory } from '../../runtime/node/make-directory.ts';
import { fileRefusal } from '../../runtime/refusal.ts';
import { OWN_DIRECTORY } from '../names.ts';
import type { Unfinished, UploadData, UploadLock } from '../unfinished.ts';
import { checkRoom } from './check-room.ts';
import { lockUpload } from './upload-lock.ts';
import { writeChunks } from './write-chunks.ts';

export class DiskUnfinished implements Unfinished {
  readonly boot = bootId;
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  /** Path of the directory of all uploads. */
  get path(): string {
    return join(this.#root, OWN_DIRECTORY, 'uploads');
  }

  dataPath(id: string): string {
    return join(this.path, id, 'data');
  }

  async ids(): Promise<readonly string[]> {
    const names = await readdir(this.path).catch(() => []);
    return names.filter((name) => /^[0-9a-f]{32}$/.test(name));
  }

  async create(id: string): Promise<void> {
    try {
      await makeDirectory(this.path, 0o700);
      await mkdir(this.#pathOf(id), { mode: 0o700 });
      await (await open(this.dataPath(id), 'wx')).close();
    } catch (error) {
      throw fileRefusal(error instanceof HubswarmError ? error.cause : error);
    }
  }

  record(id: string): Promise<string | undefined> {
    return readFile(join(this.#pathOf(id), 'record.json'), 'utf8').catch(() => undefined);
  }

  async setRecord(id: string, text: string): Promise<void> {
    const directory = this.#pathOf(id);
    const temporary = join(directory, `.record.${randomBytes(4).toString('hex')}`);
    try {
      const handle = await open(temporary, 'wx', 0o600);
      try {
        await handle.writeFile(text);
        // The data must be on the disk before its name.
        await handle.datasync();
      } finally {
        await handle.close();
      }
      await rename(temporary, join(directory, 'record.json'));
    } catch (error) {
      await rm(temporary, { force: true });
      throw fileRefusal(error);
    }
  }

  async dataBytes(id: string): Promise<number | undefined> {
    return (await stat(this.dataPath(id)).catch(() => undefined))?.size;
  }

  async changedMs(id: string): Promise<number> {
    return (await stat(this.#pathOf(id))).mtimeMs;
  }

  async open(id: string): Promise<UploadData> {
    try {
      return new DiskData(await open(this.dataPath(id), 'r+'));
    } catch (error) {
      throw fileRefusal(error);
    }
  }

  async lock(id: string): Promise<UploadLock | undefined> {
    try {
      return await lockUpload(this.#pathOf(id));
    } catch (error) {
      throw fileRefusal(error);
    }
  }

  remove(id: string): Promise<void> {
    // Retries, since another request that tries for the lock may leave a file there meanwhile.
    const options = { recursive: true, force: true, maxRetries: 5, retryDelay: 10 };
    return rm(this.#pathOf(id), options);
  }

  checkRoom(bytes: number): Promise<void> {
    return checkRoom(this.#root, bytes);
  }

  #pathOf(id: string): string {
    return join(this.path, id);
  }
}

class DiskData implements UploadData {
  readonly #handle: FileHandle;

  constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  async read(into: Uint8Array, position: number): Promise<number> {
    return (await this.#handle.read(into, 0, into.length, position)).bytesRead;
  }

  write(chunks: readonly Uint8Array[], position: number): Promise<void> {
    return writeChunks(this.#handle, chunks, position);
  }

  async size(): Promise<number> {
    return (await this.#handle.stat()).size;
  }

  truncate(bytes: number): Promise<void> {
    return this.#handle.truncate(bytes);
  }

  sync(): Promise<void> {
    return this.#handle.datasync();
  }

  close(): Promise<void> {
    return this.#handle.close();
  }
}
