import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { generateKeyPair } from '@libp2p/crypto/keys';
import { peerIdFromPrivateKey } from '@libp2p/peer-id';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { announceRun, findLocalPeers } from '../../../src/peer/discovery/run-file.ts';

let dir: string;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'run-'));
});

afterEach(async () => {
  await rm(dir, { recursive: true });
});

const newPeerId = async (): Promise<string> =>
  peerIdFromPrivateKey(await generateKeyPair('Ed25519')).toString();

const address = (peerId: string, port = 4001): string => `/ip4/127.0.0.1/tcp/${port}/p2p/${peerId}`;

async function plant(name: string, content: unknown): Promise<void> {
  await mkdir(join(dir, 'run'), { recursive: true });
  const text = typeof content === 'string' ? content : JSON.stringify(content);
  await writeFile(join(dir, 'run', name), text);
}

describe('announceRun', () => {
  it('is found by others, not by the peer itself, and no more once it stopped', async () => {
    const [a, b] = [await newPeerId(), await newPeerId()];
    const stop = await announceRun(dir, a, [address(a), address(a, 4002)]);
    expect(await findLocalPeers(dir, b)).toEqual([address(a), address(a, 4002)]);
    expect(await findLocalPeers(dir, a)).toEqual([]);
    await stop();
    expect(await findLocalPeers(dir, b)).toEqual([]);
    await stop();
  });

  it('leaves one file that only the user may read', async () => {
    const a = await newPeerId();
    await announceRun(dir, a, [address(a)]);
    await announceRun(dir, a, [address(a, 4002)]);
    expect(await readdir(join(dir, 'run'))).toEqual([`${a}.json`]);
    expect((await stat(join(dir, 'run', `${a}.json`))).mode & 0o777).toBe(0o600);
  });

  it('says which directory it cannot use', async () => {
    await writeFile(join(dir, 'run'), 'a file');
    await expect(announceRun(dir, await newPeerId(), [])).rejects.toMatchObject({
      message: expect.stringContaining(join(dir, 'run')),
    });
  });
});

describe('findLocalPeers', () => {
  it('finds nobody in a directory that does not exist', async () => {
    expect(await findLocalPeers(join(dir, 'missing'), await newPeerId())).toEqual([]);
  });

  it('removes what a dead process left', async () => {
    const a = await newPeerId();
    const child = spawn(process.execPath, ['-e', '']);
    await once(child, 'exit');
    const run = { peerId: a, addresses: [address(a)], startedAt: Date.now() };
    await plant(`${a}.json`, { ...run, pid: child.pid });
    expect(await findLocalPeers(dir, await newPeerId())).toEqual([]);
    expect(await readdir(join(dir, 'run'))).toEqual([]);
    // Written before this machine started: the pid is another process' now.
    await plant(`${a}.json`, { ...run, pid: process.pid, startedAt: 1 });
    expect(await findLocalPeers(dir, await newPeerId())).toEqual([]);
    expect(await readdir(join(dir, 'run'))).toEqual([]);
  });

  it('passes over what makes no sense and keeps the rest', async () => {
    const [good, bad] = [await newPeerId(), await newPeerId()];
    const run = { peerId: bad, pid: process.pid, addresses: [address(bad)], startedAt: Date.now() };
    const malformed: unknown[] = [
      '',
      '{',
      'null',
      '[]',
      `"${'x'.repeat(100_000)}"`,
      { ...run, pid: 'one' },
      { ...run, startedAt: undefined },
      { ...run, addresses: 'everywhere' },
      { ...run, addresses: ['nonsense'] },
      { ...run, addresses: [address(good)] },
      { ...run, addresses: [3] },
      { ...run, addresses: Array.from({ length: 1000 }, () => address(bad)) },
      { ...run, peerId: good, addresses: [address(good)] },
    ];
    await announceRun(dir, good, [address(good)]);
    for (const content of malformed) {
      await plant(`${bad}.json`, content);
      expect(await findLocalPeers(dir, 'self'), JSON.stringify(content)).toEqual([address(good)]);
    }
    await plant('notes.txt', 'hello');
    await mkdir(join(dir, 'run', `${'d'.repeat(52)}.json`));
    await promisify(execFile)('mkfifo', [join(dir, 'run', `${'e'.repeat(52)}.json`)]);
    expect(await findLocalPeers(dir, 'self')).toEqual([address(good)]);
  });
});
