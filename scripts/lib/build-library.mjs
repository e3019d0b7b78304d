// Bundles src/library/ into dist/library/: what a program imports as `hubswarm/client` and so on. For
// Node.js, and once more for browsers where the entry loads in one. Types are bundled too, so that
// they name nothing that is not in the package.
import { mkdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { build } from 'esbuild';
import { rollup } from 'rollup';
import { dts } from 'rollup-plugin-dts';
import { allEnded } from './all-ended.mjs';
import { withOwnSources } from './own-source-map.mjs';

const FOR_BROWSERS = ['content', 'exchange', 'swarm'];
const ENTRIES = [...FOR_BROWSERS, 'client', 'peer'];

/** CommonJS packages inside of an ES module ask for modules of Node.js by this name. */
const REQUIRE =
  "import { createRequire } from 'node:module';const require=createRequire(import.meta.url);";

const sourceOf = (entry) => `src/library/${entry}.ts`;

/** @returns the files that the bundles hold */
export async function buildLibrary(outdir, shared) {
  await mkdir(outdir, { recursive: true });
  await writeFile(join(outdir, 'package.json'), '{ "type": "module" }\n');
  const [sources, more] = await allEnded([
    bundle(ENTRIES, join(outdir, 'node'), { ...shared, banner: { js: REQUIRE } }),
    bundle(FOR_BROWSERS, join(outdir, 'web'), { ...shared, platform: 'browser', target: 'es2023' }),
    bundleTypes(join(outdir, 'types')),
  ]);
  return [...sources, ...more];
}

async function bundle(entries, outdir, shared) {
  const { outputFiles } = await build({
    ...shared,
    entryPoints: entries.map(sourceOf),
    outdir,
    splitting: true,
    chunkNames: '[name]-[hash]',
    write: false,
    sourcemap: true,
    // A browser shows the texts; for a stack in Node.js names and lines are enough, and 1.2 MB less.
    sourcesContent: shared.platform === 'browser',
  });
  await mkdir(outdir, { recursive: true });
  const sources = new Set();
  for (const { path, text } of outputFiles) {
    const isMap = path.endsWith('.map');
    await writeFile(join(outdir, basename(path)), isMap ? withOwnSources(text) : text);
    if (isMap) for (const source of JSON.parse(text).sources) sources.add(join(outdir, source));
  }
  return sources;
}

async function bundleTypes(dir) {
  const bundled = await rollup({
    input: Object.fromEntries(ENTRIES.map((entry) => [entry, sourceOf(entry)])),
    external: /^node:/,
    plugins: [dts()],
    onLog: (level, log) => {
      throw new Error(`${level}: ${log.message}`);
    },
  });
  await bundled.write({ dir, chunkFileNames: '[name].d.ts', entryFileNames: '[name].d.ts' });
}
