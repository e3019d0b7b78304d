// Every file below a root that is not hidden. A file that no URL names is among them: its blocks
// are asked for by their CID. Links are not followed, so a walk ends; what cannot be read is
// passed over, for a walk goes on beside whatever happens to the root.
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
      // It is gone, or not ours to read.
    } finally {
      await directory?.close();
    }
  }
}
