// The library as a program elsewhere has it: the tarball, installed into an empty folder.
import { readFileSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { randomFile, run, scratch, sha256, start } from '../binary.ts';
import { execute, installAlone, ROOT } from './tarball.ts';

const FOR_BROWSERS = ['content', 'exchange', 'swarm'];
const ENTRIES = [...FOR_BROWSERS, 'client', 'peer'];

let dir: string;
let home: string;
let installed: string;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'hubswarm-library-'));
  home = await installAlone(dir);
  installed = join(home, 'node_modules/hubswarm');
  await cp(join(installed, 'examples'), join(home, 'examples'), { recursive: true });
}, 60_000);
afterAll(() => rm(dir, { recursive: true, force: true }));

describe('an example', () => {
  const example = async (name: string, ...args: string[]): Promise<string> =>
    (await execute(process.execPath, [join(home, 'examples', `${name}.mjs`), ...args])).stdout;
  const cli = (): string => join(installed, 'dist/cli.js');
  const cidOf = async (path: string): Promise<string> =>
    (await run(['cid', path], cli())).stdout.trim();

  it('stands for each entry', async () => {
    const names = (await readdir(join(ROOT, 'examples'))).map((file) => file.replace('.mjs', ''));
    expect(names.sort()).toEqual(['client', 'exchange', 'peer', 'swarm', 'verify']);
  });

  it.each([
    ['client', 'HUB FILE OUT'],
    ['peer', 'FILE OUT'],
    ['verify', 'FILE CID [PIECE_LENGTH]'],
    ['exchange', '[BYTES]', '-1'],
    ['swarm', '[BYTES]', 'many'],
  ])('%s says in one line what it takes', async (name, takes, ...args) => {
    const stderr = `usage: node ${name}.mjs ${takes}\n`;
    await expect(example(name, ...args)).rejects.toMatchObject({ code: 2, stdout: '', stderr });
  });

  it('verifies a file against a CID', async () => {
    const file = await randomFile(join(await scratch(), 'file'), 3_000_001);
    const cid = await cidOf(file);
    expect(await example('verify', file, cid)).toBe(`${file} is ${cid}\n`);
    const other = await randomFile(join(await scratch(), 'other'), 100);
    const stderr = `${other} is not ${cid}: it is ${await cidOf(other)}\n`;
    await expect(example('verify', other, cid)).rejects.toMatchObject({ code: 1, stderr });
    await expect(example('verify', file, 'bafy')).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^ERR_USAGE: cid: 'bafy' is not a CID; .*\n$/),
    });
    await expect(example('verify', file, cid, '65537')).rejects.toMatchObject({
      stderr: expect.stringContaining('ERR_USAGE'),
    });
  });

  it('exchanges content between sessions', async () => {
    expect(await example('exchange', '3000000')).toMatch(/^46 pieces of bafy\w+ after \d+ ms\n$/);
  });

  it('downloads content over wires of its own', async () => {
    expect(await example('swarm', '3000000')).toMatch(/^3000000 bytes of bafy\w+\n$/);
  });

  it('sends a file to a hub and fetches it', async () => {
    const root = await scratch();
    const hub = start(
      ['server', '--root', root, '--port', '0', '--writable', '--json'],
      {},
      [],
      cli(),
    );
    const [url] = (await hub.until('listening')).addresses;
    const place = await scratch();
    const file = await randomFile(join(place, 'file'), 3_000_000);
    const out = join(place, 'fetched');
    expect(await example('client', url!, file, out)).toBe(
      `file 3000000\n${out}: 3000000 bytes of ${await cidOf(file)}\n`,
    );
    expect(await sha256(out)).toBe(await sha256(file));
  });

  it('shares a file and fetches it', async () => {
    const place = await scratch();
    const file = await randomFile(join(place, 'file'), 3_000_000);
    const out = join(place, 'out');
    expect(await example('peer', file, out)).toBe(`${join(out, 'file')} is ${await cidOf(file)}\n`);
    expect(await sha256(join(out, 'file'))).toBe(await sha256(file));
  });
});

