// `put -r --delete` to a server that lists what no hub would.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import { putDirectory } from '../../../src/client/tree/put-directory.ts';
import { removeTempDirs, startServer, tempDir } from '../hub.ts';

afterAll(removeTempDirs);

async function mirrorTo(names: (path: string) => readonly string[]) {
  const changed: string[] = [];
  const server = await startServer((request, response) => {
    const path = request.url!;
    if (request.method !== 'GET') changed.push(`${request.method} ${path}`);
    const entries = names(path).map((name) => ({ name, type: 'directory', url: '/' }));
    response.end(JSON.stringify({ path, entries }));
  });
  onTestFinished(() => server.close());
  const path = await tempDir();
  await writeFile(join(path, 'f'), 'x');
  const done = putDirectory({
    path,
    url: new URL('/files/mine/', server.origin),
    remove: true,
    stallMs: 1000,
    emit: () => undefined,
    signal: new AbortController().signal,
  });
  return { done, changed };
}

describe('a listing of a server that means no good', () => {
  it.each(['..', '.', '', '../other', 'a/b'])('with the name %j changes nothing', async (name) => {
    const { done, changed } = await mirrorTo(() => [name]);
    await expect(done).rejects.toThrow('lists a name that is none');
    expect(changed).toEqual([]);
  });

  it('of directories without end comes to an end', async () => {
    const { done, changed } = await mirrorTo(() => ['d'.repeat(200)]);
    await expect(done).rejects.toThrow('lists directories without end');
    expect(changed).toEqual([]);
  });
});
