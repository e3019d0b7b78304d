// A scenario is data: nothing in the lab asks for one of the catalogue by its id.
import { describe, expect, it } from 'vitest';
import { CATALOGUE } from '../../src/lab/catalogue/catalogue.ts';
import { drawReport } from '../../src/lab/report/page/report.ts';
import { drawTable } from '../../src/lab/terminal/result-table.ts';
import type { Result } from '../../src/lab/terms/result.ts';
import { syntheticResult } from './synthetic-result.ts';

/** Stands in no text of ours. */
const PREFIX = 'qq-';

/** The same as text once the prefix is gone, whatever the result was written as. */
const plain = (text: string): string => text.replaceAll(PREFIX, '');

const renamed = CATALOGUE.map((scenario) => ({ ...scenario, id: `${PREFIX}${scenario.id}` }));

describe('the catalogue with other ids', () => {
  const ours = syntheticResult();
  const theirs = syntheticResult(undefined, renamed);
  const around = { dir: 'DIR', program: 'hubswarm', width: 400 };

  it.each<[string, (result: Result) => string]>([
    ['result', (result) => JSON.stringify(result)],
    ['report', drawReport],
    ['table', (result) => drawTable(result, around)],
  ])('gives the same %s', (_, textOf) => {
    expect(textOf(theirs)).toContain(PREFIX);
    expect(plain(textOf(theirs)) === textOf(ours)).toBe(true);
  });
});
