import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseCid } from '../../../src/content/cid.ts';
import { pieceCid } from '../../../src/content/manifest.ts';
import { resolveManifest } from '../../../src/content/resolve.ts';
import { importPath } from '../../../src/disk/import/import.ts';
import { startHub } from '../hub.ts';

const RAW = 'application/vnd.ipld.raw';

describe('GET /ipfs/<cid>', () => {
  it('gives the blocks from which a client builds the manifest, and each piece', async () => {
    const hub = await startHub({ pieceLength: 16 * 1024 });
    // Over 174 leaves, so that there is more than one level of inner nodes.
    const bytes = randomBytes(200 * 16 * 1024 + 5);
    await writeFile(join(hub.root, 'f'), bytes);
    const { etag } = (await hub.ask('/files/f', { method: 'HEAD' })).headers;
    const root = parseCid('etag', etag!.slice(1, -1));
    const { manifest } = await resolveManifest(root, async (cid) => {
      const answer = await hub.ask(`/ipfs/${cid}?format=raw`, { headers: { accept: RAW } });
      expect(answer.headers).toMatchObject({ 'content-type': RAW, etag: `"${cid}.raw"` });
      expect(answer.headers['cache-control']).toContain('immutable');
      return answer.body;
    });
    expect(manifest.geometry.totalLength).toBe(bytes.length);
    for (const piece of [0, 1, 199, 200]) {
      const leaf = await hub.ask(`/ipfs/${pieceCid(manifest, piece)}`);
      const at = manifest.geometry.offset(piece);
      expect(leaf.body.equals(bytes.subarray(at, at + manifest.geometry.length(piece)))).toBe(true);
    }
  });

  it('gives the block of an empty file', async () => {
    const hub = await startHub();
    await writeFile(join(hub.root, 'empty'), '');
    const { 'x-ipfs-roots': cid } = (await hub.ask('/files/empty')).headers;
    expect(await hub.ask(`/ipfs/${cid}`)).toMatchObject({ status: 200, text: '' });
  });

  it("names the file with its root's block alone", async () => {
    const hub = await startHub();
    const path = join(hub.root, 'é 1.bin');
    await writeFile(path, randomBytes(200_000));
    const { manifest } = await importPath(path);
    await hub.ask(`/files/${encodeURIComponent('é 1.bin')}`);
    const nameAt = async (cid: unknown) =>
      (await hub.ask(`/ipfs/${cid}`)).headers['x-hubswarm-name'];
    expect(await nameAt(manifest.root)).toBe('%C3%A9%201.bin');
    expect(await nameAt(pieceCid(manifest, 0))).toBeUndefined();
  });

  it('never sends bytes that are not the block: of a file that changed it has none', async () => {
    const hub = await startHub();
    await writeFile(join(hub.root, 'f'), 'one');
    const { 'x-ipfs-roots': cid } = (await hub.ask('/files/f')).headers;
    expect((await hub.ask(`/ipfs/${cid}`)).text).toBe('one');
    await writeFile(join(hub.root, 'f'), 'two');
    expect((await hub.ask(`/ipfs/${cid}`)).status).toBe(404);
    // The same bytes elsewhere will do.
    await writeFile(join(hub.root, 'g'), 'one');
    await hub.ask('/files/g');
    expect((await hub.ask(`/ipfs/${cid}`)).text).toBe('one');
  });

  it('answers HEAD, a known tag, and what it does not have or understand', async () => {
    const hub = await startHub();
    await writeFile(join(hub.root, 'f'), 'one');
    const { manifest } = await importPath(join(hub.root, 'f'));
    const cid = `${manifest.root}`;
    await hub.ask('/files/f');
    const ask = async (path: string, headers = {}, method = 'GET'): Promise<number> =>
      (await hub.ask(path, { headers, method })).status;
    expect(await hub.ask(`/ipfs/${cid}`, { method: 'HEAD' })).toMatchObject({
      status: 200,
      text: '',
    });
    expect(await ask(`/ipfs/${cid}`, { 'if-none-match': `"${cid}.raw"` })).toBe(304);
    expect(await ask('/ipfs/nonsense')).toBe(400);
    expect(await ask('/ipfs/')).toBe(400);
    expect(await ask(`/ipfs/${cid}/below`)).toBe(404);
    expect(await ask(`/ipfs/bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku`)).toBe(
      404,
    );
    expect(await ask(`/ipfs/${cid}?format=dag-json`)).toBe(406);
    expect(await ask(`/ipfs/${cid}`, { accept: 'application/vnd.ipld.dag-json' })).toBe(406);
    expect(await ask(`/ipfs/${cid}`, {}, 'PUT')).toBe(405);
  });
});
