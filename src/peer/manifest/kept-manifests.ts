// Keeps the manifests that this peer has had, so that it can go on without other peers. Each lies
// in two places:
//
// - beside the partial, as `NAME.XXXXXXXX.manifest`: goes where the partial goes and is removed
//   with it;
// - in `<data directory>/manifests/<CID>`, shared by all peers of that directory: also there when
//   the content is whole and the partial gone. Bounded; what was used least recently is forgotten
//   first.
//
// Crash order: a manifest is on disk, its name too, before the first piece is written, so a partial
// with a piece in it always has one. It is removed after the content has its final name. What lies
// there is believed as far as its hashes go, like a remote's answer: a torso, another CID's or a
// changed one counts as none and is written anew.
import { readdir, rm, utimes } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { CID } from 'multiformats/cid';
import { syncPath } from '../../disk/file-system/steps.ts';
import { shortName } from '../../disk/place/partial-name.ts';
import { fileError, systemCode } from '../../runtime/errors.ts';
import { forgetOldest } from '../../runtime/node/forget-oldest.ts';
import { makeDirectory } from '../../runtime/node/make-directory.ts';
import { nameBeside } from '../../runtime/node/name-beside.ts';
import { readBounded, writeWhole } from '../../runtime/node/small-file.ts';
import { MAX_ANSWER_BYTES } from './dag-codec.ts';
import { decodeManifest, encodeManifest, type FetchedManifest } from './manifest-bytes.ts';

/** Most manifests in the data directory: that of a 1 GiB file has 52 KB. Chosen. */
const MOST_KEPT = 1000;
const MOST_KEPT_BYTES = 256 * 2 ** 20;
/** Most names beside partial files that are tried: more than one were made by hand. Chosen. */
const MOST_BESIDE = 8;

export class KeptManifests {
  readonly #dir: string;

  constructor(dataDir: string) {
    this.#dir = join(dataDir, 'manifests');
  }

  /** Finds the manifest of a CID that may be on its way to the directory `out`. */
  async find(cid: CID, out: string): Promise<FetchedManifest | undefined> {
    return (await this.#findBeside(cid, out)) ?? (await this.#findKept(cid));
  }

  /**
   * Keeps the manifest beside the partial file in `out`. Call before the first piece is written
   * there.
   */
  async keepBeside(found: FetchedManifest, out: string): Promise<void> {
    const path = pathBeside(found, out);
    const bytes = encodeManifest(found);
    if (Buffer.compare(bytes, (await read(path)) ?? Buffer.alloc(0)) === 0) return;
    await writeWhole(path, bytes);
    await syncPath(out);
  }

  /** Call when the content has its final name. */
  async removeBeside(found: FetchedManifest, out: string): Promise<void> {
    const own = basename(pathBeside(found, out));
    for (const other of await list(out)) {
      const rest = other.startsWith(own) ? other.slice(own.length) : undefined;
      // A kill during the write leaves a temporary name.
      if (rest !== '' && !/^\.[0-9a-f-]{36}\.tmp$/.test(rest ?? '')) continue;
      await rm(join(out, other), { force: true });
    }
  }

  /**
   * Keeps the manifest in the data directory, as the one used last.
   *
   * @throws HubswarmError of the file system
   */
  async keep(found: FetchedManifest): Promise<void> {
    const bytes = encodeManifest(found);
    const path = this.#path(found.manifest.root);
    const present = await read(path);
    if (present && Buffer.compare(bytes, present) === 0) {
      const now = new Date();
      await utimes(path, now, now).catch(() => undefined);
      return;
    }
    await makeDirectory(this.#dir, 0o700);
    await writeWhole(path, bytes);
    await syncPath(this.#dir);
    await forgetOldest(this.#dir, MOST_KEPT, MOST_KEPT_BYTES);
  }

  #path(cid: CID): string {
    return join(this.#dir, cid.toString());
  }

  async #findKept(cid: CID): Promise<FetchedManifest | undefined> {
    return load(cid, this.#path(cid));
  }

  async #findBeside(cid: CID, out: string): Promise<FetchedManifest | undefined> {
    const ending = endingOf(cid);
    const names = (await list(out)).filter((name) => name.endsWith(ending));
    for (const name of names.slice(0, MOST_BESIDE)) {
      const path = join(out, name);
      const found = await load(cid, path);
      // The name says to which partial file it belongs.
      if (found && path === pathBeside(found, out)) return found;
    }
    return undefined;
  }
}

const endingOf = (cid: CID): string => `.${shortName(cid)}.manifest`;

/** A longer one is cut by so much that its temporary name keeps what it begins with. */
const TEMPORARY = '.xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx.tmp';

function pathBeside({ name, manifest }: FetchedManifest, out: string): string {
  const ending = endingOf(manifest.root);
  return nameBeside(join(out, name), ending, `${ending}${TEMPORARY}`);
}

/** Loads a manifest; undefined if it is missing, unreadable, or not this CID's. */
async function load(cid: CID, path: string): Promise<FetchedManifest | undefined> {
  const bytes = await read(path);
  return bytes && decodeManifest(cid, bytes).catch(() => undefined);
}

const read = (path: string): Promise<Buffer | undefined> =>
  readBounded(path, MAX_ANSWER_BYTES).then(
    (file) => file?.bytes,
    () => undefined,
  );

async function list(dir: string): Promise<string[]> {
  try {
    return await readdir(dir);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'EACCES'].includes(systemCode(error) ?? '')) return [];
    throw fileError(error, dir);
  }
}
