// Runs a fresh build's commands once, so that V8's code cache holds the functions
// that they need, and not only those that run on loading.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';

const FILE_BYTES = 3 * 2 ** 20;
const GIVE_UP_MS = 30_000;

/** Caches add up: each run starts with those that the runs before it left. */
export async function warmUp(cli) {
  const dir = await mkdtemp(join(tmpdir(), 'hubswarm-build-'));
  const signal = AbortSignal.timeout(GIVE_UP_MS);
  const file = join(dir, 'file');
  await writeFile(file, Buffer.alloc(FILE_BYTES, 'hubswarm'));
  try {
    await swarm('origin');
    await swarm('receiver');
    await hub();
    await run(['--help']);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }

  /** One of the two at a time writes, since both would write the same files. */
  async function swarm(writer) {
    const data = (name) => join(dir, `${writer}-${name}`);
    const origin = start(
      ['peer', '--json', '--data', data('a'), '--share', file],
      writer === 'origin',
    );
    const { addresses } = await origin.until('listening');
    const { cid } = await origin.until('file_shared');
    const join_ = ['--join', addresses[0], '--get', cid, '--out', data('out'), '--linger', '0'];
    await run(['peer', '--json', '--data', data('b'), ...join_], writer === 'receiver');
    await origin.stop();
  }

  async function hub() {
    const server = start(['server', '--root', dir, '--json', '--port', '0'], true);
    const { addresses } = await server.until('listening');
    await run([
      'client',
      'get',
      `${addresses[0]}files/file`,
      '--output',
      join(dir, 'hub-out'),
      '--json',
    ]);
    await server.stop();
  }

  function environment(writes) {
    return { ...process.env, HUBSWARM_WRITE_CODE_CACHE: writes ? '1' : '0' };
  }

  async function run(args, writes = true) {
    await promisify(execFile)(process.execPath, [cli, ...args], {
      env: environment(writes),
      signal,
    });
  }

  function start(args, writes) {
    const child = spawn(process.execPath, [cli, ...args], {
      env: environment(writes),
      stdio: ['ignore', 'pipe', 'inherit'],
      signal,
    });
    const ended = once(child, 'exit');
    const events = createInterface({ input: child.stdout });
    const seen = [];
    events.on('line', (line) => seen.push(JSON.parse(line)));
    return {
      async until(name) {
        for (;;) {
          const event = seen.find((candidate) => candidate.event === name);
          if (event) return event;
          await once(events, 'line', { signal });
        }
      },
      async stop() {
        child.kill('SIGTERM');
        await ended;
      },
    };
  }
}
