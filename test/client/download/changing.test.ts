// A file that becomes another version between the first question and the bytes, again and
// again, as a log does: every answer is of one version and names it.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, expect, onTestFinished, test } from 'vitest';
import {
  type Content,
  makeContent,
  removeTempDirs,
  sendBytes,
  startServer,
  tempDir,
} from '../hub.ts';
import { runGet } from '../run-get.ts';

afterAll(removeTempDirs);

/** Has the next version after each HEAD, as long as there is one. */
async function startChanging(versions: number) {
  const contents: Content[] = [];
  for (let i = 0; i < versions; i++) contents.push(await makeContent(40_000 + 44 * i));
  const blocks = new Map(contents.flatMap((each) => [...each.blocks]));
  let now = 0;
  const server = await startServer((request, response) => {
    const block = blocks.get(/^\/ipfs\/(\w+)/.exec(request.url!)?.[1] ?? '');
    if (block) return response.end(block);
    const { bytes, manifest } = contents[now]!;
    response.setHeader('etag', `"${manifest.root}"`);
    sendBytes(bytes, request, response);
    if (request.method === 'HEAD') now = Math.min(now + 1, versions - 1);
  });
  onTestFinished(() => server.close());
  return { url: server.url, contents };
}

test('a file that changed before its bytes came is begun anew, and verified', async () => {
  const { url, contents } = await startChanging(3);
  const { bytes, manifest } = contents.at(-1)!;
  const output = join(await tempDir(), 'log');
  const got = await runGet([url], { output });
  expect(got.error).toBe(undefined);
  expect(got.all('transfer_completed')).toMatchObject([{ cid: `${manifest.root}`, path: output }]);
  expect((await readFile(output)).equals(bytes)).toBe(true);
  expect(await readdir(join(output, '..'))).toEqual(['log']);
});

test('one that changes every time comes as one answer has it, and is said not to be verified', async () => {
  const { url, contents } = await startChanging(12);
  for (const output of [join(await tempDir(), 'log'), '-']) {
    const got = await runGet([url], { output });
    expect(got.error).toBe(undefined);
    expect(got.all('transfer_completed')[0]!.cid).toBe(undefined);
    expect(got.all('warned').map(({ message }) => message)).toEqual([
      expect.stringContaining('changes too often to be verified'),
    ]);
    const came = output === '-' ? got.stdout : await readFile(output);
    expect(contents.some(({ bytes }) => bytes.equals(came))).toBe(true);
    if (output !== '-') expect(await readdir(join(output, '..'))).toEqual(['log']);
  }
});

test('a version that was asked for is held to', async () => {
  const { url, contents } = await startChanging(3);
  const output = join(await tempDir(), 'log');
  const got = await runGet([url], { output, cid: contents[0]!.manifest.root });
  expect(got.error?.code).toBe('ERR_NO_SOURCE');
  expect(got.error?.message).toContain('has another file');
});
