// Pipes in place of files that a person names: nothing waits in open(), where no signal is
// heard. What is read must be a file; a log may go to a pipe that somebody reads.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { run, scratch, start } from '../binary.ts';

const URL = 'http://127.0.0.1:1/files/f';

async function pipe(): Promise<string> {
  const path = join(await scratch(), 'pipe');
  await promisify(execFile)('mkfifo', [path]);
  return path;
}

describe('a pipe that nobody writes to or reads', () => {
  it.each<[string[], string]>([
    [['client', 'put', 'PIPE', URL], 'PIPE: is not a regular file; give one'],
    [['client', 'get', '--cacert', 'PIPE', URL], '--cacert: PIPE: is not a regular file'],
    [['client', 'rm', '--cacert', 'PIPE', URL], '--cacert: PIPE: is not a regular file'],
    [
      [
        'server',
        '--port',
        '0',
        '--cache',
        'http://127.0.0.1:1',
        '--cache-cacert',
        'PIPE',
        '--cache-dir',
        'DIR',
      ],
      '--cache-cacert: PIPE: is not a regular file',
    ],
    [['server', '--port', '0', '--root', 'DIR', '--access-log', 'PIPE'], 'PIPE: nobody reads'],
    [['server', '--port', '0', '--root', 'DIR', '--token-key', 'PIPE'], 'PIPE'],
    [['token', '--key', 'PIPE'], 'PIPE'],
    [['compare', '--scenario', 'PIPE', '--out', 'DIR/out'], 'PIPE: is not a regular file'],
    [['cid', 'PIPE'], 'PIPE: is a special file'],
  ])('ends %j in one line', async (args, message) => {
    const [path, dir] = [await pipe(), await scratch()];
    const fill = (text: string): string => text.replace('PIPE', path).replace('DIR', dir);
    const { code, stderr } = await run(args.map(fill));
    expect(stderr.trim().split('\n')).toEqual([expect.stringContaining(fill(message))]);
    expect(code).toBeOneOf([1, 2]);
  });
});

describe('--access-log with a pipe', () => {
  async function served(path: string) {
    const root = await scratch();
    writeFileSync(join(root, 'f'), 'x');
    const server = start(['server', '--json', '--port', '0', '--root', root, '--access-log', path]);
    const [url] = (await server.until('listening')).addresses;
    return { server, get: async () => (await fetch(`${url}files/f`)).arrayBuffer() };
  }

  it('brings each line to its reader', async () => {
    const path = await pipe();
    const reader = spawn('cat', ['/dev/fd/3'], {
      // Opened for writing as well: cat need not have come as far as open().
      stdio: ['ignore', 'pipe', 'inherit', (await keptOpen(path)).fd],
    });
    onTestFinished(() => void reader.kill('SIGKILL'));
    const { server, get } = await served(path);
    await get();
    const [line] = (await once(reader.stdout!, 'data')) as [Buffer];
    expect(String(line)).toMatch(/"(path|target)":"\/files\/f"/);
    expect(await server.end()).toBe(0);
  });

  it('ends in order and tells of lost lines when its reader takes nothing', async () => {
    const path = await pipe();
    const full = await keptOpen(path);
    while (
      await full.write(Buffer.alloc(4096)).then(
        () => true,
        () => false,
      )
    );
    const { server, get } = await served(path);
    await get();
    expect(await server.end()).toBe(0);
    expect(server.events).toContainEqual(
      expect.objectContaining({
        event: 'warned',
        message: expect.stringContaining('its reader takes nothing'),
      }),
    );
  });
});

/** Its reader and writer, who does not wait. */
async function keptOpen(path: string) {
  const handle = await open(path, constants.O_RDWR | constants.O_NONBLOCK);
  onTestFinished(() => handle.close());
  return handle;
}
