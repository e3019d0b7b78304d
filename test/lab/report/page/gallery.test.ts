import { describe, expect, it } from 'vitest';
import { CATALOGUE } from '../../../../src/lab/catalogue/catalogue.ts';
import { figuresOf } from '../../../../src/lab/report/page/gallery.ts';
import type { Result, Run } from '../../../../src/lab/terms/result.ts';
import { type Scenario, scenarioSchema } from '../../../../src/lab/terms/scenario.ts';
import { syntheticResult } from '../../synthetic-result.ts';
import { exampleExhibit, exampleNode, exampleRun } from '../figures/example.ts';

/** Short pieces cost a little, so that there is a best length. */
const full = syntheticResult(({ repetition, setting }) => ({
  slower: 1.05 + 0.03 * repetition + 4096 / (setting.pieceLength ?? Number.POSITIVE_INFINITY),
}));

const drawn = (result: Result, id: string): string =>
  result.scenarios
    .filter(({ scenario }) => scenario.id === id)
    .flatMap((one) => figuresOf(result, one))
    .map(({ markup }) => markup)
    .join('');

const pages = new Map(CATALOGUE.map(({ id }) => [id, drawn(full, id)]));
const pageOf = (id: string): string => pages.get(id) ?? '';

const ids = CATALOGUE.map(({ id }) => id);

describe('the figures of the catalogue', () => {
  it.each(ids)('%s has some, each with a drawing, a caption and a name of its own', (id) => {
    const page = pageOf(id);
    const figures = page.split('<figure>').slice(1);
    expect(figures.length).toBeGreaterThan(0);
    for (const figure of figures) {
      // What is drawn over what, or of whom.
      expect(figure).toMatch(/<svg[^>]*role="img"[^>]*aria-label="[^"]+ (over|by|of) [^"]+"/);
      // Whose runs it shows, or which receivers.
      expect(figure).toMatch(/<figcaption>[^<]*\b(runs?|receivers?)\b/);
    }
    const names = [...page.matchAll(/<h3>(.*?)<\/h3>/g)].map(([, name]) => name);
    expect(names).toHaveLength(figures.length);
    expect(new Set(names).size).toBe(names.length);
    expect(page).not.toMatch(/<script|NaN|undefined|Infinity/);
  });

  // Those whose every run is a point.
  it.each([
    ...['links', 'scaling', 'malice', 'late', 'piece-length', 'unequal', 'replicas'],
    ...['free-riders', 'churn', 'cost', 'wire', 'replica-killed', 'front-killed'],
  ])('%s tells of each of its runs to a pointer', (id) => {
    const page = pageOf(id);
    const runs = full.runs.filter(({ scenario }) => scenario === id);
    expect(runs.length).toBeGreaterThan(2);
    for (const run of runs) expect(page).toContain(`<title>${run.id}`);
  });

  it.each([
    ['kill', 'Copies of each piece: swarm'],
    ['churn', 'fluid model'],
    ['scaling', 'what all uplinks could'],
    ['partition', '\u2715 split'],
    ['replica-killed', 'nothing came'],
    ['piece-length', 'best: '],
    ['small', 'both take as long here'],
    ['replicas', '28.00 MiB/s up'],
    ['calibration', 'what the claim allows'],
    ['unequal', 'origin 16x'],
  ])('%s shows: %s', (id, text) => {
    expect(pageOf(id)).toContain(text);
  });
});

/** One exhibit of each scenario will do: their drawings are the largest. */
const exhibits = full.exhibits.filter(
  ({ run }, i, all) =>
    all.findIndex((other) => other.run.split('/')[0] === run.split('/')[0]) === i,
);

/** The same result with other runs; what was concluded stays. */
const withRuns = (bend: (run: Run) => Run | null): Result => ({
  ...full,
  exhibits,
  runs: full.runs.flatMap((run) => bend(run) ?? []),
});

const unmeasured = (run: Run): Run => ({
  ...run,
  metrics: Object.fromEntries(Object.keys(run.metrics).map((name) => [name, null])),
  nodes: run.nodes.map((node) => ({
    ...node,
    completedMs: null,
    goMs: null,
    progress: [],
    sending: [],
  })),
});

