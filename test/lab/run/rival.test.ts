// Rivals as real processes: small shell scripts that hand a file out, or fail to.
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runOf } from '../../../src/lab/conclusion.ts';
import { RIVALS } from '../../../src/lab/rivals/rivals.ts';
import { createExecutor, type Execute } from '../../../src/lab/run/execute.ts';
import { generateFile, hashFile } from '../../../src/lab/run/file.ts';
import { lackOfPrograms } from '../../../src/lab/run/installed.ts';
import { lackAt, type RivalText, rivalSchema, type Sign } from '../../../src/lab/terms/rival.ts';
import type { Setting } from '../../../src/lab/terms/setting.ts';
import { type Condition, LINUX, needs } from '../../support/needs.ts';
import { planned } from '../plans.ts';

const FILE_BYTES = 64 * 1024;
const { signal } = new AbortController();

let work: string;
let execute: Execute;

beforeEach(async () => {
  work = await mkdtemp(join(tmpdir(), 'hubswarm-rival-'));
  const fileDir = join(work, 'source');
  const fileName = 'sample.bin';
  await generateFile(join(fileDir, fileName), FILE_BYTES, 1);
  const sha256 = await hashFile(join(fileDir, fileName));
  execute = createExecutor({
    cliPath: '/nowhere',
    fileOf: async () => ({ fileDir, fileName, sha256 }),
    workDir: work,
    network: undefined,
  });
});

afterEach(async () => {
  // Nothing of a run is left.
  expect(await readdir(work)).toEqual(['source']);
  await rm(work, { recursive: true });
});

const sh = (script: string): string[] => ['sh', '-c', script];

/** The origin lays the file where all see it, and stays. */
const rival = (receiver: string, done: Sign, over: Partial<RivalText> = {}) =>
  rivalSchema.parse({
    id: 'mine',
    text: 'mine',
    receiversServe: false,
    origin: {
      command: sh('cp {file} {shared}/lying && echo laid >&2 && exec sleep 60'),
      ready: { line: '^laid$' },
    },
    receiver: { command: sh(receiver), done },
    ...over,
  });

const run = async (given: ReturnType<typeof rival>, setting: Partial<Setting> = {}) => {
  const plan = planned(
    'rival',
    { receivers: 2, fileBytes: FILE_BYTES, link: 'none', ...setting },
    { arm: 'mine', rival: given },
  );
  return runOf(await execute(plan, signal));
};

const COPY = 'cp {shared}/lying {out}';
const SERVE = `require('net').createServer().listen({port}, '{address}')`;

