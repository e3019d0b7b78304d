// Which version each path of the origin had when it was last asked, so that an edge
// can go on without its origin, also after a restart. Written whole, beside and then
// renamed; what cannot be read counts as empty, since the origin knows it all.
import { readFile, rename, writeFile } from 'node:fs/promises';
import { z } from 'zod';
import { forgetOldest } from '../runtime/forget-oldest.ts';
import { guarded } from '../runtime/guarded.ts';
import type { Moment } from './age.ts';
import type { Keeping } from './freshness.ts';
import type { Facts } from './origin.ts';

/** And when the origin last said so. */
export interface KnownVersion extends Moment, Facts {
  readonly cid: string;
  /** Absent if an earlier release stored it. */
  readonly keeping?: Keeping | undefined;
}

/** Chosen: as many as a hub keeps CIDs of. */
const MAX_PATHS = 16_384;
/** Chosen: a crash may lose so much, which the origin then tells again. */
const SAVE_AFTER_MS = 5000;

const keepingSchema = z.object({
  isKept: z.boolean(),
  lifetimeMs: z.number().optional(),
  isStrict: z.boolean().optional(),
  cacheControl: z.string().optional(),
});

const schema = z.array(
  z.tuple([
    z.string(),
    z.object({
      cid: z.string(),
      modifiedMs: z.number(),
      executable: z.boolean().optional(),
      checkedAtMs: z.number(),
      keeping: keepingSchema.optional(),
    }),
  ]),
);

export class PathIndex {
  readonly #file: string;
  readonly #versions: Map<string, KnownVersion>;
  #timer: NodeJS.Timeout | undefined;
  #saving: Promise<void> = Promise.resolve();

  private constructor(file: string, versions: Map<string, KnownVersion>) {
    this.#file = file;
    this.#versions = versions;
  }

  static async open(file: string): Promise<PathIndex> {
    try {
      const found = schema.parse(JSON.parse(await readFile(file, 'utf8')));
      return new PathIndex(file, new Map(found));
    } catch {
      return new PathIndex(file, new Map());
    }
  }

  get(path: string): KnownVersion | undefined {
    return this.#versions.get(path);
  }

  set(path: string, version: KnownVersion): void {
    this.#versions.delete(path);
    this.#versions.set(path, version);
    forgetOldest(this.#versions, MAX_PATHS);
    this.#changed();
  }

  delete(path: string): void {
    if (this.#versions.delete(path)) this.#changed();
  }

  /** Under which paths a version was last seen. */
  pathsOf(cid: string): string[] {
    return [...this.#versions].flatMap(([path, version]) => (version.cid === cid ? [path] : []));
  }

  /** When each version was last confirmed, under any path. */
  lastUse(): ReadonlyMap<string, number> {
    const uses = new Map<string, number>();
    for (const { cid, checkedAtMs } of this.#versions.values()) {
      uses.set(cid, Math.max(checkedAtMs, uses.get(cid) ?? 0));
    }
    return uses;
  }

  async close(): Promise<void> {
    if (this.#timer) {
      clearTimeout(this.#timer);
      this.#save();
    }
    await this.#saving;
  }

  #changed(): void {
    this.#timer ??= setTimeout(
      guarded('saving the index', () => this.#save()),
      SAVE_AFTER_MS,
    );
  }

  #save(): void {
    this.#timer = undefined;
    // The monotonic clock means nothing to the next run.
    const text = JSON.stringify([...this.#versions], (name, value: unknown) =>
      name === 'checkedAt' ? undefined : value,
    );
    this.#saving = this.#saving.then(async () => {
      // The disk may be full: then the index is as old as it was.
      await writeFile(`${this.#file}.part`, text)
        .then(() => rename(`${this.#file}.part`, this.#file))
        .catch(() => undefined);
    });
  }
}
