// The man page holds what the command table holds.
import { describe, expect, it } from 'vitest';
import { entriesOf } from '../../../src/cli/manual/commands.ts';
import { manPage } from '../../../src/cli/manual/man-page.ts';
import { createProgram } from '../../../src/cli/program.ts';

const program = await createProgram();
const entries = entriesOf(program);

it('reads commands below commands', () => {
  expect(entries.map(({ path }) => path)).toEqual(
    expect.arrayContaining(['hubswarm', 'hubswarm client get', 'hubswarm compare diff']),
  );
});

describe('the man page', () => {
  const page = manPage(program).replaceAll('\\-', '-');

  it('tells every command and every option', () => {
    for (const { path, options } of entries.slice(1)) {
      const at = page.indexOf(`.SS "${path.replace('hubswarm ', '')} `);
      expect(at, path).toBeGreaterThan(0);
      const end = page.indexOf('\n.S', at + 1);
      for (const { long } of options) expect(page.slice(at, end)).toContain(`${long}`);
    }
  });

  it('begins no line of text with what troff takes for a request', () => {
    const requests = page.split('\n').filter((line) => /^[.']/.test(line));
    expect(requests.filter((line) => !/^\.(TH|SH|SS|TP|B|I)\b/.test(line))).toEqual([]);
  });
});
