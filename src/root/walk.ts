// Yields every file below a root that is not hidden. A file that no URL names is among them:
// requests ask for its blocks by their CID. Links are not followed, so a walk ends. Entries that
// cannot be read are passed over, since the root may change during the walk.
import { isHidden } from './names.ts';
import type { Root, Segments } from './root.ts';

export async function* filesBelow(root: Pick<Root, 'open'>): AsyncGenerator<Segments> {
  const directories: Segments[] = [[]];
  for (let next = directories.pop(); next; next = directories.pop()) {
    const directory = await root.open(next).catch(() => undefined);
    try {
      if (directory?.kind !== 'directory') continue;
      for await (const entries of directory.list()) {
        for (const { name, kind, isLink } of entries) {
          if (isLink || isHidden(name)) continue;
          if (kind === 'directory') directories.push([...next, name]);
          else if (kind === 'file') yield [...next, name];
        }
      }
    } catch {
      // The entry is gone, or may not be read.
    } finally {
      await directory?.close();
    }
  }
}
