// Whether shared files are what they were when they were hashed, by what the file system says of them:
// nothing is read.
import { stat } from 'node:fs/promises';
import { isUnchanged, type SourceFile } from '../disk/import/source.ts';
import { systemCode } from '../runtime/errors.ts';

type State = 'shared' | 'changed' | 'removed' | 'unreadable';

/** The state of the first that is not as it was. */
export async function stateOnDisk(sources: readonly SourceFile[]): Promise<State> {
  for (const source of sources) {
    const state = await stateOf(source);
    if (state !== 'shared') return state;
  }
  return 'shared';
}

async function stateOf(source: SourceFile): Promise<State> {
  try {
    const now = await stat(source.path);
    return now.isFile() && isUnchanged(source, now) ? 'shared' : 'changed';
  } catch (error) {
    return ['ENOENT', 'ENOTDIR'].includes(systemCode(error) ?? '') ? 'removed' : 'unreadable';
  }
}
