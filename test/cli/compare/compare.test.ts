// The command as a person meets it: bad options, and a whole comparison with the
// stand-in for the binary, in a process of its own.
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CATALOGUE } from '../../../src/lab/catalogue/catalogue.ts';
import { type Result, resultSchema } from '../../../src/lab/terms/result.ts';

const run = promisify(execFile);
const ROOT = join(import.meta.dirname, '../../..');
let dir: string;

// The command alone, so that no other room can break this test; what it spawns is
// the stand-in, since it runs the file that it was itself started as.
const ENTRY = `
import '${ROOT}/src/runtime/with-resolvers.ts';
import { Command } from 'commander';
import { compareCommand } from '${ROOT}/src/cli/compare/compare.ts';
import { reportFailure } from '${ROOT}/src/cli/common/run.ts';
if (process.argv[2] !== 'compare') await import('${ROOT}/test/lab/fake-cli.mjs');
else {
  const program = new Command('hubswarm').version('1.2.3').addCommand(compareCommand());
  await program.parseAsync().catch((error) => { process.exitCode = reportFailure(error); });
}
`;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'hubswarm-lab-'));
  await build({
    stdin: { contents: ENTRY, resolveDir: ROOT, loader: 'ts' },
    outfile: join(dir, 'cli.mjs'),
    bundle: true,
    format: 'esm',
    platform: 'node',
    logLevel: 'silent',
    banner: {
      js: "import { createRequire as __r } from 'node:module'; const require = __r(import.meta.url);",
    },
  });
});

afterAll(async () => {
  await rm(dir, { recursive: true });
});

interface Ended {
  code: number;
  stdout: string;
  stderr: string;
}

async function compare(args: string[], env: NodeJS.ProcessEnv = process.env): Promise<Ended> {
  const cli = join(dir, 'cli.mjs');
  return run(process.execPath, [cli, 'compare', ...args], { cwd: dir, env }).then(
    (ended) => ({ code: 0, ...ended }),
    (error: Ended) => error,
  );
}

/** Of the run that the first sitting is through with. */
const RUN_LINE = 'calibration, N = 1, server:';

const resultIn = async (out: string): Promise<Result> =>
  resultSchema.parse(JSON.parse(await readFile(join(out, 'result.json'), 'utf8')));

