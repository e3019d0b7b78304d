// Files that the hub has not hashed yet when they are asked for.
import { randomBytes } from 'node:crypto';
import { appendFile, mkdir, open, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CID } from 'multiformats/cid';
import { expect, onTestFinished, test } from 'vitest';
import { importPath } from '../../../src/disk/import/import.ts';
import { startHub, tempRoot } from '../../server/hub.ts';
import { runGet } from '../run-get.ts';

const MIB = 2 ** 20;

/** Long enough that it is not hashed at the first question, and cheap to write. */
async function writeLong(path: string, bytes = 128 * MIB): Promise<Buffer> {
  const content = Buffer.alloc(bytes);
  const handle = await open(path, 'w');
  await handle.truncate(bytes);
  for (let at = 0; at < bytes; at += 8 * MIB) {
    const some = randomBytes(100);
    some.copy(content, at);
    await handle.write(some, 0, some.length, at);
  }
  await handle.close();
  return content;
}

test('bytes come at once, and the file is verified when the hub has hashed it', async () => {
  const hub = await startHub({ uplinkBytesPerSecond: 64 * MIB });
  const output = join(await tempRoot(), 'f');
  const content = await writeLong(join(hub.root, 'f'));
  const got = await runGet([`${hub.running.url}files/f`], { output, timeoutMs: 10_000 });
  expect(got.error).toBe(undefined);
  const { manifest } = await importPath(join(hub.root, 'f'));
  const [early, late] = got.all('transfer_started');
  expect(early).toMatchObject({ verified: false, pending: true });
  expect(late).toMatchObject({ verified: true, cid: `${manifest.root}` });
  expect(got.all('transfer_completed')).toMatchObject([{ cid: `${manifest.root}`, path: output }]);
  expect((await readFile(output)).equals(content)).toBe(true);
  // What came before is not sent again, but for what was on its way.
  expect(hub.link.sentBytes).toBeLessThan(1.3 * content.length);
  expect(await readdir(join(output, '..'))).toEqual(['f']);
});

test('a version that replaces the file meanwhile is the one that is verified', async () => {
  const hub = await startHub({ uplinkBytesPerSecond: 64 * MIB });
  const output = join(await tempRoot(), 'f');
  await writeLong(join(hub.root, 'f'));
  let content: Buffer | undefined;
  let replacing: Promise<void> | undefined;
  const got = await runGet([`${hub.running.url}files/f`], {
    output,
    timeoutMs: 10_000,
    onEvent: ({ event }) => {
      if (event !== 'transfer_progressed') return;
      replacing ??= (async () => {
        content = await writeLong(join(hub.root, '.new'), 16 * MIB);
        await rename(join(hub.root, '.new'), join(hub.root, 'f'));
      })();
    },
  });
  await replacing;
  expect(got.error).toBe(undefined);
  expect(got.all('transfer_completed')).toHaveLength(1);
  const whole = await readFile(output);
  if (got.all('transfer_completed')[0]!.bytes === 16 * MIB)
    expect(whole.equals(content!)).toBe(true);
  else expect(whole.length).toBe(128 * MIB);
});

test('a file that is appended to comes as it was, and is said not to be verified', async () => {
  const hub = await startHub();
  const path = join(hub.root, 'log');
  await writeFile(path, randomBytes(6 * MIB));
  let writing = Promise.resolve();
  const timer = setInterval(() => {
    writing = writing.then(() => appendFile(path, 'one more line\n'));
  }, 5);
  onTestFinished(async () => {
    clearInterval(timer);
    await writing;
  });
  const output = join(await tempRoot(), 'log');
  const got = await runGet([`${hub.running.url}files/log`], { output, timeoutMs: 10_000 });
  expect(got.error).toBe(undefined);
  const came = await readFile(output);
  expect(came.length).toBeGreaterThanOrEqual(6 * MIB);
  expect((await readFile(path)).subarray(0, came.length).equals(came)).toBe(true);
  if (got.all('transfer_completed')[0]!.cid === undefined) {
    expect(
      got
        .all('warned')
        .map(({ message }) => message)
        .join(),
    ).toContain('not verified');
  }
});

test('a pipe gets the bytes', async () => {
  const hub = await startHub();
  const content = await writeLong(join(hub.root, 'f'), 32 * MIB);
  const got = await runGet([`${hub.running.url}files/f`], { output: '-', timeoutMs: 10_000 });
  expect(got.error).toBe(undefined);
  expect(got.stdout.equals(content)).toBe(true);
});

test('a CID that was asked for is waited for', async () => {
  const hub = await startHub();
  const elsewhere = join(await tempRoot(), 'f');
  const content = await writeLong(elsewhere);
  const cid = (await importPath(elsewhere)).manifest.root;
  await mkdir(join(hub.root, 'd'));
  await writeFile(join(hub.root, 'd', 'f'), content);
  const output = join(await tempRoot(), 'f');
  const got = await runGet([`${hub.running.url}files/d/f`], {
    output,
    cid: CID.parse(`${cid}`),
    timeoutMs: 10_000,
  });
  expect(got.error).toBe(undefined);
  expect(got.all('transfer_completed')).toMatchObject([{ cid: `${cid}` }]);
});
