import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { CATALOGUE } from '../../../src/lab/catalogue/catalogue.ts';
import { drawReport } from '../../../src/lab/report/page/report.ts';
import { RIVALS } from '../../../src/lab/rivals/rivals.ts';
import { chooseRivals } from '../../../src/lab/schedule/choose-rivals.ts';
import { parseScenario } from '../../../src/lab/schedule/load-scenario.ts';
import { addRivals, findRival } from '../../../src/lab/schedule/rivals.ts';
import { drawTable } from '../../../src/lab/terminal/result-table.ts';
import { resultSchema } from '../../../src/lab/terms/result.ts';
import { type RivalText, rivalSchema } from '../../../src/lab/terms/rival.ts';
import { DEFAULTS, type Setting } from '../../../src/lab/terms/setting.ts';
import { mockScenario } from '../mock-lab.ts';
import { syntheticResult } from '../synthetic-result.ts';

const KERNEL: Setting = { ...DEFAULTS, link: 'netns' };
const allThere = (): undefined => undefined;
const armsIn = (
  base: Setting,
  lackOf: (rival: { id: string }) => string | undefined = allThere,
) => {
  const { scenarios, notes } = addRivals(CATALOGUE, RIVALS, base, lackOf);
  const added = scenarios.map(({ id, arms }): [string, string[]] => [
    id,
    arms.filter(({ architecture }) => architecture === 'rival').map((arm) => arm.id),
  ]);
  return { added: new Map(added), notes };
};

describe('rivals', () => {
  it('take part where server and swarm are held against each other undisturbed', () => {
    const { added, notes } = armsIn(KERNEL);
    const ids = RIVALS.map(({ id }) => id);
    expect(added.get('scaling')).toEqual(ids);
    expect(added.get('unequal')).toEqual(ids);
    for (const id of [
      'calibration',
      'links',
      'kill',
      'churn',
      'free-riders',
      'malice',
      'replicas',
    ]) {
      expect(added.get(id), id).toEqual([]);
    }
    expect(notes).toEqual([]);
  });

  it('that are not there, or cannot limit their own uplink, are named in one line', () => {
    const { added, notes } = armsIn(DEFAULTS, ({ id }) =>
      id === 'aria2' ? 'aria2c not installed' : undefined,
    );
    expect(added.get('scaling')).toEqual(['curl-nginx', 'rsync', 'relay-chain']);
    expect(notes).toEqual(['rivals left out: aria2 (aria2c not installed)']);
    // Alone it would take part nowhere.
    const scaling = CATALOGUE.filter(({ role }) => role === 'scaling');
    expect(addRivals(scaling, RIVALS, DEFAULTS, allThere).notes).toEqual([
      'rivals left out: libtorrent (it cannot limit its own uplink; give --link netns)',
    ]);
  });

  it('that a scenario names by itself are left out as well where they are not installed', () => {
    const text = {
      ...mockScenario(),
      claims: [],
      arms: [
        ...mockScenario().arms,
        { id: 'mine', architecture: 'rival', text: 'mine', rival: 'rsync' },
      ],
    };
    const scenario = parseScenario(JSON.stringify(text), 'mine.json');
    expect(scenario.arms.at(-1)!.rival).toEqual(findRival('rsync'));
    const { scenarios, notes } = addRivals([scenario], [], KERNEL, () => 'rsync not installed');
    expect(scenarios[0]!.arms.map(({ id }) => id)).not.toContain('mine');
    expect(notes).toEqual(['rivals left out: rsync (rsync not installed)']);
  });

  it('are chosen by name, all of them, or from files, each once', async () => {
    expect((await chooseRivals('all', [])).length).toBe(RIVALS.length);
    await expect(chooseRivals(['nobody'], [])).rejects.toMatchObject({
      code: 'ERR_USAGE',
      message: expect.stringMatching(/^rival 'nobody' is not known; give aria2, /),
    });
    await expect(chooseRivals(['rsync', 'rsync'], [])).rejects.toThrow(/given twice/);
  });

  const PLAIN: RivalText = {
    id: 'mine',
    text: 'mine',
    receiversServe: false,
    origin: { command: ['serve', '{file}'] },
    receiver: { command: ['get', '{out}'], done: 'exit' },
  };
  it.each<[string, unknown, RegExp]>([
    [
      'an unknown placeholder',
      { ...PLAIN, origin: { command: ['x', '{orign}'] } },
      /origin\.command\[1\]: .*there is no \{orign\}/,
    ],
    [
      'a receiver that sees the file',
      { ...PLAIN, receiver: { command: ['cp', '{file}', '{out}'], done: 'exit' } },
      /receiver: .*which a receiver does not see/,
    ],
    [
      'no sign',
      { ...PLAIN, receiver: { command: ['x'], done: 'soon' } },
      /receiver\.done: "soon" is not accepted/,
    ],
    [
      'a pattern that is none',
      { ...PLAIN, receiver: { command: ['x'], done: { line: '(' } } },
      /receiver\.done\.line: .*a regular expression/,
    ],
    [
      'a file elsewhere',
      { ...PLAIN, origin: { command: ['x'], files: { '../x': '' } } },
      /a plain file name/,
    ],
    [
      'an unknown key',
      { ...PLAIN, colour: 'red' },
      /colour: no such key; accepted are id, text, note/,
    ],
  ])('a file with %s is refused in one line', async (_, value, why) => {
    const dir = await mkdtemp(join(tmpdir(), 'hubswarm-rivals-'));
    onTestFinished(() => rm(dir, { recursive: true }));
    const path = join(dir, 'mine.json');
    await writeFile(path, JSON.stringify(value));
    const loading = chooseRivals([], [path]);
    await expect(loading).rejects.toMatchObject({ code: 'ERR_USAGE' });
    await expect(loading).rejects.toThrow(why);
  });

  it('stand beside both in the table and in the report', () => {
    const scaling = CATALOGUE.filter(({ role }) => role === 'scaling').map((scenario) => ({
      ...scenario,
      setting: { ...scenario.setting, link: 'netns' as const },
    }));
    const { scenarios } = addRivals(scaling, RIVALS, KERNEL, allThere);
    const result = syntheticResult(undefined, scenarios);
    expect(resultSchema.parse(JSON.parse(JSON.stringify(result)))).toEqual(result);
    const table = drawTable(result, { dir: 'DIR', program: 'hubswarm', width: 400 });
    const report = drawReport(result);
    for (const { text, note } of RIVALS) {
      expect(table).toContain(`${text} s`);
      expect(report).toContain(`<b>${text}</b>. ${rivalSchema.shape.note.parse(note)}`);
    }
    expect(result.claims.filter(({ state }) => state === 'fails')).toEqual([]);
  });
});
