import { describe, expect, it } from 'vitest';
import { CATALOGUE } from '../../../../src/lab/catalogue/catalogue.ts';
import { html, trusted } from '../../../../src/lab/report/drawing/html.ts';
import { drawReport } from '../../../../src/lab/report/page/report.ts';
import { type HybridOutcome, hybridOutcome } from '../../../../src/lab/report/words/hybrid.ts';
import { lossesOfSwarm, threeSentences } from '../../../../src/lab/report/words/sentences.ts';
import { type Result, resultSchema } from '../../../../src/lab/terms/result.ts';
import type { Scenario } from '../../../../src/lab/terms/scenario.ts';
import type { Bend } from '../../synthetic.ts';
import { syntheticResult } from '../../synthetic-result.ts';

const scenario = (id: string): Scenario => CATALOGUE.find((one) => one.id === id)!;
const some = (...ids: string[]): Scenario[] => ids.map(scenario);

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll("'", '&#39;').replaceAll('<', '&lt;');

const whole = syntheticResult(undefined, CATALOGUE, { wire: 'it needs root' });
const page = drawReport(whole);

describe('the report of the whole catalogue', () => {
  it('is one file that asks for nothing else and runs nothing', () => {
    expect(page).not.toMatch(/<script|<link|<img|<iframe|src=|@import|url\((?!#)/);
    expect(page.match(/href="(?!#)[^"]*"/g)).toBeNull();
    expect(page.match(/\son\w+="/g)).toBeNull();
  });

  it('has a section for every scenario, and says why one was not run', () => {
    for (const { scenario: shown } of whole.scenarios) {
      expect(page).toContain(`<section id="scenario-${shown.id}"><h2>${escaped(shown.title)}`);
      expect(page).toContain(`<a href="#scenario-${shown.id}">`);
    }
    expect(page).toContain('<b>Not run:</b> it needs root');
  });

  it('has every claim, every run and every arm', () => {
    for (const { text } of whole.claims) expect(page).toContain(escaped(text));
    for (const { id } of whole.runs) expect(page).toContain(`id="run-${id}"`);
    for (const { arms } of CATALOGUE.filter(({ id }) => id !== 'wire')) {
      for (const { text } of arms) expect(page).toContain(escaped(text));
    }
  });

  it('goes nowhere that is not there', () => {
    const ids = new Set([...page.matchAll(/\sid="([^"]*)"/g)].map(([, id]) => id));
    const targets = [...page.matchAll(/href="#([^"]*)"/g)].map(([, id]) => decodeURI(id!));
    expect(targets.length).toBeGreaterThan(10);
    expect(targets.filter((id) => !ids.has(id))).toEqual([]);
  });

  it('draws figures with a name for those who cannot see them, and no NaN', () => {
    const figures = page.match(/<svg[^>]*role="img"[^>]*>/g) ?? [];
    expect(figures.length).toBeGreaterThan(20);
    expect(figures.filter((svg) => !/aria-label="[^"]{20,}"/.test(svg))).toEqual([]);
    expect(page).not.toMatch(/NaN|Infinity|undefined|\[object/);
  });

  it('tells a pointer what every run of scaling came to', () => {
    for (const { id } of whole.runs.filter((run) => run.scenario === 'scaling')) {
      expect(page).toContain(`<title>${id}: `);
    }
  });

  it('is for light, dark, paper and narrow screens', () => {
    expect(page).toContain('@media (prefers-color-scheme: dark)');
    expect(page).toContain('@media print');
    expect(page).toContain('details-content');
    expect(page).toContain('name="viewport"');
    const tables = page.match(/<table/g)?.length;
    expect(page.match(/<div class="scroll"><table/g)).toHaveLength(tables!);
  });

  it.each([
    ['bounds', 'bound: origin'],
    ['the kill', 'kill origin'],
    ['where the swarm loses', 'Where the swarm loses'],
    ['how to run it again', './scripts/compare.sh --full --seed 7'],
    ['how to draw it again', 'compare.sh report DIR'],
    ['what differs by nature', 'Noise'],
    ['its limits', 'Do not extrapolate'],
  ])('shows %s', (_, text) => {
    expect(page).toContain(text);
  });
});

describe('the report', () => {
  it('lets no name become markup', () => {
    const hostile = '<img src=x onerror=alert(1)>"\'&';
    const [first, ...rest] = some('scaling', 'kill');
    const arms = first!.arms.map((arm) => ({ ...arm, text: `${hostile} ${arm.id}` }));
    const named = { ...first!, title: hostile, question: hostile, arms };
    const result = syntheticResult(() => ({}), [named, ...rest]);
    const drawn = drawReport({ ...result, fileName: hostile, command: [hostile] });
    // Within quotes a '<' is a letter like others; a quote would not be.
    expect(drawn.replaceAll(/="[^"]*"/g, '')).not.toContain('<img');
    expect(drawn).toContain('&lt;img src=x');
  });

  it('says what failed before anything else, with what was claimed', () => {
    const slow = syntheticResult(
      ({ architecture }) => (architecture === 'swarm' ? { slower: 64 } : {}),
      some('scaling'),
    );
    const drawn = drawReport(slow);
    const failed = slow.claims.filter(({ state }) => state === 'fails');
    expect(failed.length).toBeGreaterThan(0);
    const banner = drawn.slice(drawn.indexOf('class="verdict'), drawn.indexOf('class="lead"'));
    for (const { text } of failed) expect(banner).toContain(escaped(text));
    expect(banner).toContain('at least 3x was claimed');
    const states = [...drawn.matchAll(/<b class="(fails|unknown|holds)">\1<\/b><\/td>/g)];
    expect(states.map(([, state]) => state)).toEqual(states.map(([, state]) => state).sort());
  });

  it('shows who never completed as never, in tables and figures', () => {
    const stranded = syntheticResult(
      ({ architecture }) => (architecture === 'swarm' ? { stranded: 1 } : {}),
      some('scaling'),
    );
    const drawn = drawReport(stranded);
    expect(drawn).toContain('<td>never</td>');
    expect(drawn).toContain(': never');
    expect(drawn).toContain('cannot be compared');
  });

  it('marks outliers and leads to their runs', () => {
    const result = syntheticResult(undefined, some('scaling'));
    const [shown] = result.scenarios;
    const { id } = result.runs[0]!;
    shown!.cells[0]!.metrics.makespanMs!.outliers = [id];
    expect(drawReport(result)).toContain(`far from the others: ${id}`);
    expect(drawReport(result)).toContain(`<a href="#run-${id}">${id}</a>`);
  });

  it('gives a 95 % interval where there is one', () => {
    const result = syntheticResult(undefined, some('scaling'));
    result.scenarios[0]!.cells[0]!.metrics.makespanMs!.interval = [1234, 5678];
    expect(drawReport(result)).toContain('(1.23 5.68)');
    expect(drawReport(result)).toContain('95 % interval');
  });

  it('says which points are simulated, and how far off', () => {
    const spread = { min: 0.98, median: 1.01, max: 1.07 };
    const simulated: Result['simulated'] = {
      points: [8, 1000, 10_000].map((receivers) => ({
        ...{ scenario: 'scaling', arm: 'swarm', point: { receivers }, receivers },
        ...{ fileBytes: 3 * 2 ** 20, pieceLength: 65_536, uplinkBytesPerSecond: 2 ** 20, reach: 1 },
        ...{ makespanMs: 3500, firstPieceMs: 60, boundMs: 3400, originCopies: 1.1, wallMs: 900 },
      })),
      validation: [
        {
          ...{ scenario: 'scaling', arm: 'swarm', point: { receivers: 8 }, receivers: 8, runs: 2 },
          ...{ realMs: 3570, simulatedMs: 3500, ratio: 1.02, startMs: 41, transferRatio: 1.01 },
          ...{ realReach: 1, simulatedReach: 1 },
        },
      ],
      error: {
        receivers: 16,
        ratio: spread,
        startMs: { min: 20, median: 30, max: 90 },
        transfer: spread,
      },
      notes: ['late, swarm: not simulated: arrivals'],
    };
    const drawn = drawReport({ ...syntheticResult(undefined, some('scaling')), simulated });
    expect(drawn).toContain('to 10,000 receivers, simulated');
    expect(drawn).toContain('Up to 16 receivers real makespans were 0.98 to 1.07 times');
    expect(drawn).toContain('<title>simulated, 1000 receivers: 3.50 s');
    expect(drawn).toContain('<td>3.57</td><td>3.50</td><td>1.02</td>');
    expect(drawn).toContain('late, swarm: not simulated: arrivals');
  });

  it('of links that nothing holds draws no bound', () => {
    const drawn = drawReport(syntheticResult(undefined, some('cost')));
    expect(drawn.slice(drawn.indexOf('<body>'))).not.toMatch(/bound:|, bound 0|Infinity|NaN/);
    expect(drawn).toContain('links that nothing holds');
  });

  it('lists no contents for a single scenario', () => {
    expect(drawReport(syntheticResult(undefined, some('kill')))).not.toContain('<nav');
  });
});

describe('what is said of a hub that is a peer', () => {
  const partOf = (page: string): string =>
    page.slice(page.indexOf('<h2 id="hybrid">'), page.indexOf('<h2 id="method">'));
  const bent = (bend: Bend, ...ids: string[]): HybridOutcome =>
    hybridOutcome(
      syntheticResult(({ architecture }) => (architecture === 'hybrid' ? bend : {}), some(...ids)),
    );

  it('has a row for each point, with the bound', () => {
    const part = partOf(page);
    const points = whole.scenarios.flatMap(({ scenario: { id, arms }, cells }) => {
      const hybrid = arms.find(({ architecture }) => architecture === 'hybrid')?.id;
      return cells.filter(({ arm }) => arm === hybrid).map(() => id);
    });
    expect(new Set(points)).toEqual(new Set(['scaling', 'kill', 'late', 'unequal', 'small']));
    expect(part.match(/<tr>/g)).toHaveLength(points.length + 1);
    expect(part).toContain('It wins');
  });

  it('is nothing where none was run', () => {
    expect(drawReport(syntheticResult(undefined, some('cost')))).not.toContain('id="hybrid"');
  });

  it('is a win where it is faster, and a loss where it is slower, by more than noise', () => {
    const slow = bent({ slower: 4 }, 'scaling');
    expect(slow.losses.join()).toMatch(
      /time, against the swarm \(scaling\): 0\.\dx as fast at N = 1/,
    );
    expect(slow.wins.join()).not.toContain('against the swarm');
    const same = bent({}, 'scaling');
    expect(same.losses.filter((text) => /swarm/.test(text))).toEqual([]);
    expect(same.wins.join()).toMatch(/time, against the server \(scaling\): .*x as fast at N = 32/);
  });

  it('tells who completes, and what the hub sends', () => {
    const stranded = bent({ stranded: 1 }, 'kill');
    expect(stranded.losses.join()).toMatch(/who completes, against the swarm \(kill\): 87\.5 %/);
    expect(stranded.wins.join()).toMatch(/who completes, against the server \(kill\): 87\.5 %/);
    const dear = bent({ originCopies: 6 }, 'scaling').losses.join();
    expect(dear).toContain('what the origin sends, against the swarm (scaling): 6.00 copies');
  });

  it('stands in the first sentence too', () => {
    expect(threeSentences(whole)[0]).toMatch(/ A hub that is a peer too took [\d.]+ s, and sent/);
  });
});

describe('the words', () => {
  it('are three sentences of measured figures', () => {
    const [makespan, kill, cost] = threeSentences(whole);
    expect(makespan).toMatch(/^To 32 receivers the server took [\d.]+ s and the swarm [\d.]+ s/);
    expect(makespan).toMatch(/the swarm was \d+x as fast, at equal uplinks/);
    expect(kill).toMatch(/as soon as one copy .* of 8 receivers .* 0 with server, .* 8 with swarm/);
    expect(cost).toMatch(/the swarm used [\d.]+x the CPU time/);
  });

  it('say so where the server is the faster one', () => {
    const slow = syntheticResult(
      ({ architecture }) => (architecture === 'swarm' ? { slower: 64 } : {}),
      some('scaling'),
    );
    expect(threeSentences(slow)[0]).toContain('the server was');
    expect(lossesOfSwarm(slow).join()).toContain('the server is');
    expect(lossesOfSwarm(slow).join()).toContain('as fast at N = 1');
  });

  it('claim nothing of what was not made', () => {
    const [, kill, cost] = threeSentences(syntheticResult(undefined, some('piece-length')));
    expect(kill).toBe('No run in which the origin is killed was made.');
    expect(cost).toBe('What it costs in CPU time was not measured.');
  });
});

describe('result.json', () => {
  it('fits its schema, also after a trip through JSON', () => {
    expect(resultSchema.parse(JSON.parse(JSON.stringify(whole)))).toEqual(whole);
  });

  it.each([
    ['another schema', { schema: 1 }],
    ['a field it does not know', { extra: 1 }],
    ['a missing list', { runs: undefined }],
  ])('does not with %s', (_, over) => {
    expect(resultSchema.safeParse({ ...whole, ...over }).success).toBe(false);
  });
});

it('html escapes what it is given and trusts only what was made by it', () => {
  const inner = html`<b>${'<&>'}</b>`;
  expect(html`<a title="${'"\''}">${inner}${[inner]}${trusted('<i>')}</a>`.markup).toBe(
    '<a title="&quot;&#39;"><b>&lt;&amp;&gt;</b><b>&lt;&amp;&gt;</b><i></a>',
  );
});
