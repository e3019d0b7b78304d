// Every script tells how it is run, and refuses what it does not know in one line, before anything
// begins. What several scripts share is in scripts/lib/.
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { needs, POSIX } from '../support/needs.ts';

const SCRIPTS = resolve(import.meta.dirname, '../../scripts');
/** The program or the test runner reads what these are given. */
const HANDED_ON = ['compare.sh', 'test.sh', 'test-nodes.sh'];

const names = readdirSync(SCRIPTS, { withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map(({ name }) => name);

function run(name: string, ...args: string[]) {
  const path = join(SCRIPTS, name);
  const [program, ...rest] = name.endsWith('.sh') ? ['bash', path] : [process.execPath, path];
  const { status, stdout, stderr } = spawnSync(program!, [...rest, ...args], { encoding: 'utf8' });
  return { status, stdout, stderr };
}

/** The script in a project of its own, which is not built. */
function compareElsewhere(dir: string, ...args: string[]) {
  cpSync(join(SCRIPTS, 'compare.sh'), join(dir, 'scripts/compare.sh'));
  cpSync(join(SCRIPTS, 'lib/project.sh'), join(dir, 'scripts/lib/project.sh'));
  const path = join(dir, 'scripts/compare.sh');
  const { status, stdout, stderr } = spawnSync('bash', [path, ...args], { encoding: 'utf8' });
  return { status, stdout, stderr };
}

describe('compare.sh', needs(POSIX), () => {
  it.each([[['--help']], [['report', '-h']]])('%j builds nothing', async (args) => {
    const dir = mkdtempSync(join(tmpdir(), 'hubswarm-scripts-'));
    onTestFinished(() => rmSync(dir, { recursive: true }));
    const { status, stdout, stderr } = compareElsewhere(dir, ...args);
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr).toMatch(/^hubswarm: --help .*; run 'npm ci && npm run build' in .* first\n$/);
    // Older than each source: a build, which cannot succeed here, would come first.
    mkdirSync(join(dir, 'dist'));
    writeFileSync(join(dir, 'dist/cli.js'), 'console.log(process.argv.slice(2).join())');
    expect(compareElsewhere(dir, ...args)).toEqual({
      status: 0,
      stdout: `${['compare', ...args].join()}\n`,
      stderr: '',
    });
  });
});

describe('a script', needs(POSIX), () => {
  it.each(names.filter((name) => name !== 'compare.sh'))('%s --help', (name) => {
    const { status, stdout, stderr } = run(name, '--help');
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const lines = readFileSync(join(SCRIPTS, name), 'utf8')
      .replace(/^#!.*\n/, '')
      .split('\n');
    const head = lines.slice(
      0,
      lines.findIndex((line) => !/^(\/\/|#)/.test(line)),
    );
    expect(head.length).toBeGreaterThan(0);
    expect(stdout).toBe(head.map((line) => `${line.replace(/^(\/\/|#) ?/, '')}\n`).join(''));
  });

  it.each(names.filter((name) => !HANDED_ON.includes(name)))('%s --nonsense', (name) => {
    const { status, stdout, stderr } = run(name, '--nonsense');
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toMatch(new RegExp(`^${name}: .*'--nonsense'.*; see '.*${name} --help'\n$`));
  });

  it.each([
    [['bench-client.mjs', '0'], "MiB: '0' is not accepted; give a whole number from 1"],
    [['bench-import.mjs', '1', '2.5'], "rounds: '2.5' is not accepted; give a whole number from 1"],
    [['soak.mjs', 'x'], "minutes: 'x' is not accepted; give a number from 0.1"],
    [['bench-discovery.mjs', '2', '3'], '3 processes are more than the peers'],
    [['bench-swarm.mjs', 'nothing'], "no row 'nothing'; there are "],
    [['compare-rsync.mjs', '--pairs', '-'], "--pairs: '-' is not accepted"],
    [['sweep.mjs', 'a.svg', 'b'], "'b' is one argument too many"],
  ])('%j is refused', ([name, ...args], message) => {
    const { status, stdout, stderr } = run(name!, ...args);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toContain(`${name}: ${message}`);
    expect(stderr.split('\n')).toHaveLength(2);
  });
});
