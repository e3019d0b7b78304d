// The executor against real processes: test/lab/fake-cli.mjs in place of the binary.
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createExecutor, type Execute } from '../../../src/lab/run/execute.ts';
import { generateFile, hashFile } from '../../../src/lab/run/file.ts';
import type { PlannedRun } from '../../../src/lab/terms/planned-run.ts';
import { ARCHITECTURES, type Architecture } from '../../../src/lab/terms/scenario.ts';
import type { Setting } from '../../../src/lab/terms/setting.ts';
import type { NodeTrace } from '../../../src/lab/terms/trace.ts';
import { planned } from '../plans.ts';

const KIB = 1024;
const FILE_BYTES = 64 * KIB;

let work: string;
let execute: Execute;
const unstopped = new AbortController().signal;

beforeEach(async () => {
  work = await mkdtemp(join(tmpdir(), 'hubswarm-lab-'));
  const fileDir = join(work, 'source');
  const fileName = 'sample.bin';
  await generateFile(join(fileDir, fileName), FILE_BYTES, 1);
  const sha256 = await hashFile(join(fileDir, fileName));
  execute = createExecutor({
    cliPath: join(import.meta.dirname, '../fake-cli.mjs'),
    fileOf: async () => ({ fileDir, fileName, sha256 }),
    workDir: work,
    network: undefined,
  });
});

afterEach(async () => {
  delete process.env.FAKE;
  await rm(work, { recursive: true });
});

// A copy takes a quarter of a second.
const plan = (architecture: Architecture, setting: Partial<Setting> = {}): PlannedRun =>
  planned(architecture, {
    receivers: 2,
    fileBytes: FILE_BYTES,
    pieceLength: 4 * KIB,
    uplinkBytesPerSecond: 256 * KIB,
    ...setting,
  });

/** Nothing of a run is left: neither its directory nor a process with its path. */
async function expectNothingLeft(): Promise<void> {
  expect(await readdir(work)).toEqual(['source']);
}

const filesOf = (nodes: readonly NodeTrace[]) => nodes.slice(1).map(({ file }) => file);
/** Clocks of two processes of one machine differ by less. */
const CLOCKS_APART_MS = 20;

const firstAt = ({ lives }: NodeTrace, name: string): number =>
  lives[0]!.events.find(({ event }) => event === name)!.t;

