import { describe, expect, it } from 'vitest';
import { html, trusted } from '../../src/lab/report/html.ts';
import { drawReport } from '../../src/lab/report/report.ts';
import { lossesOfSwarm, threeSentences } from '../../src/lab/report/sentences.ts';
import { drawTable } from '../../src/lab/report/table.ts';
import { resultSchema } from '../../src/lab/result.ts';
import { parametersOf, QUICK } from '../../src/lab/schedule/profile.ts';
import { PARAMETERS } from './synthetic.ts';
import { syntheticResult } from './synthetic-result.ts';

const golden = await syntheticResult((plan) => ({ slower: 1.02 + 0.02 * plan.repetition }));

describe('the report', () => {
  const page = drawReport(golden);

  it('is one file that asks for nothing else', () => {
    expect(page).not.toMatch(/<script|<link|<img|src=|@import|url\((?!#)/);
    expect(page.match(/href="(?!#)[^"]*"/g)).toBeNull();
  });

  it.each([
    ['the verdict', 'VALID'],
    ['how many claims hold', '5 of 5 claims hold'],
    ['the speed-up in words', 'To 8 receivers the server took'],
    ['the reach of the swarm', '>8/8'],
    ['the reach of the server', '>0/8<'],
    ['the bounds', 'bounds: swarm (whole pieces, fluid)'],
    ['every raw run', 'scaling-n8-swarm-2'],
    ['where the swarm loses', 'Where the swarm loses'],
    ['how to run it again', './scripts/compare.sh --seed 7'],
    ['what differs by nature', 'Noise'],
    ['its limits', 'Do not extrapolate'],
    ['the kill', 'origin killed'],
  ])('shows %s', (_, text) => {
    expect(page).toContain(text);
  });

  it('draws six figures, each with a name for those who cannot see it', () => {
    const figures = page.match(/<svg[^>]*role="img"[^>]*>/g) ?? [];
    expect(figures).toHaveLength(6);
    expect(figures.every((svg) => /aria-label="[^"]{20,}"/.test(svg))).toBe(true);
  });

  it('has a point with a tip for every run with a makespan', () => {
    const runs = golden.runs.filter(({ scenario }) => scenario === 'scaling');
    for (const { id } of runs) expect(page).toContain(`<title>${id}: `);
  });

  it('lets no name of a file become markup', async () => {
    const named = { ...PARAMETERS, fileName: '<img src=x onerror=alert(1)>' };
    expect(drawReport(await syntheticResult(undefined, named))).not.toContain('<img');
  });

  it('can be drawn of a comparison in which nothing completed', async () => {
    const broken = await syntheticResult(() => ({ completed: 0 }));
    expect(drawReport(broken)).toContain('cannot be compared');
    expect(drawTable(broken)).toContain('fails');
  });

  it('of links of the kernel says so, and how the other kind compares', async () => {
    const kernel = { ...PARAMETERS, link: 'netns' } as const;
    const result = await syntheticResult(
      ({ scenario, arm, link }) =>
        scenario === 'agreement' && arm === 'swarm' && link === 'netns' ? { slower: 1.0815 } : {},
      kernel,
    );
    const drawn = drawReport(result);
    expect(drawn).toContain('held by the kernel, of which the programs were told nothing');
    expect(drawn).toContain('>105.0 %<');
    expect(drawn).toContain('6 of 6 claims hold');
    expect(drawTable(result)).toContain(
      'netns over pacer, makespan: server 100.0 %, swarm 105.0 %',
    );
    expect(page).toContain('held by the same code in both programs');
  });

  it('of links that nothing holds draws no bound', async () => {
    const none = parametersOf(QUICK, { link: 'none' });
    const result = await syntheticResult(() => ({ endMs: 40 }), none);
    const drawn = drawReport(result);
    expect(drawn).not.toMatch(/bound: server|theory allows|Infinity|NaN|MiB\/s/);
    expect(drawn).toContain('with links that nothing holds.');
    expect(drawTable(result)).toContain('links   not held');
  });

  it('can be drawn without kills and with one number of receivers', async () => {
    const small = { ...PARAMETERS, receivers: [2], killCopies: [], killReceivers: 2 };
    const result = await syntheticResult(undefined, small);
    expect(drawReport(result).match(/role="img"/g)).toHaveLength(3);
    expect(drawTable(result)).not.toContain('origin killed');
  });

  it('says what went wrong first', async () => {
    const disturbed = await syntheticResult((plan) =>
      plan.arm === 'swarm' ? { slower: 1.5, foreignCpuShare: 0.4 } : {},
    );
    const text = drawReport(disturbed);
    expect(text).toContain('UNKNOWN');
    expect(text).toContain('other programs used 40.0 % of the CPU');
  });
});

describe('the table', () => {
  it('has every makespan beside its bound, without escape codes', () => {
    const table = drawTable(golden);
    expect(table).toContain('8.24 [8.16 8.32]');
    expect(table).toContain('8/8 *');
    expect(table).toContain('verdict valid');
    expect(table.includes('\x1b')).toBe(false);
  });
});

describe('the words', () => {
  it('are three sentences of measured figures', () => {
    const [makespan, kill, cost] = threeSentences(golden);
    expect(makespan).toMatch(/8\.24 s and the swarm 1\.08 s: the swarm was 7\.6x as fast/);
    expect(kill).toMatch(/after sending 1\.25 copies, 8 of 8 peers complete .* and 0 of 8 clients/);
    expect(cost).toMatch(/CPU s\/GiB/);
  });

  it('say so where the server is the faster one', async () => {
    const slow = await syntheticResult(({ arm }) => (arm === 'swarm' ? { slower: 16 } : {}));
    expect(threeSentences(slow)[0]).toContain('the server was');
    expect(lossesOfSwarm(slow).join()).toContain('at N = 2 the server is');
  });
});

describe('result.json', () => {
  it('fits its schema, also after a trip through JSON', () => {
    expect(resultSchema.parse(JSON.parse(JSON.stringify(golden)))).toEqual(golden);
  });

  it.each([
    ['another schema', { schema: 1 }],
    ['a field it does not know', { extra: 1 }],
    ['a missing list', { runs: undefined }],
  ])('does not with %s', (_, over) => {
    expect(resultSchema.safeParse({ ...golden, ...over }).success).toBe(false);
  });
});

it('html escapes what it is given and trusts only what was made by it', () => {
  const inner = html`<b>${'<&>'}</b>`;
  expect(html`<a title="${'"\''}">${inner}${[inner]}${trusted('<i>')}</a>`.markup).toBe(
    '<a title="&quot;&#39;"><b>&lt;&amp;&gt;</b><b>&lt;&amp;&gt;</b><i></a>',
  );
});
