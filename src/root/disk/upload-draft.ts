// A draft of an unfinished upload's bytes. The data file becomes the target in one step: so if it
// is gone it was published, and if it is there it was not.
import { copyFile, type FileHandle, open, unlink } from 'node:fs/promises';
import type { FileAttributes } from '../../content/attributes.ts';
import { systemCode } from '../../runtime/errors.ts';
import { fileRefusal } from '../../runtime/refusal.ts';
import type { Draft, IfMatch, Segments, Version } from '../root.ts';
import { PartialFile } from './partial-file.ts';
import { placeFile, type TargetDirectory } from './place-file.ts';

export class UploadDraft implements Omit<Draft, 'write'> {
  readonly place: Segments;
  readonly #directory: TargetDirectory;
  readonly #path: string;
  readonly #handle: FileHandle;

  private constructor(directory: TargetDirectory, name: string, path: string, handle: FileHandle) {
    this.place = [...directory.place, name];
    this.#directory = directory;
    this.#path = path;
    this.#handle = handle;
  }

  /** @param path of the data file. Returns undefined if it is gone. */
  static async of(
    directory: TargetDirectory,
    name: string,
    path: string,
  ): Promise<UploadDraft | undefined> {
    try {
      return new UploadDraft(directory, name, path, await open(path, 'r'));
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return undefined;
      throw fileRefusal(error);
    }
  }

  async publish(ifMatch: IfMatch, attributes?: FileAttributes): Promise<Version> {
    const file = { handle: this.#handle, path: this.#path };
    try {
      return await placeFile(file, this.#directory, this.place.at(-1)!, ifMatch, attributes);
    } catch (error) {
      if (systemCode(error) !== 'EXDEV') throw error;
      return this.#publishCopy(ifMatch, attributes);
    }
  }

  close(): Promise<void> {
    return this.#handle.close();
  }

  /** Publishes a copy: a directory below the root may be the mount point of another file system. */
  async #publishCopy(ifMatch: IfMatch, attributes?: FileAttributes): Promise<Version> {
    const copy = await PartialFile.create(this.#directory, this.place.at(-1)!);
    try {
      await copyFile(this.#path, copy.path);
      const version = await copy.publish(ifMatch, attributes);
      await unlink(this.#path);
      return version;
    } catch (error) {
      throw fileRefusal(error);
    } finally {
      await copy.close();
    }
  }
}
