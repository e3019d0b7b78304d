// Private swarms of the built binary, as real processes on 127.0.0.1.
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { run, scratch, start } from '../binary.ts';
import { fetcher, MIB, origin, sameBytes } from '../swarm.ts';

async function keys(dir: string, ...names: string[]): Promise<string[]> {
  const files = names.map((name) => join(dir, name));
  for (const file of files) expect((await run(['swarm-key', file])).code).toBe(0);
  return files;
}

describe('peer --swarm-key', () => {
  it('passes a file on to who has the key, and tells others nothing', async () => {
    const dir = await scratch();
    const [ours, other] = await keys(dir, 'ours', 'other');
    const from = await origin(dir, MIB, '--swarm-key', ours!);
    const within = fetcher(dir, 'within', from, '--swarm-key', ours!, '--linger', '0');
    expect(await within.exit).toBe(0);
    await sameBytes(join(dir, 'within', 'content.bin'), from.file);
    const strangers = [
      fetcher(dir, 'stranger', from),
      fetcher(dir, 'rival', from, '--swarm-key', other!),
    ];
    for (const stranger of strangers) {
      const { lack, reason } = await stranger.until('peers_awaited');
      expect(lack).toBe('answer');
      expect(reason).toMatch(/--swarm-key|no answer in time/);
      await stranger.end();
      expect(stranger.events.map(({ event }) => event)).not.toContain('peer_connected');
    }
  });

  it('gives nothing of it to an open swarm, though it lies on this disk', async () => {
    const dir = await scratch();
    const [key] = await keys(dir, 'key');
    const from = await origin(dir, MIB, '--swarm-key', key!);
    const data = join(dir, 'origin');
    await from.peer.end();
    // Another has the file in the open, and the peer of before fetches it there.
    const other = start(['peer', '--json', '--data', join(dir, 'other'), '--share', from.file]);
    const { addresses } = await other.until('listening');
    await other.until('file_shared');
    const again = ['--join', addresses[0]!, '--get', from.cid, '--out', join(dir, 'out')];
    const open = start(['peer', '--json', '--data', data, ...again, '--linger', '0']);
    expect(await open.exit).toBe(0);
    expect(open.events.map(({ event }) => event)).not.toContain('pieces_reused');
    await sameBytes(join(dir, 'out', 'content.bin'), from.file);
  });

  it('finds the peers of its own swarm on this machine, and no others', async () => {
    const dir = await scratch();
    const env = { XDG_DATA_HOME: dir };
    const [key] = await keys(dir, 'key');
    const secret = start(['peer', '--json', '--swarm-key', key!], env);
    await secret.until('listening');
    const open = start(['peer', '--json', '--join'], env);
    await open.until('peers_awaited', ({ lack }) => lack === 'known');
    const second = start(['peer', '--json', '--join', '--swarm-key', key!], env);
    await second.until('peer_connected');
    expect(open.events.map(({ event }) => event)).not.toContain('peer_connected');
  });
});

describe('peer --allow', () => {
  it('serves the peers that it names, and hangs up on others, who are told', async () => {
    const dir = await scratch();
    const friend = start(['peer', '--json', '--data', join(dir, 'friend')]);
    const { addresses, peerId } = await friend.until('listening');
    const from = await origin(dir, MIB, '--allow', addresses[0]!, '--join', addresses[0]!);
    await friend.until('peer_connected');
    expect(peerId).toBeDefined();
    const stranger = fetcher(dir, 'stranger', from);
    const { reason } = await stranger.until('peers_awaited');
    expect(reason).toContain('--allow');
  });

  it.each([
    [['--allow', 'me'], "--allow: 'me' is not a PeerId"],
    [['--swarm-key', '/nowhere/key'], '/nowhere/key: no such key file'],
  ])('refuses %j in one line', async (args, message) => {
    const { code, stderr } = await run(['peer', ...args]);
    expect(code).not.toBe(0);
    expect(stderr).toContain(message);
    expect(stderr.trim().split('\n')).toHaveLength(1);
  });
});
