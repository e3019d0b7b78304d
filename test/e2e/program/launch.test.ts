// How the built binary is loaded: from the code caches of this Node.js, or without them.
import { cp, readdir, readFile, truncate, writeFile } from 'node:fs/promises';
import { SourceMap } from 'node:module';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { UNKNOWN_V8 } from '../../../src/runtime/node/v8-flags.ts';
import { scratch, start } from '../binary.ts';
import { origin, sameBytes } from '../swarm.ts';

const DIST = resolve(import.meta.dirname, '../../../dist');

/** Says at the end how often V8 took a code cache, refused one, and was given none. */
const PROBE = `
const vm = require('node:vm');
const seen = { taken: 0, refused: 0, none: 0 };
vm.Script = class extends vm.Script {
  constructor(source, options) {
    super(source, options);
    const { cachedDataRejected } = this;
    seen[cachedDataRejected === undefined ? 'none' : cachedDataRejected ? 'refused' : 'taken']++;
  }
};
process.on('exit', () => process.stderr.write('\\nprobe ' + JSON.stringify(seen) + '\\n'));
`;

async function probe(
  args: readonly string[],
  { dist = DIST, env = {} }: { dist?: string; env?: NodeJS.ProcessEnv } = {},
): Promise<{ stdout: string; seen: Record<'taken' | 'refused' | 'none', number> }> {
  const dir = await scratch();
  await writeFile(join(dir, 'probe.cjs'), PROBE);
  const options = { NODE_OPTIONS: `--require ${join(dir, 'probe.cjs')}`, ...env };
  const running = start(args, options, [], join(dist, 'cli.js'));
  running.child.stdin!.end();
  await running.exit;
  expect(running.stderr).not.toContain('unrecognized flag');
  const [, seen] = /^probe (.*)$/m.exec(running.stderr)!;
  return { stdout: running.stdout, seen: JSON.parse(seen!) };
}

test.each([[['--version']], [['cid', join(DIST, 'cli.js')]]])(
  'V8 takes the code caches that the build made, for %j',
  async (args) => {
    const { seen } = await probe(args);
    expect(seen.taken).toBeGreaterThan(1);
    expect(seen.refused).toBe(0);
  },
);

test('V8 takes one code cache for all that a peer loads', async () => {
  // Ends once libp2p is loaded.
  const { seen } = await probe(['peer', '--listen', 'nowhere']);
  expect(seen).toEqual({ taken: 1, refused: 0, none: 0 });
});

test('the flags were measured on this V8', () => {
  expect(UNKNOWN_V8).toBeUndefined();
});

test('caches that V8 refuses are left alone, and Node.js keeps its own from 22.8 on', async () => {
  const dir = await scratch();
  const dist = join(dir, 'dist');
  await cp(DIST, dist, { recursive: true });
  for (const folder of await readdir(join(dist, 'cache'))) {
    for (const name of await readdir(join(dist, 'cache', folder))) {
      await truncate(join(dist, 'cache', folder, name), 100);
    }
  }
  const home = join(dir, 'home');
  const { stdout, seen } = await probe(['--version'], { dist, env: { XDG_CACHE_HOME: home } });
  expect(stdout).toBe((await probe(['--version'])).stdout);
  expect(seen).toEqual({ taken: 0, refused: 1, none: 0 });
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major! < 22 || (major === 22 && minor! < 8)) return;
  expect(await readdir(join(home, 'hubswarm/code'))).toHaveLength(1);
});

test('a stack can be told in the names and lines of the sources', async () => {
  const program = join(DIST, 'program');
  const text = await readFile(join(program, 'cli.cjs'), 'utf8');
  const map = JSON.parse(await readFile(join(program, 'cli.cjs.map'), 'utf8'));
  const lines = text.slice(0, text.indexOf('showSuggestionAfterError')).split('\n');
  const entry = new SourceMap(map).findEntry(lines.length - 1, lines.at(-1)!.length);
  if (!('originalSource' in entry)) throw new Error('the source map does not know the place');
  const source = resolve(program, entry.originalSource);
  const line = (await readFile(source, 'utf8')).split('\n')[entry.originalLine];
  expect(line).toContain('showSuggestionAfterError');
});

test('a peer fetches where there is no WebAssembly', async () => {
  const dir = await scratch();
  const from = await origin(dir, 300_000);
  const out = join(dir, 'out');
  const args = [
    '--data',
    join(dir, 'data'),
    '--join',
    from.address,
    '--get',
    from.cid,
    '--out',
    out,
  ];
  const peer = start(['peer', '--json', ...args], { NODE_OPTIONS: '--jitless' });
  await peer.until('transfer_completed');
  await sameBytes(join(out, 'content.bin'), from.file);
  expect(peer.stdout).not.toContain('"warned"');
});
