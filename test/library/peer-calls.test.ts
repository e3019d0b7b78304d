// hubswarm/peer over real sockets: what happens to calls when the peer stops, and to a listener that
// throws.
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { Peer } from '../../src/library/peer.ts';

const ENDED = { code: 'ERR_ABORTED', message: 'the peer has stopped' };
const NOWHERE = 'bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'library-peer-'));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
});

async function start(name: string, options: Partial<Parameters<typeof Peer.start>[0]> = {}) {
  const peer = await Peer.start({ dataDir: join(dir, name), ...options });
  onTestFinished(() => peer.stop());
  return peer;
}

async function shared(): Promise<{ from: Peer; cid: string; path: string }> {
  const path = join(dir, 'file');
  await writeFile(path, randomBytes(1_000_000));
  const from = await start('from');
  return { from, path, cid: await from.share(path) };
}

describe('stop', () => {
  it('rejects a transfer under way', async () => {
    const { from, cid } = await shared();
    const stored = Promise.withResolvers<void>();
    const peer = await start('to', {
      join: from.addresses,
      caps: { downlinkBytesPerSecond: 100_000 },
      onEvent: ({ event }) => {
        if (event === 'piece_verified') stored.resolve();
      },
    });
    const getting = expect(peer.get(cid, { out: join(dir, 'out') })).rejects.toMatchObject(ENDED);
    await stored.promise;
    await peer.stop();
    await getting;
  });

  it('rejects a search for what nobody has', async () => {
    const peer = await start('alone');
    const getting = expect(peer.get(NOWHERE, { out: join(dir, 'out') })).rejects.toMatchObject(
      ENDED,
    );
    await peer.stop();
    await getting;
  });

  it('rejects what is called after it', async () => {
    const { from, path } = await shared();
    await from.stop();
    await expect(from.share(path)).rejects.toMatchObject(ENDED);
    await expect(from.get(NOWHERE, { out: dir })).rejects.toMatchObject(ENDED);
    await expect(from.join(['/ip4/127.0.0.1/tcp/1'])).rejects.toMatchObject(ENDED);
  });
});

describe('a listener', () => {
  it('that throws is warned of, and the peer goes on', async () => {
    const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    onTestFinished(() => warned.mockRestore());
    await getHearing(() => {
      throw new Error('of mine');
    });
    const messages = warned.mock.calls.map(([message]) => message);
    expect(messages).toContainEqual(expect.stringContaining('of mine'));
  });

  it('whose promise rejects leaves nothing unhandled', async () => {
    await getHearing(async () => Promise.reject(new Error('of mine')));
  });
});

async function getHearing(onEvent: () => unknown): Promise<void> {
  const { from, cid } = await shared();
  const peer = await start('to', { join: from.addresses, onEvent });
  await peer.get(cid, { out: join(dir, 'out') });
}
