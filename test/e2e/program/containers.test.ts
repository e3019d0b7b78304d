// Processes in containers of their own that share a directory: none sees the other's process.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { MOUNTS, needs, ROOT } from '../../support/needs.ts';
import { type Running, randomFile, run, scratch, start } from '../binary.ts';

const CONTAINER = ['unshare', '--pid', '--fork', '--mount-proc', '--kill-child'];

/** The first process of a container, as this machine numbers it. */
async function inside({ child: { pid } }: Running): Promise<number> {
  return Number(await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8'));
}

describe('two containers with one directory', needs('unshare', ROOT, MOUNTS), () => {
  it('peers have an identity each; one that was killed is followed after 5 s', async () => {
    const dir = await scratch();
    const file = await randomFile(join(dir, 'file'), 1000);
    const peer = (): Running =>
      start(['peer', '--json', '--data', join(dir, 'data'), '--share', file], {}, CONTAINER);
    const first = peer();
    const { peerId } = await first.until('listening');
    const second = peer();
    const other = await second.until('listening');
    expect(other.peerId).not.toBe(peerId);
    for (const { events } of [first, second])
      expect(events.filter(({ event }) => event === 'warned')).toEqual([]);
    // Each tells where it listens, and leaves the other's word alone.
    expect(await readdir(join(dir, 'data/run'))).toHaveLength(2);
    await first.end('SIGKILL');
    const third = peer();
    expect((await third.until('listening')).peerId).toBe(peerId);
    expect((await third.until('warned')).message).toMatch(
      /peer-0: taken over from process \d+ on \S+, which did not give it back and gave no sign/,
    );
    // One that is told to end gives it back: the next one waits for nothing.
    process.kill(await inside(third), 'SIGTERM');
    await third.exit;
    const fourth = peer();
    expect((await fourth.until('listening')).peerId).toBe(peerId);
    expect(fourth.events.filter(({ event }) => event === 'warned')).toEqual([]);
  });

  it('a second edge is refused, and told by whom', async () => {
    const dir = await scratch();
    const hub = start(['server', '--port', '0', '--json', '--root', await scratch()]);
    const { addresses } = await hub.until('listening');
    const args = ['server', '--port', '0', '--cache', addresses[0]!, '--cache-dir', join(dir, 'c')];
    const edge = start([...args, '--json'], {}, CONTAINER);
    await edge.until('listening');
    const { code, stderr } = await run(args);
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /--cache-dir: .* is used by another edge that runs \(process \d+ on \S+\); give each a directory of its own/,
    );
  });
});