describe('compare', () => {
  it.each([
    [['--uplink', '-5'], /--uplink: '-5' is not a rate; give bytes per second/],
    [['--receivers', '0'], /--receivers: '0' is not accepted; give a whole number from 1 to 64/],
    [['--receivers', '2,,4'], /--receivers: '' is not accepted/],
    [['--receivers', '65'], /from 1 to 64/],
    [['--kills', '1,-2'], /--kills: '-2' is not accepted; give copies/],
    [
      ['--kills', '9'],
      /--kills: 9 is not accepted; with 8 receivers give copies below 8, or first/,
    ],
    [['--size', '0'], /--size: '0' is not accepted/],
    [['--size', '4 parsecs'], /--size: '4 parsecs' is not a size/],
    [['--repetitions', '1.5'], /--repetitions: '1.5' is not accepted; give a whole number/],
    [['--seed', 'x'], /--seed: 'x' is not accepted/],
    [['--link', 'wire'], /--link: 'wire' is not known; give pacer, netns or none/],
    [['--link', 'none', '--uplink', '4MiB/s'], /--uplink: not accepted with --link none/],
    [['--link', 'none', '--downlink', '4MiB/s'], /--downlink: not accepted with --link none/],
    [['--file', 'x', '--size', '1MiB'], /--size: not accepted with --file/],
  ])('%j is one line and exit code 2, and nothing is started', async (args, line) => {
    const ended = await compare(args);
    expect(ended).toMatchObject({ code: 2, stdout: '' });
    expect(ended.stderr).toMatch(line);
    expect(ended.stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(await readdir(dir)).toEqual(['cli.mjs']);
  });

  it.each([
    [['--scenario', 'kil'], /--scenario: 'kil' is not known; give calibration, .*, or a file/],
    [['--scenario', 'kill,kill'], /--scenario: 'kill' is given twice; give it once/],
    [['--scenario', './no.json'], /^hubswarm: \.\/no\.json: no such file or directory/],
    [['--scenario', 'kill', '--full'], /--full: not accepted with --scenario/],
    [['--scenario', 'kill', '--kills', 'none'], /nothing is left to measure: scenario 'kill' is/],
    [['--resume', 'x', '--seed', '4'], /--seed: not accepted with --resume/],
    [['--resume', 'x'], /x\/experiment\.json: no such file or directory/],
    [['report', 'x'], /x\/experiment\.json: no such file or directory/],
    [['report', 'x', '--seed', '4'], /--seed: not accepted with report, which measures nothing/],
    [['diff', 'x', 'y'], /x: no such file or directory/],
  ])('%j is one line, and nothing is started', async (args, line) => {
    const ended = await compare(args);
    expect(ended.stdout).toBe('');
    expect(ended.stderr).toMatch(line);
    expect(ended.stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(ended.code).toBeGreaterThan(0);
    expect(await readdir(dir)).toEqual(['cli.mjs']);
  });

  it('refuses a directory that holds results, and a file that is no result', async () => {
    const out = join(dir, 'old');
    await mkdir(out);
    await writeFile(join(out, 'result.json'), '{"schema": 2}');
    expect((await compare(['--out', out])).stderr).toMatch(/--out: '.*old' holds results already/);
    const compared = await compare(['diff', out, out]);
    expect(compared).toMatchObject({ code: 2 });
    expect(compared.stderr).toMatch(/result\.json: not a result of schema 3 \(schema: /);
    await rm(out, { recursive: true });
  });

  it('refuses a scenario file with what it cannot mean, before anything starts', async () => {
    const path = join(dir, 'mine.json');
    const mine = {
      ...{ id: 'mine', title: 'Mine', question: 'Which?', metrics: ['makespanMs'] },
      arms: [{ id: 'a', architecture: 'server', text: 'A' }],
      ...{ setting: { uplinkBytesPerSecond: -5 }, repetitions: { least: 1, most: 1 } },
    };
    await writeFile(path, JSON.stringify(mine));
    const ended = await compare(['--scenario', './mine.json']);
    await rm(path);
    expect(ended).toMatchObject({
      code: 2,
      stderr:
        'hubswarm: ./mine.json: setting.uplinkBytesPerSecond: -5 is not accepted; give a number over 0\n',
    });
    expect(await readdir(dir)).toEqual(['cli.mjs']);
  });

  it('lists the catalogue and measures nothing', async () => {
    const { code, stdout } = await compare(['--list']);
    expect(code).toBe(0);
    for (const { id, question } of CATALOGUE) expect(stdout).toContain(`${id}: ${question}`);
    expect(await readdir(dir)).toEqual(['cli.mjs']);
  });

  it('says what a machine lacks for links of the kernel, before anything is started', async () => {
    const ended = await compare(['--link', 'netns'], { PATH: '/nowhere' });
    expect(ended).toMatchObject({ code: 2, stdout: '' });
    expect(ended.stderr).toMatch(
      /^hubswarm: --link netns: .*; it needs Linux, root, iproute2.*\n$/,
    );
    expect(await readdir(dir)).toEqual(['cli.mjs']);
  });

  it('holds nothing when told so', { timeout: 60_000 }, async () => {
    const out = join(dir, 'none');
    const args = ['--link', 'none', '--size', '64KiB', '--receivers', '2', '--repetitions', '1'];
    const ended = await compare([...args, '--out', out]);
    expect(ended.stderr).toContain("scenario 'kill' is left out: it needs links with a rate");
    const { base, runs, claims } = await resultIn(out);
    expect(base.link).toBe('none');
    expect(runs.map(({ id }) => id)).toEqual(
      ['server', 'swarm', 'hybrid'].map((arm) => `scaling/n2/${arm}/1`),
    );
    expect(claims).toEqual([]);
    await rm(out, { recursive: true });
  });
});

describe('a comparison', () => {
  const SMALL = ['--size', '64KiB', '--uplink', '512KiB/s', '--receivers', '2', '--kills', '0.5'];
  const RUNS = [
    ...['calibration/n1/server/1', 'calibration/n1/swarm/1'],
    ...['scaling/n2/server/1', 'scaling/n2/swarm/1', 'scaling/n2/hybrid/1'],
    ...['kill/k0.5/server/1', 'kill/k0.5/swarm/1', 'kill/k0.5/hybrid/1'],
  ];

  it('measures, saves, tells by its exit code, and is concluded again from its traces', {
    timeout: 60_000,
  }, async () => {
    const out = join(dir, 'out');
    const args = [...SMALL, '--repetitions', '1', '--json', '--out', out];
    const ended = await compare(args);
    expect(ended.stderr).toContain('[11/11]');
    const result = resultSchema.parse(JSON.parse(ended.stdout));
    expect(result).toMatchObject({ command: args, tool: { version: '1.2.3' }, profile: 'quick' });
    expect(result.runs.map(({ id }) => id)).toEqual(RUNS);
    const files = result.runs.flatMap(({ nodes }) => nodes.map(({ file }) => file));
    expect(files).not.toContain('different');
    expect(await resultIn(out)).toEqual(result);
    const fails = result.claims.some(({ state }) => state === 'fails') ? 1 : 0;
    expect(ended.code).toBe({ valid: fails, unknown: 3, invalid: 4 }[result.verdict.state]);

    const page = await readFile(join(out, 'report.html'), 'utf8');
    for (const name of ['report.html', 'result.json']) await rm(join(out, name));
    const again = await compare(['report', out, '--json']);
    expect(again.code).toBe(ended.code);
    expect(JSON.parse(again.stdout)).toEqual(result);
    expect(await readFile(join(out, 'report.html'), 'utf8')).toBe(page);
    const same = await compare(['diff', out, join(out, 'result.json')]);
    expect(same).toMatchObject({ code: 0, stdout: expect.stringMatching(/^No claim has changed/) });
    await rm(out, { recursive: true });
  });

  it.each(['SIGINT', 'SIGKILL'] as const)(
    'goes on where %s stopped it',
    {
      timeout: 60_000,
    },
    async (signal) => {
      const out = join(dir, signal);
      const temporary = join(dir, 'tmp');
      await mkdir(temporary);
      const args = [...SMALL.slice(0, -1), 'none', '--repetitions', '1'];
      const first = execFile(
        process.execPath,
        [join(dir, 'cli.mjs'), 'compare', ...args, '--out', out],
        { cwd: dir, env: { ...process.env, TMPDIR: temporary } },
      );
      let stderr = '';
      const stopped = once(first, 'exit');
      first.stderr!.on('data', (text: string) => {
        stderr += text;
        // When the first run is through, and another is under way.
        if (text.includes('[4/8]')) first.kill(signal);
      });
      const [code] = await stopped;
      if (signal === 'SIGINT') {
        expect(code).toBe(130);
        expect(stderr).toContain(`go on with: hubswarm compare --resume ${out}`);
        expect(await readdir(temporary)).toEqual([]);
        const { missing, verdict } = await resultIn(out);
        expect(missing).toBeGreaterThan(0);
        expect(verdict.state).not.toBe('valid');
      }
      await rm(temporary, { recursive: true });
      const second = await compare(['--resume', out, '--json']);
      expect(second.stderr).not.toContain(RUN_LINE);
      const result = resultSchema.parse(JSON.parse(second.stdout));
      expect(result.missing).toBe(0);
      expect(result.runs.map(({ id }) => id).sort()).toEqual(RUNS.slice(0, 5).sort());
      await rm(out, { recursive: true });
    },
  );
});
