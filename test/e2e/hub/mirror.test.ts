// `client get -r` of the built binary, held against rsync on random pairs of trees.
import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { needs } from '../../support/needs.ts';

const SCRIPT = resolve(import.meta.dirname, '../../../scripts/compare-rsync.mjs');

describe('client get -r', needs('rsync'), () => {
  it('leaves what rsync -a leaves, and agrees on whether all went well', () => {
    const args = [SCRIPT, '--pairs', '40', '--seed', '11'];
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
    expect({ status, stdout, stderr }).toEqual({
      status: 0,
      stdout: '40 of 40 pairs as rsync has them (seed 11)\n',
      stderr: '',
    });
  }, 180_000);
});
