// Hosts on links that the kernel shapes, made as the lab makes its own. Bundles src/ for itself.
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { scratchDir } from './scratch.mjs';

const ROOT = resolve(import.meta.dirname, '../..');

const LIBRARY = `
  export { makeNetwork } from './src/lab/network/network.ts';
  export { canSetOffloads } from './src/lab/network/probe.ts';`;

/**
 * Runs something on them, and removes them.
 *
 * @param {{up: number, down: number}[]} each bits per second of each host
 * @param {(hosts: {namespace: string, address: string}[]) => Promise<T>} use
 */
export async function onHosts(each, use) {
  const outfile = join(scratchDir(), 'network.mjs');
  const stdin = { contents: LIBRARY, resolveDir: ROOT, loader: 'ts' };
  await build({ stdin, outfile, bundle: true, platform: 'node', format: 'esm' });
  const { canSetOffloads, makeNetwork } = await import(pathToFileURL(outfile));
  const network = makeNetwork(
    each.map(({ up, down }) => ({
      uplinkBytesPerSecond: up / 8,
      downlinkBytesPerSecond: down / 8,
    })),
  );
  try {
    // A real uplink takes one segment at a time.
    if (canSetOffloads()) network.setOffloads(network.hosts, false);
    return await use(network.hosts);
  } finally {
    network.remove();
  }
}