describe('a rival', needs(LINUX), () => {
  it.each<[string, string, Sign]>([
    ['its end', COPY, 'exit'],
    ['a line', `${COPY}; echo all done; exec sleep 60`, { line: 'done$' }],
    ['its file', `${COPY}; exec sleep 60`, 'file'],
    ['a port', `${COPY}; exec {node} -e "${SERVE}"`, 'port'],
  ])('is done when %s says so', async (_, receiver, done) => {
    const { metrics, nodes, verdict } = await run(rival(receiver, done));
    expect(nodes.map(({ role, file }) => `${role} ${file}`)).toEqual([
      'origin null',
      'receiver same',
      'receiver same',
    ]);
    expect(metrics.reach).toBe(1);
    expect(metrics.makespanMs).toBeGreaterThan(0);
    // What nobody counted is not 0.
    expect(metrics).toMatchObject({ originCopies: null, firstPieceMs: null, outageMs: null });
    expect(verdict.state).not.toBe('invalid');
  });

  it('has all that it needs laid out', async () => {
    const helped = rival('sh {dir}/fetch {helperPort} {previousPort} {out} {shared}/x', 'exit', {
      prepare: [sh('cp {file} {shared}/made; pwd > {shared}/x')],
      helper: {
        command: sh('echo {port} > {shared}/helper; echo up; exec sleep 60'),
        ready: { line: 'up' },
      },
      origin: {
        command: sh('echo {port} > {shared}/origin; echo up; exec sleep 60'),
        ready: { line: 'up' },
      },
      receiver: {
        files: {
          // Braces of a script's own stay as they are.
          fetch:
            'x() { test "$1" = "$3"; }; cd {shared}; x $1 - $(cat helper) && x $2 - $(cat origin) && cp made $3',
        },
        command: sh('sh {dir}/fetch {helperPort} {originPort} {out}'),
        done: 'exit',
      },
    });
    const { metrics, nodes } = await run(helped);
    expect(nodes.map(({ id }) => id)).toEqual(['origin', 'helper', 'receiver-1', 'receiver-2']);
    expect(metrics.reach).toBe(1);
  });

  it('is charged for the CPU time of what has ended, and not for the time before its go', async () => {
    const busy = `{node} -e "for (const end = Date.now() + 300; Date.now() < end;);"; ${COPY}`;
    const { nodes } = await run(rival(busy, 'exit'));
    for (const { cpuTransferMs } of nodes.slice(1)) expect(cpuTransferMs).toBeGreaterThan(50);
    expect(nodes[0]!.cpuTransferMs).toBeLessThan(50);
  });

  it.each<[string, string, Sign, RegExp]>([
    ['dies', 'echo no luck; exit 7', 'exit', /ended without the file \(exit code 7\): no luck/],
    ['is killed', 'kill -s KILL $$', 'exit', /ended without the file \(exit code 137\)/],
    ['delivers other bytes', 'head -c {bytes} /dev/zero > {out}', 'exit', /other bytes/],
    ['delivers none', 'true', 'exit', /ended without the file \(exit code 0\)/],
    ['is not installed', 'exec no-such-program', 'exit', /exit code 127/],
  ])('that %s has not completed, and nothing else is wrong', async (_, receiver, done, why) => {
    const { metrics, verdict } = await run(rival(receiver, done));
    expect(metrics).toMatchObject({ makespanMs: null, reach: 0 });
    expect(verdict.state).not.toBe('invalid');
    expect(verdict.reasons[0]).toMatch(why);
  });

  it('that hangs is given up', { timeout: 60_000 }, async () => {
    const { metrics, verdict } = await run(
      rival(`head -c 99 {shared}/lying > {out}; exec sleep 600`, 'file'),
    );
    expect(metrics).toMatchObject({ makespanMs: null, reach: 0 });
    expect(verdict.reasons[0]).toMatch(/did not complete/);
  });

  it.each<[string, Partial<RivalText>, RegExp]>([
    ['whose preparation fails', { prepare: [sh('echo bad luck >&2; exit 1')] }, /bad luck/],
    [
      'whose origin dies',
      { origin: { command: sh('echo oh; exit 2'), ready: 'port' } },
      /origin ended .*: oh/,
    ],
  ])('%s never came to its go', async (_, over, why) => {
    const { metrics, verdict } = await run(rival(COPY, 'exit', over));
    expect(metrics).toMatchObject({ makespanMs: null, reach: 0 });
    expect(verdict.state).not.toBe('invalid');
    expect(verdict.reasons[0]).toMatch(why);
  });

  it('that never ends a line fills no memory', async () => {
    const { metrics } = await run(rival(`head -c 20000000 /dev/zero; ${COPY}`, 'exit'));
    expect(metrics.reach).toBe(1);
  });
});

const PACED = planned('rival', { link: 'pacer' }).setting;

describe.each(RIVALS.map((shipped) => [shipped.id, shipped] as const))(
  'the rival %s',
  (_, shipped) => {
    const library: Condition[] = shipped.probe
      ? [{ name: shipped.probe.at(-1)!, holds: () => lackOfPrograms(shipped) === undefined }]
      : [];
    // Where it can limit its own uplink that is tried too.
    const links =
      lackAt(shipped, PACED) === undefined ? (['none', 'pacer'] as const) : (['none'] as const);

    it.each(links)(
      'delivers over links of kind %s',
      needs(LINUX, ...shipped.programs, ...library),
      async (link) => {
        const { metrics, verdict } = await run(shipped, {
          link,
          uplinkBytesPerSecond: FILE_BYTES * 2,
        });
        expect(verdict.reasons.filter((reason) => reason.startsWith('receiver'))).toEqual([]);
        expect(metrics.reach).toBe(1);
      },
    );
  },
);

describe('the rival that docs/lab.md shows', () => {
  it('works as it stands there', needs(LINUX, 'python3', 'wget'), async () => {
    const page = await readFile(resolve(import.meta.dirname, '../../../docs/lab.md'), 'utf8');
    const shown = [...page.matchAll(/```json\n(.*?)```/gs)].map(([, text]) => JSON.parse(text!));
    const mine = rivalSchema.parse(shown.find(({ id }) => id === 'my-tool'));
    expect(lackOfPrograms(mine)).toBeUndefined();
    const { metrics, verdict } = await run(mine);
    expect(verdict.reasons.filter((reason) => reason.startsWith('receiver'))).toEqual([]);
    expect(metrics.reach).toBe(1);
  });
});