describe('types', () => {
  it.each(ENTRIES)('of %s name nothing that is not in the package', (entry) => {
    // A set grows while it is walked.
    const files = new Set([join(installed, 'dist/library/types', `${entry}.d.ts`)]);
    const named = new Set<string>();
    for (const file of files) {
      const { importedFiles, referencedFiles, typeReferenceDirectives } = ts.preProcessFile(
        readFileSync(file, 'utf8'),
      );
      expect([...referencedFiles, ...typeReferenceDirectives]).toEqual([]);
      for (const { fileName } of importedFiles) {
        if (!fileName.startsWith('./')) named.add(fileName);
        else files.add(resolve(dirname(file), fileName.replace(/\.js$/, '.d.ts')));
      }
    }
    expect([...named]).toEqual(entry === 'client' ? ['node:stream'] : []);
  });

  const check = async (
    name: string,
    entries: readonly string[],
    options: ts.CompilerOptions,
  ): Promise<string[]> => {
    const file = join(home, name);
    const lines = entries.map((entry) => `export * as ${entry} from 'hubswarm/${entry}';`);
    await writeFile(file, lines.join('\n'));
    const program = ts.createProgram([file], {
      strict: true,
      exactOptionalPropertyTypes: true,
      skipLibCheck: false,
      noEmit: true,
      target: ts.ScriptTarget.ES2023,
      ...options,
    });
    return ts
      .getPreEmitDiagnostics(program)
      .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
  };

  const bundler = {
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
  };
  const node = { module: ts.ModuleKind.NodeNext, types: ['node'] };

  it('suit a strict program for browsers, without those of Node.js', async () => {
    const lib = ['lib.es2023.d.ts', 'lib.dom.d.ts', 'lib.dom.asynciterable.d.ts'];
    const options = { ...bundler, lib, types: [] };
    expect(await check('browser.ts', FOR_BROWSERS, options)).toEqual([]);
    expect(await check('wrong.ts', ['lab'], options)).toEqual([
      expect.stringContaining("Cannot find module 'hubswarm/lab'"),
    ]);
  });

  it.each([
    ['exchange', 'nothing', ['lib.es2023.d.ts']],
    ['peer', 'lib dom', ['lib.es2023.d.ts', 'lib.dom.d.ts']],
  ])('of %s need %s beside their own', async (entry, _what, lib) => {
    expect(await check(`${entry}.ts`, [entry], { ...bundler, lib, types: [] })).toEqual([]);
  });

  it('suit a strict program for Node.js, with those of Node.js and no others', async () => {
    const types = join(home, 'node_modules/@types');
    await mkdir(types);
    await symlink(join(ROOT, 'node_modules/@types/node'), join(types, 'node'));
    expect(await check('node.mts', ENTRIES, { ...node, typeRoots: [types] })).toEqual([]);
  });
});

describe('a bundle for browsers', () => {
  /** As a program for browsers has it. @throws what esbuild says of the first import it cannot have */
  async function bundled(entry: string): Promise<string> {
    const outfile = join(home, `${entry}.bundle.mjs`);
    await build({
      stdin: { contents: `export * from 'hubswarm/${entry}';`, resolveDir: home },
      outfile,
      bundle: true,
      format: 'esm',
      platform: 'browser',
      logLevel: 'silent',
      define: { Buffer: 'undefined', process: 'undefined', require: 'undefined' },
    });
    return outfile;
  }

  it.each(FOR_BROWSERS)('can have %s', async (entry) => {
    expect(await readFile(await bundled(entry), 'utf8')).not.toMatch(/["']node:|["']crypto["']/);
  });

  it('names content as the program does', async () => {
    const { importFile } = await import(pathToFileURL(await bundled('content')).href);
    const file = await randomFile(join(await scratch(), 'file'), 1_000_000);
    const bytes = await readFile(file);
    const { manifest } = await importFile([bytes.subarray(0, 7), bytes.subarray(7)], {
      length: bytes.length,
    });
    expect((await run(['cid', file])).stdout).toBe(`${manifest.cid}\n`);
  });

  it.each(['client', 'peer'])('cannot have %s', async (entry) => {
    await expect(bundled(entry)).rejects.toThrow(/Could not resolve/);
  });
});

it('draws no tables', async () => {
  const node = join(installed, 'dist/library/node');
  const maps = (await readdir(node)).filter((file) => file.endsWith('.map'));
  const sources = await Promise.all(
    maps.map(async (map) => JSON.parse(await readFile(join(node, map), 'utf8')).sources),
  );
  expect(sources.flat().filter((source) => source.includes('cli-table3'))).toEqual([]);
});

it('has a source map for each file, for browsers with the texts of our sources', async () => {
  const library = join(installed, 'dist/library');
  const files = await readdir(library, { recursive: true });
  const scripts = files.filter((file) => file.endsWith('.js'));
  expect(scripts.length).toBeGreaterThan(ENTRIES.length + FOR_BROWSERS.length);
  for (const script of scripts) {
    const map = JSON.parse(await readFile(join(library, `${script}.map`), 'utf8'));
    for (const [at, source] of (map.sources as string[]).entries()) {
      const text = map.sourcesContent?.[at];
      if (script.startsWith('node/')) expect(text ?? null).toBeNull();
      else if (!source.includes('node_modules/')) expect(text).toEqual(expect.any(String));
    }
  }
});
