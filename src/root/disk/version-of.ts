// Tells one version of a file on a disk from another without reading it.
import type { Stats } from 'node:fs';
import { attributesOf } from '../../disk/file-system/attributes.ts';
import { msToAge, stampOf } from '../../disk/file-system/stamp-age.ts';
import type { Version } from '../root.ts';

export function versionOf(stats: Stats): Version {
  const { size, mtimeMs, ctimeMs } = stats;
  return {
    kind: stats.isDirectory() ? 'directory' : 'file',
    size,
    ...attributesOf(stats),
    stamp: stampOf(stats),
    settledMs: performance.now() + msToAge([mtimeMs, ctimeMs]),
  };
}
