// V8 says on standard error that it does not know a flag, and goes on. So a process that sets all
// flags must say nothing there.
import { spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { transform } from 'esbuild';
import { expect, it } from 'vitest';

const SOURCE = new URL('../../../src/runtime/node/v8-flags.ts', import.meta.url);

/** What a process says that sets the flags of peers and hubs, as the source has them. */
async function complaints(change: (source: string) => string = (same) => same): Promise<string> {
  const source = change(await readFile(SOURCE, 'utf8'));
  const { code } = await transform(`${source}\ntunePeer();\ntuneHub();`, { loader: 'ts' });
  const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', code], {
    encoding: 'utf8',
  });
  expect(status).toBe(0);
  return stderr;
}

it('V8 knows every flag that is set', async () => {
  expect(await complaints()).toBe('');
});

it.each(['--no-concurrent-marking', '--no-concurrent-sweeping', '--no-parallel-scavenge'])(
  'a V8 without %s is found',
  async (flag) => {
    const gone = `${flag}-is-gone`;
    expect(await complaints((source) => source.replace(flag, gone))).toContain(gone);
  },
);
