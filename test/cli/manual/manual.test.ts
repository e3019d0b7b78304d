// The man page and the completions hold what the command table holds.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { entriesOf } from '../../../src/cli/manual/commands.ts';
import {
  bashCompletions,
  fishCompletions,
  zshCompletions,
} from '../../../src/cli/manual/completions.ts';
import { manPage } from '../../../src/cli/manual/man-page.ts';
import { createProgram } from '../../../src/cli/program.ts';
import { USER_DIRECTORIES } from '../../support/user-directory.ts';

const program = createProgram();
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

describe('the completions', () => {
  let script = '';

  beforeAll(() => {
    script = join(USER_DIRECTORIES.XDG_CACHE_HOME!, 'completions.bash');
    execFileSync('mkdir', ['-p', USER_DIRECTORIES.XDG_CACHE_HOME!]);
    writeFileSync(script, bashCompletions(program));
  });

  const completed = (line: string): string[] => {
    const words = line.split(' ');
    const quoted = words.map((word) => `'${word}'`).join(' ');
    const code = `source '${script}'; COMP_WORDS=(${quoted}); COMP_CWORD=${words.length - 1}; _hubswarm; printf '%s\\n' "\${COMPREPLY[@]}"`;
    return execFileSync('bash', ['-c', code], { encoding: 'utf8' }).split('\n').filter(Boolean);
  };

  it.each([
    ['hubswarm cl', ['client']],
    ['hubswarm client g', ['get']],
    ['hubswarm client get --jso', ['--json']],
    ['hubswarm client get http://x/ --out', ['--output']],
    ['hubswarm compare di', ['diff']],
    ['hubswarm nonsense --x', []],
  ])('of bash: %s', (line, words) => {
    expect(completed(line)).toEqual(words);
  });

  it.each([
    ['zsh', zshCompletions(program)],
    ['fish', fishCompletions(program)],
  ])('of %s know every command, with balanced quotes', (_, text) => {
    for (const { path } of entries) expect(text).toContain(path);
    for (const line of text.split('\n').filter((each) => !each.startsWith('#'))) {
      expect((line.match(/'/g) ?? []).length % 2, line).toBe(0);
    }
  });
});
