// SIGKILL at ten random moments of a download, by a real process: what it said
// it wrote is found by the next one, and nothing half-written is ever named.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createRng } from '../../src/runtime/rng.ts';
import { seededBytes, tempDir, writeTree } from './files.ts';

let bundleDir: string;
let bundle: string;

beforeAll(async () => {
  bundleDir = await mkdtemp(join(tmpdir(), 'hubswarm-content-'));
  bundle = join(bundleDir, 'child.mjs');
  await build({
    entryPoints: [fileURLToPath(new URL('./download-child.ts', import.meta.url))],
    outfile: bundle,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    // Some dependencies call require() of Node's own modules.
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    },
  });
});

afterAll(() => rm(bundleDir, { recursive: true, force: true }));

interface Life {
  readonly found: number[];
  readonly wrote: number[];
  readonly published: boolean;
}

/** Runs a child until it has printed that many lines, or to its end. */
async function live(source: string, target: string, seed: number, lines: number): Promise<Life> {
  const child: ChildProcess = spawn(process.execPath, [bundle, source, target, String(seed)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  child.stdin!.on('error', () => undefined);
  if (lines === Number.POSITIVE_INFINITY) child.stdin!.end();
  // The kill falls into one of the two pieces that nobody waited for, or between them.
  else child.stdin!.write('.'.repeat(lines + 1));
  const printed: string[] = [];
  for await (const line of createInterface({ input: child.stdout! })) {
    printed.push(line);
    if (printed.length === lines) child.kill('SIGKILL');
  }
  await exited;
  const numbers = (text: string): number[] => text.split(' ').slice(1).filter(Boolean).map(Number);
  return {
    found: numbers(printed[0] ?? ''),
    wrote: printed.filter((line) => line.startsWith('wrote')).flatMap(numbers),
    published: printed.includes('published'),
  };
}

/** More than ten lives of 8 + 2 pieces can write. */
const PIECES = 120;

it.each([
  ['file', { '': seededBytes(PIECES * 4096 - 7) }],
  ['directory', { 'a/one': seededBytes(40 * 4096, 1), 'a/b/two': seededBytes(80 * 4096 - 7, 2) }],
])(
  'a %s survives ten kills and is never written twice',
  { timeout: 60_000 },
  async (kind, files) => {
    const dir = await tempDir();
    const source = join(dir, 'source');
    if (kind === 'file') await writeFile(source, Object.values(files)[0]!);
    else await writeTree(source, files);
    const target = join(await tempDir(), 'copy');
    const rng = createRng(7);
    const written = new Set<number>();
    for (let kill = 0; kill < 10; kill++) {
      // The first line is `have`; 0 to 8 pieces more.
      const life = await live(source, target, kill, 1 + rng.below(9));
      expect(life.published).toBe(false);
      expect(await readdir(dirname(target))).not.toContain('copy');
      // Pieces written after the last line that was read may be there as well.
      expect(life.found).toEqual(expect.arrayContaining([...written]));
      expect(life.wrote.filter((piece) => life.found.includes(piece))).toEqual([]);
      for (const piece of [...life.found, ...life.wrote]) written.add(piece);
    }
    const last = await live(source, target, 99, Number.POSITIVE_INFINITY);
    expect(last.published).toBe(true);
    expect(last.found).toEqual(expect.arrayContaining([...written]));
    expect(last.wrote.length).toBe(PIECES - last.found.length);
    expect(last.wrote.length).toBeLessThan(PIECES);
    expect(await readdir(dirname(target))).toEqual(['copy']);
    for (const [path, bytes] of Object.entries(files)) {
      expect(await readFile(join(target, path))).toEqual(bytes);
    }
  },
);
