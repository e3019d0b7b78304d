// Bundles src/ into dist/: a launcher, and behind it one chunk per command, so that
// `--help` and the HTTP commands never load libp2p. Each chunk gets V8's code cache
// of what a real transfer runs; those of a peer are one file more, read at once. Figures:
// docs/decisions/0048. lib/build-library.mjs builds what programs import.
import { execFileSync } from 'node:child_process';
import { chmod, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { build, transform } from 'esbuild';
import { allEnded } from './lib/all-ended.mjs';
import { buildLibrary } from './lib/build-library.mjs';
import { commandLine } from './lib/command-line.mjs';
import { leanPackages } from './lib/lean-packages.mjs';
import { notices } from './lib/notices.mjs';
import { withOwnSources } from './lib/own-source-map.mjs';
import { warmUp } from './lib/warm-up.mjs';

commandLine(import.meta.filename);

// Built beside and moved into place: a failed build leaves the old binary alone.
const fresh = `dist.${process.pid}.tmp`;
const shared = {
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: 'none',
  logLevel: 'warning',
};

try {
  const sources = await allEnded([
    buildProgram(join(fresh, 'program')),
    buildLibrary(join(fresh, 'library'), shared),
  ]);
  await writeFile(join(fresh, 'THIRD-PARTY-NOTICES.txt'), await notices(sources.flat()));
  await writeManual();
  await build({
    ...shared,
    entryPoints: ['src/launch.ts'],
    outfile: `${fresh}/cli.js`,
    format: 'cjs',
  });
  // Node's loader of ES modules costs 10 ms, even for one that only loads others.
  await writeFile(`${fresh}/package.json`, '{ "type": "commonjs" }\n');
  await chmod(`${fresh}/cli.js`, 0o755);
  await warmUp(`${fresh}/cli.js`);
  await rm('dist', { recursive: true, force: true });
  await rename(fresh, 'dist');
} catch (error) {
  await rm(fresh, { recursive: true, force: true }).catch(() => undefined);
  throw error;
}

/**
 * esbuild splits only ES modules, and only scripts can have a code cache (in Node 20):
 * so split first, then turn each chunk into a CommonJS module.
 *
 * @returns the files that it holds
 */
async function buildProgram(outdir) {
  const { outputFiles, metafile } = await build({
    ...shared,
    entryPoints: { cli: 'src/cli.ts' },
    outdir,
    splitting: true,
    // Its compiled part is found beside its own files.
    external: ['classic-level'],
    chunkNames: '[name]-[hash]',
    write: false,
    plugins: [leanPackages],
    // For HUBSWARM_DEBUG=1 (src/launch.ts). The sources themselves would be three times as large.
    sourcemap: 'inline',
    sourcesContent: false,
    metafile: true,
  });
  await mkdir(outdir, { recursive: true });
  const sources = new Set();
  const ofPeer = chunksOfPeer(metafile.outputs);
  const pack = [];
  for (const { path, text } of outputFiles) {
    const { code, map } = await transform(text, {
      sourcemap: 'external',
      sourcesContent: false,
      format: 'cjs',
      platform: 'node',
      target: shared.target,
      supported: { 'dynamic-import': false },
      minifySyntax: true,
      minifyWhitespace: true,
    });
    const name = `${basename(path, '.js')}.cjs`;
    const required = code.replaceAll(/(require\("\.\/[^"]+)\.js"\)/g, '$1.cjs")');
    if (ofPeer.has(basename(path))) {
      pack.push(`'${name}':function(exports,require,module){${required}}`);
    }
    await writeFile(join(outdir, name), `${required}//# sourceMappingURL=${name}.map\n`);
    await writeFile(join(outdir, `${name}.map`), withOwnSources(map));
    for (const source of JSON.parse(map).sources) sources.add(join(outdir, source));
  }
  await writeFile(join(outdir, 'peer-pack.cjs'), `({${pack.join(',')}})`);
  return [...sources];
}

/** What a peer may load: src/launch.ts reads it at once. */
function chunksOfPeer(outputs) {
  const found = new Set();
  const follow = (path, kinds) => {
    if (outputs[path] === undefined || found.has(basename(path))) return;
    found.add(basename(path));
    const followed = outputs[path].imports.filter(({ kind }) => kinds.includes(kind));
    for (const each of followed) follow(each.path, kinds);
  };
  const entry = (source) =>
    Object.keys(outputs).find((path) => outputs[path].entryPoint === source);
  for (const command of ['peer', 'share']) {
    follow(entry(`src/cli/${command}.ts`), ['import-statement', 'dynamic-import']);
  }
  follow(entry('src/cli.ts'), ['import-statement']);
  return found;
}

/** The man page and the completions, from the command table. */
async function writeManual() {
  const writer = join(fresh, 'write-manual.cjs');
  await build({
    ...shared,
    entryPoints: ['src/cli/manual/write-manual.ts'],
    outfile: writer,
    format: 'cjs',
    external: ['classic-level'],
  });
  execFileSync(process.execPath, [writer, fresh], { stdio: 'inherit' });
  await rm(writer);
}
