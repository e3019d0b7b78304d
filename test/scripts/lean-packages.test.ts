// What packages do late in the bundles of the build (scripts/lib/lean-packages.mjs) still works.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build, type Plugin } from 'esbuild';
import { expect, it, onTestFinished } from 'vitest';

const ROOT = resolve(import.meta.dirname, '../..');
const PLUGIN = pathToFileURL(join(ROOT, 'scripts/lib/lean-packages.mjs')).href;

const SOURCE = `
import { defaultCrypto, pureJsCrypto } from '@chainsafe/libp2p-noise/crypto';
import { generateKeyPair } from '@libp2p/crypto/keys';
import prefixes from './node_modules/@libp2p/kad-dht/dist/src/routing-table/generated-prefix-list.js';

const text = new Uint8Array(100).fill(1);
const nonce = new Uint8Array(12);
const key = new Uint8Array(32).fill(2);

export async function verifies(type) {
  const pair = await generateKeyPair(type);
  return pair.publicKey.verify(text, await pair.sign(text));
}

/** Through a short message, and back. */
export const opened = [defaultCrypto, pureJsCrypto].map((each) =>
  each.chaCha20Poly1305Decrypt(
    each.chaCha20Poly1305Encrypt(text, nonce, key, key).subarray(), nonce, key, key));
export const hashes = [defaultCrypto, pureJsCrypto].map((each) => each.getHKDF(key, key));
export const count = prefixes.length;
`;

it('packages work that run late', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'hubswarm-lean-'));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  const { leanPackages }: { leanPackages: Plugin } = await import(PLUGIN);
  const outfile = join(dir, 'bundle.cjs');
  await build({
    stdin: { contents: SOURCE, resolveDir: ROOT },
    bundle: true,
    platform: 'node',
    format: 'cjs',
    outfile,
    plugins: [leanPackages],
  });
  const { default: bundle } = await import(pathToFileURL(outfile).href);
  expect(await bundle.verifies('secp256k1')).toBe(true);
  expect(await bundle.verifies('Ed25519')).toBe(true);
  expect(bundle.opened.map((bytes: Uint8Array) => [...bytes])).toEqual(
    Array.from({ length: 2 }, () => Array.from({ length: 100 }, () => 1)),
  );
  expect(bundle.hashes[0]).toEqual(bundle.hashes[1]);
  expect(bundle.count).toBe(65_536);
});
