// `compare --link netns` with real processes in real namespaces: that the kernel holds
// what the programs are not told, and that nothing is left, however it ends. Needs
// Linux, root, iproute2 and tbf; skipped without.
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { namespacesIn } from '../../../src/lab/network/wiring.ts';
import { type Result, resultSchema } from '../../../src/lab/terms/result.ts';
import { needs } from '../../support/needs.ts';
import { type Running, scratch, start } from '../binary.ts';
import { ip, namespaces } from '../namespaces.ts';

const LIMITED_LINKS = namespaces(
  'ip link add bridge0 type bridge',
  'ip link add one type veth peer name other',
  'tc qdisc add dev lo root tbf rate 1mbit burst 16kb latency 100ms',
);

/** One receiver, a quarter of a second for a copy. */
const SMALL = ['--receivers', '1', '--size', '512KiB', '--uplink', '2MiB/s', '--kills', 'none'];

function compare(dir: string): Running {
  const args = ['compare', '--link', 'netns', ...SMALL, '--repetitions', '1', '--json'];
  // Of a lab that is killed its directory stays.
  // In a process group of its own, as a terminal's job is.
  return start([...args, '--out', join(dir, 'out')], { TMPDIR: dir }, ['setsid']);
}

const namespacesOf = ({ child }: Running): string[] =>
  namespacesIn(ip('netns list')).filter((name) => name.startsWith(`hubswarm-lab-${child.pid}-`));

async function made(lab: Running): Promise<void> {
  while (namespacesOf(lab).length === 0) await delay(1);
}

/** Until a process runs on its second host. */
async function underWay(lab: Running): Promise<void> {
  const name = `hubswarm-lab-${lab.child.pid}-1`;
  while (!namespacesOf(lab).includes(name) || !ip(`netns pids ${name}`).trim()) await delay(20);
}

describe('compare --link netns', needs(...LIMITED_LINKS), () => {
  it('holds the links, compares both kinds, and leaves nothing', { timeout: 90_000 }, async () => {
    const devices = ip('-o link');
    const lab = compare(await scratch());
    expect(await lab.exit, lab.stderr).toBeTypeOf('number');
    const result: Result = resultSchema.parse(JSON.parse(lab.stdout));
    expect(result.base.link).toBe('netns');
    // Sooner than the bound, a cap exceeded, a wrong file, bytes lost: any of it is invalid.
    expect(result.runs.filter(({ verdict }) => verdict.state === 'invalid')).toEqual([]);
    const used = result.runs.flatMap(({ metrics }) => metrics.linkUse ?? []);
    expect(used.length).toBeGreaterThan(0);
    for (const { setting, nodes, metrics } of result.runs) {
      expect(metrics.reach).toBe(1);
      // The kernel has counted on its links, and on no others.
      const counted = nodes.every(({ wire }) => wire !== null && wire.sentBytes > 0);
      expect(counted).toBe(setting.link === 'netns');
    }
    const links = result.runs.filter(({ scenario }) => scenario === 'links');
    expect(new Set(links.map(({ setting }) => setting.link))).toEqual(new Set(['pacer', 'netns']));
    expect(namespacesOf(lab)).toEqual([]);
    expect(ip('-o link')).toBe(devices);
  });

  it.each([
    ['as its first host is made', made],
    ['in a run', underWay],
  ])('leaves nothing when Ctrl-C stops it %s', { timeout: 60_000 }, async (_, moment) => {
    const lab = compare(await scratch());
    await moment(lab);
    // To all processes at once, the `ip` that is just at work included.
    process.kill(-lab.child.pid!, 'SIGINT');
    expect(await lab.exit, lab.stderr).toBe(130);
    expect(lab.stderr).toMatch(/stopped by SIGINT/);
    expect(namespacesOf(lab)).toEqual([]);
  });

  it('is cleaned up after by the next when it is killed', { timeout: 60_000 }, async () => {
    const killed = compare(await scratch());
    await underWay(killed);
    // Once it is dead, any other lab on this machine may remove them.
    expect(namespacesOf(killed).length).toBeGreaterThan(2);
    await killed.end('SIGKILL');
    const next = compare(await scratch());
    await underWay(next);
    expect(namespacesOf(killed)).toEqual([]);
    expect(await next.end('SIGTERM')).toBe(130);
    expect(namespacesOf(next)).toEqual([]);
  });
});
