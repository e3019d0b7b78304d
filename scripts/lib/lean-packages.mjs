// A plugin of esbuild: what packages do on loading, and hardly any run needs, they do on first use.
// Where an upgrade has taken away the text that an edit changes, the build fails.
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Modules that run once an export of theirs is read, by the name under which others import them. */
const LATE = [
  // Elliptic curves and hashes in JavaScript: for what node:crypto has, and for foreign identities.
  '@noble/curves/ed25519.js',
  '@noble/curves/secp256k1.js',
  '@noble/hashes/hkdf.js',
  '@chainsafe/as-sha256',
  '@chainsafe/as-chacha20poly1305',
  // 65,536 prefixes for refreshes of the DHT, 0.7 MB of code cache.
  './generated-prefix-list.js',
];

/** By the end of a file's path: what stands there, and what it becomes. */
const EDITS = {
  // The first localeCompare() of a process loads ICU's collation, 8 ms. Any fixed order will do.
  '@libp2p/peer-store/dist/src/utils/to-peer-pb.js': [
    'return a.localeCompare(b);',
    'return a < b ? -1 : Number(a > b);',
  ],
  '@libp2p/peer-store/dist/src/utils/dedupe-addresses.js': [
    'return a.multiaddr.toString().localeCompare(b.multiaddr.toString());',
    'return a.multiaddr.toString() < b.multiaddr.toString() ? -1 : 1;',
  ],
  // Locks of one process, as the peer store asks for: no channel to worker threads, no cluster.
  'mortice/dist/src/node.js': [
    'if (isMain() || options.singleProcess) {',
    `if (options.singleProcess) return new TypedEventEmitter();
    if (isMain()) {`,
  ],
  // A cipher in WebAssembly: peer/wire/key-agreement.ts takes the one of node:crypto.
  '@chainsafe/libp2p-noise/dist/src/crypto/index.js': [
    'const ctx = newInstance();\nconst asImpl = new ChaCha20Poly1305(ctx);',
    `let made;
const cipher = () => (made ??= new ChaCha20Poly1305(newInstance()));
const asImpl = { seal: (...args) => cipher().seal(...args), open: (...args) => cipher().open(...args) };`,
  ],
};

const matching = (texts) =>
  texts.map((text) => text.replaceAll(/[.\\/]/g, (each) => `\\${each}`)).join('|');

export const leanPackages = {
  name: 'lean-packages',
  setup({ onResolve, onLoad, resolve }) {
    onResolve({ filter: new RegExp(`^(${matching(LATE)})$`) }, async (args) => {
      const { path: name, kind, importer, resolveDir, namespace } = args;
      // The late module itself asks for the real one.
      if (namespace === 'late' || args.pluginData === 'real') return undefined;
      const { path } = await resolve(name, { kind, importer, resolveDir, pluginData: 'real' });
      return { path, namespace: 'late' };
    });
    onLoad({ filter: /./, namespace: 'late' }, async ({ path }) => {
      // From 23 on Node.js shows a CommonJS module itself under a name of its own.
      const names = Object.keys(await import(path)).filter((name) => name !== 'module.exports');
      const getters = names.map((name) => `get ${name}() { return real().${name}; }`);
      return {
        contents: `let made;
const real = () => (made ??= require(${JSON.stringify(path)}));
module.exports = { __esModule: true, ${getters.join(', ')} };`,
        resolveDir: dirname(path),
      };
    });
    onLoad({ filter: new RegExp(`(${matching(Object.keys(EDITS))})$`) }, async ({ path }) => {
      const [, [from, to]] = Object.entries(EDITS).find(([end]) => path.endsWith(end));
      const contents = await readFile(path, 'utf8');
      if (!contents.includes(from)) throw new Error(`${path} no longer has '${from}'`);
      return { contents: contents.replaceAll(from, to), loader: 'js' };
    });
  },
};
