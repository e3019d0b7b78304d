// The executor against real processes: test/lab/fake-cli.mjs in place of the binary.
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { generateFile, hashFile } from '../../src/lab/file.ts';
import { createExecutor } from '../../src/lab/run-arm.ts';
import type { ArmName, Parameters, PlannedRun } from '../../src/lab/scenario.ts';
import { ARMS } from '../../src/lab/scenario.ts';
import { PARAMETERS } from './synthetic.ts';

const KIB = 1024;
const FILE: Parameters = {
  ...PARAMETERS,
  fileBytes: 64 * KIB,
  // A copy takes a quarter of a second.
  uplinkBytesPerSecond: 256 * KIB,
  downlinkBytesPerSecond: 1280 * KIB,
};

let work: string;
let execute: ReturnType<typeof createExecutor>;
const unstopped = new AbortController().signal;

beforeEach(async () => {
  work = await mkdtemp(join(tmpdir(), 'hubswarm-lab-'));
  const sourceDir = join(work, 'source');
  const path = join(sourceDir, FILE.fileName);
  await generateFile(path, FILE.fileBytes, 1);
  const cliPath = join(import.meta.dirname, 'fake-cli.mjs');
  const sha256 = await hashFile(path);
  execute = createExecutor({
    ...{ cliPath, sourceDir, sha256, parameters: FILE },
    hosts: [],
    workDir: work,
  });
});

afterEach(async () => {
  delete process.env.FAKE;
  await rm(work, { recursive: true });
});

const plan = (arm: ArmName, over: Partial<PlannedRun> = {}): PlannedRun => ({
  id: `run-${arm}`,
  scenario: 'scaling',
  arm,
  link: 'pacer',
  receivers: 2,
  killCopies: null,
  repetition: 0,
  ...over,
});

/** Nothing of a run is left: neither its directory nor a process with its path. */
async function expectNothingLeft(): Promise<void> {
  expect(await readdir(work)).toEqual(['source']);
}

describe.each(ARMS)('a run of the %s', (arm) => {
  it('starts all at one go, and finds every file whole', async () => {
    const trace = await execute(plan(arm), unstopped);
    expect(trace.nodes.map(({ role, file }) => `${role} ${file}`)).toEqual([
      'origin null',
      'receiver same',
      'receiver same',
    ]);
    for (const { events } of trace.nodes.slice(1)) {
      expect(events.find(({ event }) => event === 'held')!.t).toBeLessThanOrEqual(trace.goAt);
      expect(events.find(({ event }) => event === 'piece_verified')!.t).toBeGreaterThan(trace.goAt);
      expect(events.at(-1)!.event).toBe('usage_sampled');
    }
    await expectNothingLeft();
  });

  it('kills the origin when it has sent so much, and ends when nothing comes any more', async () => {
    const trace = await execute(plan(arm, { scenario: 'kill', killCopies: 0.5 }), unstopped);
    expect(trace.fault!.sentBytes).toBeGreaterThanOrEqual(FILE.fileBytes / 2);
    expect(trace.fault!.sentBytes).toBeLessThan(FILE.fileBytes);
    expect(trace.nodes.slice(1).map(({ file }) => file)).toEqual(['absent', 'absent']);
    await expectNothingLeft();
  });

  it('notices a received file that is not the one sent', async () => {
    process.env.FAKE = 'corrupt';
    const trace = await execute(plan(arm), unstopped);
    expect(trace.nodes.slice(1).map(({ file }) => file)).toEqual(['different', 'different']);
  });

  it('tells how a receiver died', async () => {
    process.env.FAKE = 'crash';
    const trace = await execute(plan(arm), unstopped);
    expect(trace.nodes[1]!.exit).toEqual({ code: 7, signal: null });
    await expectNothingLeft();
  });

  it('gives the words of a process that does not start', async () => {
    process.env.FAKE = 'deaf';
    await expect(execute(plan(arm), unstopped)).rejects.toMatchObject({
      code: 'ERR_MEASUREMENT',
      message: expect.stringContaining('no ears today'),
    });
    await expectNothingLeft();
  });

  it('leaves nothing behind when it is stopped', async () => {
    process.env.FAKE = 'stuck';
    const abort = new AbortController();
    const run = execute(plan(arm), abort.signal);
    const held = async (): Promise<boolean> =>
      (await readdir(work)).some((name) => name.startsWith('run-'));
    while (!(await held())) await new Promise((resolve) => setImmediate(resolve));
    abort.abort(new Error('enough'));
    await expect(run).rejects.toThrow('enough');
    await expectNothingLeft();
  });
});
