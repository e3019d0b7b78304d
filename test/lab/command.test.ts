// The command as a person meets it: bad options, and a whole comparison with the
// stand-in for the binary, in a process of its own.
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { resultSchema } from '../../src/lab/result.ts';

const run = promisify(execFile);
const ROOT = join(import.meta.dirname, '../..');
let dir: string;

// The command alone, so that no other room can break this test; what it spawns is
// the stand-in, since it runs the file that it was itself started as.
const ENTRY = `
import '${ROOT}/src/runtime/with-resolvers.ts';
import { Command } from 'commander';
import { compareCommand } from '${ROOT}/src/cli/compare.ts';
import { reportFailure } from '${ROOT}/src/cli/run.ts';
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

describe('compare', () => {
  it.each([
    [['--uplink', '-5'], /--uplink: '-5' is not a rate; give bytes per second/],
    [['--receivers', '0'], /--receivers: '0' is not accepted; give a whole number from 1 to 64/],
    [['--receivers', '2,,4'], /--receivers: '' is not accepted/],
    [['--receivers', '65'], /from 1 to 64/],
    [['--kills', '1,-2'], /--kills: '-2' is not accepted; give copies/],
    [['--kills', '9'], /--kills: 9 is not accepted; with 8 receivers give copies below 8/],
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

  it('refuses a directory that holds results, and a file that is no result', async () => {
    const out = join(dir, 'old');
    await run('mkdir', [out]);
    await writeFile(join(out, 'runs.ndjson'), '');
    await writeFile(join(out, 'result.json'), '{"schema": 3}');
    expect((await compare(['--out', out])).stderr).toMatch(/--out: '.*old' holds results already/);
    const redrawn = await compare(['--redraw', out]);
    expect(redrawn).toMatchObject({ code: 2 });
    expect(redrawn.stderr).toMatch(/result\.json: not a result of schema 1 or 2 \(schema: /);
    await rm(out, { recursive: true });
  });

  it('holds nothing when told so', async () => {
    const out = join(dir, 'none');
    const args = ['--link', 'none', '--size', '64KiB', '--receivers', '2', '--repetitions', '1'];
    const ended = await compare([...args, '--out', out]);
    expect(ended.stdout).toContain('sample.bin, 0.06 MiB, nothing holds the links');
    const { parameters, runs, claims } = resultSchema.parse(
      JSON.parse(await readFile(join(out, 'result.json'), 'utf8')),
    );
    expect(parameters).toMatchObject({ link: 'none', uplinkBytesPerSecond: null });
    expect(runs.map(({ id, efficiency }) => [id, efficiency])).toEqual([
      ['warm-up-n1-server-1', null],
      ['warm-up-n1-swarm-1', null],
      ['scaling-n2-server-1', null],
      ['scaling-n2-swarm-1', null],
    ]);
    expect(claims).toEqual([]);
    await rm(out, { recursive: true });
  }, 60_000);

  it('says what a machine lacks for links of the kernel, before anything is started', async () => {
    const ended = await compare(['--link', 'netns'], { PATH: '/nowhere' });
    expect(ended).toMatchObject({ code: 2, stdout: '' });
    expect(ended.stderr).toMatch(
      /^hubswarm: --link netns: .*; it needs Linux, root, iproute2.*\n$/,
    );
    expect(await readdir(dir)).toEqual(['cli.mjs']);
  });

  it('measures, saves each run, a result and a report, and tells by its exit code', async () => {
    const out = join(dir, 'out');
    const small = ['--size', '64KiB', '--uplink', '512KiB/s', '--receivers', '2'];
    const args = [...small, '--repetitions', '1', '--kills', '0.5', '--json', '--out', out];
    const ended = await compare(args);
    expect(ended.stderr).toContain('[8/8]');
    const result = resultSchema.parse(JSON.parse(ended.stdout));
    expect(result).toMatchObject({ command: args, tool: { version: '1.2.3' }, profile: 'quick' });
    expect(result.runs.map(({ id }) => id)).toEqual([
      'warm-up-n1-server-1',
      'warm-up-n1-swarm-1',
      'calibration-n1-server-1',
      'calibration-n1-swarm-1',
      'scaling-n2-server-1',
      'scaling-n2-swarm-1',
      'kill-n2-k0.5-server-1',
      'kill-n2-k0.5-swarm-1',
    ]);
    expect(result.runs.flatMap(({ nodes }) => nodes).some(({ file }) => file === 'different')).toBe(
      false,
    );
    const lines = (await readFile(join(out, 'runs.ndjson'), 'utf8')).trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line))).toEqual(result.runs);
    expect(JSON.parse(await readFile(join(out, 'result.json'), 'utf8'))).toEqual(result);
    const fails = result.claims.some(({ state }) => state === 'fails') ? 1 : 0;
    expect(ended.code).toBe({ valid: fails, unknown: 3, invalid: 4 }[result.verdict.state]);

    const page = await readFile(join(out, 'report.html'), 'utf8');
    await rm(join(out, 'report.html'));
    expect((await compare(['--redraw', out])).code).toBe(ended.code);
    expect(await readFile(join(out, 'report.html'), 'utf8')).toBe(page);
    await rm(out, { recursive: true });
  }, 60_000);
});
