import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { build } from 'esbuild';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Identity, openIdentity } from '../../../src/peer/node/identity.ts';

let dir: string;
const open: Identity[] = [];

async function start(): Promise<Identity> {
  const identity = await openIdentity(dir);
  open.push(identity);
  return identity;
}

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'identity-'));
});

afterEach(async () => {
  await Promise.all(open.splice(0).map((identity) => identity.release()));
  await rm(dir, { recursive: true });
});

describe('openIdentity', () => {
  it('is the same peer the next time', async () => {
    const first = await openIdentity(dir);
    await first.release();
    const second = await start();
    expect(second.peerId.toString()).toBe(first.peerId.toString());
    expect(second.dir).toBe(join(dir, 'peer-0'));
  });

  it('gives each peer that runs a slot of its own, the lowest free one', async () => {
    const [a, b, c] = [await start(), await start(), await start()];
    expect(new Set([a, b, c].map(({ peerId }) => peerId.toString())).size).toBe(3);
    await b.release();
    expect((await start()).peerId.toString()).toBe(b.peerId.toString());
  });

  it('lets only the user read the key', async () => {
    const { dir: slot } = await start();
    expect((await stat(join(slot, 'identity.key'))).mode & 0o777).toBe(0o600);
    expect((await stat(slot)).mode & 0o777).toBe(0o700);
  });

  it('leaves one lock file behind, however often it starts', async () => {
    for (let i = 0; i < 5; i++) await (await openIdentity(dir)).release();
    const { dir: slot } = await start();
    expect((await readdir(slot)).sort()).toEqual(['identity.key', expect.stringMatching(/^lock-/)]);
  });

  it.each([
    ['nothing', new Uint8Array()],
    ['noise', new Uint8Array(68).fill(7)],
  ])('does not replace a key file that holds %s', async (_what, bytes) => {
    const first = await openIdentity(dir);
    await first.release();
    const path = join(first.dir, 'identity.key');
    await writeFile(path, bytes);
    await expect(openIdentity(dir)).rejects.toMatchObject({
      message: `${path}: not an Ed25519 key; remove it to have a new one made`,
    });
    expect(new Uint8Array(await readFile(path))).toEqual(bytes);
  });

  it('says which directory it cannot make', async () => {
    await writeFile(join(dir, 'file'), '');
    await expect(openIdentity(join(dir, 'file'))).rejects.toMatchObject({
      code: 'ERR_NOT_FOUND',
      message: expect.stringContaining(join(dir, 'file')),
    });
  });

  it('takes over what a process left that no longer runs', async () => {
    const first = await openIdentity(dir);
    await first.release();
    for (const name of await readdir(first.dir)) {
      if (name.startsWith('lock-')) await rm(join(first.dir, name));
    }
    const child = spawn(process.execPath, ['-e', '']);
    await once(child, 'exit');
    await writeFile(join(first.dir, 'lock-41'), String(child.pid));
    expect((await start()).peerId.toString()).toBe(first.peerId.toString());
  });

  it('takes over what a process with the same pid left, as in a container', async () => {
    const first = await openIdentity(dir);
    await first.release();
    await writeFile(join(first.dir, 'lock-41'), String(process.pid));
    expect((await start()).peerId.toString()).toBe(first.peerId.toString());
  });
});

describe('openIdentity of several processes', () => {
  let work: string;
  let program: string;
  const children: ChildProcess[] = [];

  beforeAll(async () => {
    work = await mkdtemp(join(tmpdir(), 'identity-program-'));
    program = join(work, 'hold.mjs');
    // Ready first, then opens on a line, so that several can open at one moment.
    await build({
      stdin: {
        contents: `import { openIdentity } from './src/peer/node/identity.ts';
          process.stdin.once('data', async () => {
            const { peerId, dir } = await openIdentity(process.argv[2]);
            console.log(JSON.stringify({ peerId: peerId.toString(), dir }));
          });
          console.log('ready');`,
        resolveDir: resolve(import.meta.dirname, '../../..'),
      },
      outfile: program,
      bundle: true,
      format: 'esm',
      platform: 'node',
      logLevel: 'error',
    });
  });

  afterEach(async () => {
    await Promise.all(children.splice(0).map(kill));
  });

  afterAll(async () => {
    await rm(work, { recursive: true });
  });

  async function kill(child: ChildProcess): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }

  /** Starts processes, lets them all open at once, and resolves to what they got. */
  async function race(count: number): Promise<{ peerId: string; dir: string }[]> {
    const lines = Array.from({ length: count }, () => {
      const child = spawn(process.execPath, [program, dir], { stdio: ['pipe', 'pipe', 'inherit'] });
      children.push(child);
      return { child, next: createInterface(child.stdout)[Symbol.asyncIterator]() };
    });
    for (const { next } of lines) expect((await next.next()).value).toBe('ready');
    for (const { child } of lines) child.stdin.write('\n');
    return Promise.all(lines.map(async ({ next }) => JSON.parse((await next.next()).value)));
  }

  it('never gives one slot to two, whether it is free or its holder was killed', async () => {
    const count = 6;
    let before: string[] | undefined;
    for (let round = 0; round < 4; round++) {
      const got = await race(count);
      expect(new Set(got.map((identity) => identity.dir)).size).toBe(count);
      const ids = got.map(({ peerId }) => peerId).sort();
      expect(new Set(ids).size).toBe(count);
      // Every slot passed over has a holder, so none is left out and none is new.
      if (before) expect(ids).toEqual(before);
      before = ids;
      await Promise.all(children.splice(0).map(kill));
    }
  });

  it('gives a killed peer its old identity back', async () => {
    const [first] = await race(1);
    await Promise.all(children.splice(0).map(kill));
    expect((await race(1))[0]).toEqual(first);
  });
});