describe('figures of what is not all there', () => {
  const cases: [string, Result][] = [
    ['nothing was run', { ...full, runs: [], exhibits: [] }],
    ['all was given up before it began', withRuns(unmeasured)],
    ['it was interrupted', withRuns((run) => (run.repetition === 0 ? run : null))],
    ['only servers were run', withRuns((run) => (run.architecture === 'server' ? run : null))],
    ['nothing holds the links', withRuns((run) => ({ ...run, boundMs: 0, boundName: '' }))],
    [
      'exhibits are empty',
      {
        ...full,
        exhibits: full.exhibits.map(({ run }) => exampleExhibit({ run, uplinks: [] })),
      },
    ],
    ['exhibits are of runs that are gone', { ...full, exhibits: [exampleExhibit({ run: 'x' })] }],
    [
      'no pair was compared',
      {
        ...full,
        exhibits: [],
        scenarios: full.scenarios.map((one) => ({ ...one, comparisons: [], cells: [] })),
      },
    ],
    ['no run has a node', withRuns((run) => ({ ...run, nodes: [] }))],
  ];

  it.each(cases)('are drawn all the same although %s', (_, result) => {
    const page = ids.map((id) => drawn(result, id)).join('');
    expect(page).not.toMatch(/NaN|undefined|Infinity/);
  });

  it('are none of a scenario that was skipped', () => {
    const partition = CATALOGUE.filter(({ id }) => id === 'partition');
    const skipped = syntheticResult(undefined, partition, { partition: 'no namespaces' });
    expect(drawn(skipped, 'partition')).toBe('');
  });

  it('mark what never came to it, and what is not valid', () => {
    const page = drawn(
      withRuns((run) => ({
        ...run,
        metrics: { ...run.metrics, makespanMs: run.repetition === 0 ? null : 900 },
        verdict: { state: 'unknown', reasons: ['busy'] },
      })),
      'malice',
    );
    expect(page).toContain('/1: never, unknown');
    expect(page).toContain('/2: 0.90 s, unknown');
    expect(page).toContain('A cross at the top');
    expect(page).toContain('Hollow');
  });
});

const HOSTILE = '<img src=x onerror=alert(1)>"&\'';

describe("a user's scenario", () => {
  const plain = {
    id: 'mine',
    title: HOSTILE,
    question: HOSTILE,
    arms: [
      { id: 'a', architecture: 'server', text: HOSTILE },
      { id: 'b', architecture: 'swarm', text: `${HOSTILE} again` },
    ],
    metrics: ['makespanMs'],
    repetitions: { least: 2, most: 2 },
  } as const;
  const figuresWith = (over: object): string => {
    const scenario: Scenario = scenarioSchema.parse({ ...plain, ...over });
    return drawn(syntheticResult(undefined, [scenario]), scenario.id);
  };

  it.each([
    ['the number that is swept', { sweep: { hubs: [1, 2] } }, 'over hubs'],
    ['the first of two numbers', { sweep: { receivers: [1, 2], hubs: [1, 2] } }, 'over receivers'],
    ['its arms where words are swept', { sweep: { picker: ['random', 'rarest'] } }, 'each arm'],
    ['its arms where nothing is', {}, 'each arm'],
    ['its arms where one value is', { sweep: { receivers: [3] } }, 'each arm'],
    ['its runs although its figure shows nothing', { figures: ['break-even'] }, 'each arm'],
  ])('is drawn over %s', (_, over, text) => {
    expect(figuresWith(over)).toContain(text);
  });

  it.each(CATALOGUE.flatMap(({ figures }) => figures))(
    'may ask for the figure %s, which needs none of what it is about',
    (name) => {
      expect(figuresWith({ figures: [name] })).toContain('<figure>');
    },
  );

  it('cannot put markup into the page', () => {
    for (const over of [
      {},
      { sweep: { hubs: [1, 2] } },
      { figures: ['churn'] },
      { figures: ['strip'] },
    ]) {
      const page = figuresWith(over);
      expect(page).not.toContain('<img');
      expect(page).toContain('&lt;img');
    }
  });
});

it('what a result was made to say cannot become markup', () => {
  const [one] = full.scenarios.filter(({ scenario }) => scenario.id === 'partition');
  const run = exampleRun({
    id: HOSTILE,
    scenario: 'partition',
    faults: [{ text: HOSTILE, do: HOSTILE, node: HOSTILE, atMs: 100, originCopies: 1 }],
    boundName: HOSTILE,
    nodes: [exampleNode({ id: HOSTILE })],
  });
  const uplinks = [{ role: 'origin', sentBytes: [9], couldBytes: null } as const];
  const exhibit = exampleExhibit({
    run: HOSTILE,
    copies: [[1, 2]],
    verifiedBytes: [9],
    uplinks: uplinks.map((each) => ({ ...each, sentBytes: [...each.sentBytes] })),
  });
  const page = figuresOf({ ...full, runs: [run], exhibits: [exhibit] }, one!)
    .map(({ markup }) => markup)
    .join('');
  expect(page).toContain('&lt;img');
  expect(page).not.toContain('<img');
});
