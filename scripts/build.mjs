// Bundles src/cli.ts into dist/: one entry, one chunk per command, so that
// `--help` and the HTTP commands never load libp2p. A libp2p peer booted from
// node_modules costs about 0.5 CPU seconds, bundled about 0.1.
import { chmod, rename, rm } from 'node:fs/promises';
import { build } from 'esbuild';

// Built beside and moved into place: a failed build leaves the old binary alone.
const fresh = `dist.${process.pid}.tmp`;
await build({
  entryPoints: { cli: 'src/cli.ts' },
  outdir: fresh,
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: 'none',
  sourcemap: false,
  logLevel: 'warning',
  chunkNames: 'chunks/[name]-[hash]',
  // CommonJS dependencies (express among them) call require() of Node's own
  // modules; an ES module has none unless it makes one.
  banner: {
    js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
  },
});
await chmod(`${fresh}/cli.js`, 0o755);
await rm('dist', { recursive: true, force: true });
await rename(fresh, 'dist');