describe.each(ARCHITECTURES)('a run of the %s', (architecture) => {
  it('starts all at one go, and finds every file whole', async () => {
    const trace = await execute(plan(architecture), unstopped);
    expect(trace.nodes.map(({ role, file }) => `${role} ${file}`)).toEqual([
      'origin null',
      'receiver same',
      'receiver same',
    ]);
    for (const node of trace.nodes.slice(1)) {
      expect(firstAt(node, 'held')).toBeLessThanOrEqual(trace.goAt);
      expect(node.lives[0]!.goAt).toBeGreaterThanOrEqual(trace.goAt);
      expect(firstAt(node, 'piece_verified')).toBeGreaterThan(trace.goAt);
      expect(node.lives[0]!.events.at(-1)!.event).toBe('usage_sampled');
    }
    await expectNothingLeft();
  });

  it('serves one after the other', async () => {
    const trace = await execute(plan(architecture, { arrivals: 'one by one' }), unstopped);
    const [, first, second] = trace.nodes;
    // The lab's clock and that of the process, which each began to count by itself.
    const goAt = second!.lives[0]!.goAt! + CLOCKS_APART_MS;
    expect(goAt).toBeGreaterThanOrEqual(firstAt(first!, 'transfer_completed'));
    expect(filesOf(trace.nodes)).toEqual(['same', 'same']);
  });

  it('starts them so long apart', async () => {
    const trace = await execute(plan(architecture, { arrivals: { apartPasses: 0.4 } }), unstopped);
    const [, first, second] = trace.nodes;
    expect(second!.lives[0]!.goAt! - first!.lives[0]!.goAt!).toBeGreaterThanOrEqual(99);
    expect(filesOf(trace.nodes)).toEqual(['same', 'same']);
  });

  it('kills the origin when it has sent so much, and ends when nothing comes any more', async () => {
    const trace = await execute(plan(architecture, { kill: 0.5 }), unstopped);
    expect(trace.faults.map(({ text }) => text)).toEqual(['kill origin after 0.5 copies']);
    expect(trace.faults[0]!.originSentBytes).toBeGreaterThanOrEqual(FILE_BYTES / 2);
    expect(trace.faults[0]!.originSentBytes).toBeLessThan(FILE_BYTES);
    expect(filesOf(trace.nodes)).toEqual(['absent', 'absent']);
    await expectNothingLeft();
  });

  it('says which step of its script never came', async () => {
    const trace = await execute(plan(architecture, { kill: 50 }), unstopped);
    expect(trace.faults).toEqual([]);
    expect(trace.unmetFaults).toEqual(['kill origin after 50 copies']);
    expect(filesOf(trace.nodes)).toEqual(['same', 'same']);
  });

  it('brings back what it killed, as another life of the same node', async () => {
    const faults: Setting['faults'] = [
      {
        do: 'kill',
        node: 'receiver-1',
        when: { node: 'receiver-1', verifiedShare: 0.25 },
      },
      { do: 'restart', node: 'receiver-1', when: { passes: 0.1 } },
    ];
    const trace = await execute(plan(architecture, { faults }), unstopped);
    expect(trace.nodes[1]!.lives).toHaveLength(2);
    expect(filesOf(trace.nodes)).toEqual(['same', 'same']);
    await expectNothingLeft();
  });

  it('freezes what is to hang, and lets it go on', async () => {
    const faults: Setting['faults'] = [
      { do: 'stop', node: 'origin', when: { verifiedShare: 0.25 } },
      { do: 'continue', node: 'origin', when: { passes: 1 } },
    ];
    const trace = await execute(plan(architecture, { faults }), unstopped);
    const [stopped, woken] = trace.faults;
    expect(woken!.at - stopped!.at).toBeGreaterThanOrEqual(249);
    expect(filesOf(trace.nodes)).toEqual(['same', 'same']);
  });

  it('notices a received file that is not the one sent', async () => {
    process.env.FAKE = 'corrupt';
    const trace = await execute(plan(architecture), unstopped);
    expect(filesOf(trace.nodes)).toEqual(['different', 'different']);
  });

  it('tells how a receiver died', async () => {
    process.env.FAKE = 'crash';
    const trace = await execute(plan(architecture), unstopped);
    expect(trace.nodes[1]!.lives[0]!.exit).toEqual({ code: 7, signal: null });
    await expectNothingLeft();
  });

  it('gives the words of a process that does not start', async () => {
    process.env.FAKE = 'deaf';
    await expect(execute(plan(architecture), unstopped)).rejects.toMatchObject({
      code: 'ERR_MEASUREMENT',
      message: expect.stringContaining('no ears today'),
    });
    await expectNothingLeft();
  });

  it('refuses a script about a node that is not there', async () => {
    const faults: Setting['faults'] = [
      { do: 'kill', node: 'receiver-9', when: { verifiedShare: 0.1 } },
    ];
    await expect(execute(plan(architecture, { faults }), unstopped)).rejects.toMatchObject({
      code: 'ERR_USAGE',
      message: expect.stringContaining("no node 'receiver-9'"),
    });
  });

  it('leaves nothing behind when it is stopped', async () => {
    process.env.FAKE = 'stuck';
    const abort = new AbortController();
    const run = execute(plan(architecture), abort.signal);
    const held = async (): Promise<boolean> =>
      (await readdir(work)).some((name) => name.startsWith('test-'));
    while (!(await held())) await new Promise((resolve) => setImmediate(resolve));
    abort.abort(new Error('enough'));
    await expect(run).rejects.toThrow('enough');
    await expectNothingLeft();
  });
});

it('hands the file out by several hubs, of which one may die', async () => {
  const faults: Setting['faults'] = [{ do: 'kill', node: 'hub-2', when: { verifiedShare: 0.25 } }];
  const trace = await execute(plan('server', { hubs: 3, faults }), unstopped);
  expect(trace.nodes.map(({ id }) => id)).toEqual([
    'origin',
    'hub-2',
    'hub-3',
    'receiver-1',
    'receiver-2',
  ]);
  expect(trace.faults.map(({ text }) => text)).toEqual(['kill hub-2 when all receivers have 25 %']);
});
