// The probe on this machine, and on one that lacks something.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { makeNetwork } from '../../../src/lab/network/network.ts';
import { probeNetwork } from '../../../src/lab/network/probe.ts';
import { labOf, namespacesIn } from '../../../src/lab/network/wiring.ts';
import { LINUX, needs } from '../../support/needs.ts';
import { LAB_NETWORK } from './lab-network.ts';

const RATES = { uplinkBytesPerSecond: 2 ** 20, downlinkBytesPerSecond: 2 ** 20 };
const ip = (...args: string[]): string => execFileSync('ip', args, { encoding: 'utf8' });

/** Those of this process, which other tests' labs are not. */
const own = (): string[] =>
  namespacesIn(ip('netns', 'list')).filter((name) => labOf(name) === process.pid);

/** A PATH with only these programs, and shell scripts in place of others. */
function path(programs: readonly string[], scripts: Record<string, string> = {}): void {
  const before = process.env.PATH;
  const dir = mkdtempSync(join(tmpdir(), 'hubswarm-test-'));
  for (const program of programs) {
    const found = execFileSync('sh', ['-c', `command -v ${program}`], { encoding: 'utf8' });
    symlinkSync(found.trim(), join(dir, program));
  }
  for (const [name, script] of Object.entries(scripts)) {
    writeFileSync(join(dir, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  }
  process.env.PATH = dir;
  onTestFinished(() => {
    process.env.PATH = before;
    rmSync(dir, { recursive: true });
  });
}

it('lacks everything without ip, and says it as making does', needs(LINUX), () => {
  path([]);
  const { able, lacks, notes } = probeNetwork();
  expect(able).toBe(false);
  expect(lacks).toEqual(["network namespaces cannot be made (there is no program 'ip')"]);
  expect(notes).toEqual([]);
  expect(() => makeNetwork([RATES])).toThrow(lacks[0]);
});

describe('a probe', needs(...LAB_NETWORK), () => {
  it('agrees with making, leaves nothing, and a network as it is', () => {
    const links = ip('-o', 'link');
    const network = makeNetwork([RATES]);
    onTestFinished(() => network.remove());
    const namespaces = own();
    expect(probeNetwork()).toMatchObject({ able: true, lacks: [] });
    expect(own()).toEqual(namespaces);
    expect(ip('-o', 'link')).toBe(links);
  });

  it('names a program that is missing', () => {
    path(['ip', 'tc', 'sh']);
    expect(probeNetwork().lacks).toEqual([
      "a bridge of veth devices cannot be made (there is no program 'bridge')",
    ]);
  });

  it('names each part that is missing, and what can do without', () => {
    const real = execFileSync('sh', ['-c', 'command -v tc'], { encoding: 'utf8' }).trim();
    // A kernel without netem, and then one without tbf as well.
    for (const missing of ['netem', 'tbf|netem']) {
      path(['ip', 'bridge', 'sh'], {
        tc: `read line; case "$line" in *${missing.replace('|', '*|*')}*) echo 'Error: Specified qdisc kind is unknown.' >&2; exit 2;; esac; echo "$line" | ${real} "$@"`,
      });
      const { able, lacks, notes } = probeNetwork();
      expect(able).toBe(missing === 'netem');
      expect(lacks).toEqual(
        able ? [] : ['the tbf queue cannot be made (Error: Specified qdisc kind is unknown.)'],
      );
      expect(notes).toEqual([
        'delay and loss cannot be emulated: no netem (Error: Specified qdisc kind is unknown.)',
      ]);
    }
  });
});
