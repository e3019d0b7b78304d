// Runs a fresh build's commands once, so that V8's code cache holds the functions
// that they need, and not only those that run on loading.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Running } from './binary.mjs';

const FILE_BYTES = 3 * 2 ** 20;

/** Caches add up: each run starts with those that the runs before it left. */
export async function warmUp(cli) {
  const dir = await mkdtemp(join(tmpdir(), 'hubswarm-build-'));
  const file = join(dir, 'file');
  await writeFile(file, Buffer.alloc(FILE_BYTES, 'hubswarm'));
  try {
    await swarm('origin');
    await swarm('receiver');
    await hub();
  } finally {
    await rm(dir, { recursive: true, force: true });
  }

  function start(args, writes = true) {
    return new Running(args, { cli, env: { HUBSWARM_WRITE_CODE_CACHE: writes ? '1' : '0' } });
  }

  /** One of the two at a time writes, since both would write the same files. */
  async function swarm(writer) {
    const data = (name) => join(dir, `${writer}-${name}`);
    const origin = start(['peer', '--data', data('a'), '--share', file], writer === 'origin');
    const { addresses } = await origin.until('listening');
    const { cid } = await origin.until('file_shared');
    const get = ['--get', cid, '--join', addresses[0], '--out', data('out'), '--linger', '0'];
    const receiver = start(['peer', '--data', data('b'), ...get], writer === 'receiver');
    await succeeded(receiver);
    await origin.stop();
  }

  async function hub() {
    const server = start(['server', '--root', dir, '--port', '0']);
    const { addresses } = await server.until('listening');
    const url = `${addresses[0]}files/file`;
    await succeeded(start(['client', 'get', url, '--output', join(dir, 'fetched')]));
    await server.stop();
  }

  async function succeeded(running) {
    const code = await running.ended();
    if (code !== 0) throw new Error(`the fresh build's own transfer ended with ${code}`);
  }
}
