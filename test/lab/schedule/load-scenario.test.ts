import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CATALOGUE } from '../../../src/lab/catalogue/catalogue.ts';
import { loadScenario, parseScenario } from '../../../src/lab/schedule/load-scenario.ts';
import { DEFAULTS } from '../../../src/lab/terms/setting.ts';
import { mockScenario } from '../mock-lab.ts';

const good = mockScenario();
const parse = (value: unknown) => parseScenario(JSON.stringify(value), 'mine.json');
const arm = good.arms[0]!;
const claim = {
  ...{ id: 'c', text: 'c', metric: 'reach', arm: 'a', comparison: 'at least', threshold: 1 },
};

describe('a scenario file', () => {
  it.each(CATALOGUE.map((scenario) => [scenario.id, scenario] as const))(
    'may hold what the catalogue does: %s',
    (_, scenario) => {
      expect(parse(scenario)).toEqual(scenario);
    },
  );

  it.each<[string, unknown, RegExp]>([
    [
      'an unknown key',
      { ...good, colour: 'red' },
      /^mine\.json: colour: no such key; accepted are id, title/,
    ],
    [
      'an unknown key of a setting',
      { ...good, setting: { uplnk: 5 } },
      /^mine\.json: setting\.uplnk: no such key; accepted are receivers, fileBytes/,
    ],
    [
      'an unknown key of an arm',
      { ...good, arms: [arm, { ...arm, wiht: {} }] },
      /^mine\.json: arms\[1\]\.wiht: no such key; accepted are id, architecture, text, rival, with, upTo$/,
    ],
    [
      'a negative rate',
      { ...good, setting: { uplinkBytesPerSecond: -5 } },
      /^mine\.json: setting\.uplinkBytesPerSecond: -5 is not accepted; give a number over 0$/,
    ],
    [
      'more receivers than run',
      { ...good, sweep: { receivers: [2, 65] } },
      /^mine\.json: sweep\.receivers\[1\]: 65 is not accepted; give a number of at most 64$/,
    ],
    [
      'a wrong type',
      { ...good, setting: { fileBytes: '4 MiB' } },
      /^mine\.json: setting\.fileBytes: "4 MiB" is not accepted; give a number$/,
    ],
    [
      'half a receiver',
      { ...good, setting: { receivers: 1.5 } },
      /^mine\.json: setting\.receivers: 1\.5 is not accepted; give a whole number$/,
    ],
    [
      'a word that is none of those',
      { ...good, setting: { choker: 'mean' } },
      /choker: "mean" is not accepted; give "cooperative", "tit-for-tat"$/,
    ],
    [
      'an unknown metric',
      { ...good, metrics: ['speed'] },
      /metrics\[0\]: "speed" is not accepted; give "makespanMs", "medianMs"/,
    ],
    [
      'a figure that nobody draws',
      { ...good, figures: ['pie'] },
      /figures\[0\]: "pie" is not accepted; give "calibration", "links"/,
    ],
    ['nothing', {}, /^mine\.json: id: is missing; give a string$/],
    ['a list', [], /^mine\.json: \[\] is not accepted; give an object$/],
    ['no arms', { ...good, arms: [] }, /arms: \[\] is not accepted; give at least 1 of them$/],
    ['an id with a space', { ...good, id: 'a b' }, /id: "a b" is not accepted; give lower case/],
    [
      'a fault at no moment',
      { ...good, setting: { faults: [{ do: 'kill', node: 'origin', when: { sentCopies: -1 } }] } },
      /faults\[0\]\.when\.sentCopies: -1 is not accepted; give a number over 0$/,
    ],
    [
      'a kill of no kind',
      { ...good, setting: { kill: 'soon' } },
      /setting\.kill: "soon" is not accepted; give a number, or "first copy"/,
    ],
  ])('with %s is one line that says where, what and what else', (_, value, line) => {
    expect(() => parse(value)).toThrow(expect.objectContaining({ code: 'ERR_USAGE' }));
    expect(() => parse(value)).toThrow(line);
    expect(() => parse(value)).not.toThrow(/\n/);
  });

  it('that is no JSON is one line', () => {
    expect(() => parseScenario('{"id": }\n', 'mine.json')).toThrow(/^mine\.json: not JSON \(.+\)$/);
  });
});

describe('a scenario on disk', () => {
  let dir: string;
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'hubswarm-scenario-'));
  });
  afterAll(() => rm(dir, { recursive: true }));

  async function load(value: unknown) {
    const path = join(dir, 'mine.json');
    await writeFile(path, JSON.stringify(value));
    return loadScenario(path, DEFAULTS);
  }

  it('is read as it stands', async () => {
    expect(await load(good)).toEqual(good);
  });

  it.each<[string, unknown, RegExp]>([
    [
      'a claim about nobody',
      { ...good, claims: [{ ...claim, arm: 'z' }] },
      /claim 'c' names an unknown arm 'z'; accepted: 'a', 'b'/,
    ],
    [
      'a calibration that measures no link',
      { ...good, role: 'calibration' },
      /scenario 'one': role 'calibration' needs the metric 'linkUse'$/,
    ],
    [
      'the role of a kill and none in its sweep',
      { ...good, role: 'kill' },
      /scenario 'one': role 'kill' needs a sweep of 'kill'$/,
    ],
    ['fewer at most than at least', { ...good, repetitions: { least: 3, most: 2 } }, /at least 3$/],
    [
      'pieces that the binary does not take',
      { ...good, setting: { pieceLength: 4 * 2 ** 20 } },
      /pieceLength: 4194304 bytes is not accepted; give a multiple of 1KiB from 16KiB to 2MiB$/,
    ],
    [
      'more processes than are run',
      { ...good, setting: { attackers: 40 }, sweep: { receivers: [64] } },
      /scenario 'one': 106 processes at once are not accepted; at most 100/,
    ],
  ])('with %s is refused', async (_, value, line) => {
    await expect(load(value)).rejects.toThrow(line);
    await expect(load(value)).rejects.toMatchObject({ code: 'ERR_USAGE' });
  });

  it('that is not there is named', async () => {
    await expect(loadScenario('nowhere/x.json', DEFAULTS)).rejects.toThrow(
      /^nowhere\/x\.json: no such file or directory$/,
    );
  });
});
