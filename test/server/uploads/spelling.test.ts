// One name in two Unicode spellings (NFC and NFD), over HTTP.
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { startHub, tempRoot } from '../hub.ts';

const COMPOSED = '%C3%A9';
const PARTED = 'e%CC%81';
const both = [
  [COMPOSED, PARTED],
  [PARTED, COMPOSED],
] as const;

async function startWith(there: string) {
  const root = await tempRoot();
  await writeFile(join(root, decodeURIComponent(there)), 'old');
  const { running } = await startHub({ root, writable: true });
  const names = () => readdir(root).then((all) => all.filter((name) => !name.startsWith('.')));
  return { names, at: (name: string) => new URL(`files/${name}`, running.url) };
}

describe('a name in another spelling', () => {
  it.each(both)('is the same file for every method: %s as %s', async (there, asked) => {
    const { at, names } = await startWith(there);
    for (const method of ['GET', 'HEAD']) {
      // The second answer comes from memory.
      for (let times = 0; times < 2; times++) {
        expect((await fetch(at(asked), { method })).status).toBe(200);
      }
    }
    const isNew = { 'if-none-match': '*' };
    const refused = await fetch(at(asked), { method: 'PUT', body: 'new', headers: isNew });
    expect(refused.status).toBe(412);
    expect((await fetch(at(asked), { method: 'PUT', body: 'new' })).status).toBe(204);
    expect(await names()).toEqual([decodeURIComponent(there)]);
    for (const name of both[0]) expect(await (await fetch(at(name))).text()).toBe('new');
    expect((await fetch(at(asked), { method: 'DELETE' })).status).toBe(204);
    expect(await names()).toEqual([]);
  });

  it.each(both)('is a file of its own where that is asked: %s, %s', async (there, asked) => {
    const { at, names } = await startWith(there);
    expect(await (await fetch(at(asked))).text()).toBe('old');
    const headers = { prefer: 'respond-async, handling=strict' };
    const made = await fetch(at(asked), { method: 'PUT', body: 'new', headers });
    expect(made.status).toBe(201);
    expect(await names()).toHaveLength(2);
    expect(await (await fetch(at(there))).text()).toBe('old');
    expect(await (await fetch(at(asked))).text()).toBe('new');
  });
});
