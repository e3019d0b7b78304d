// The completions in the shells themselves: a person types part of a line and the tab key, and
// gets what the command table holds. The shell runs in a terminal of its own; there `hubswarm` is
// a function that prints the words that it is given.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { entriesOf } from '../../../src/cli/manual/commands.ts';
import {
  bashCompletions,
  fishCompletions,
  zshCompletions,
} from '../../../src/cli/manual/completions.ts';
import { createProgram } from '../../../src/cli/program.ts';
import { LINUX, needs } from '../../support/needs.ts';

const program = await createProgram();

interface Shell {
  readonly name: string;
  /** How it is started. */
  readonly command: string;
  /** What it reads at its start, and the completions, by the names of their files. */
  readonly files: Readonly<Record<string, string>>;
}

const SHELLS: readonly Shell[] = [
  {
    name: 'bash',
    command: 'bash --noprofile --rcfile rc -i',
    files: {
      rc: 'source ./hubswarm.bash; hubswarm() { printf \'<%s>\' "$@"; echo; }\n',
      'hubswarm.bash': bashCompletions(program),
    },
  },
  {
    name: 'zsh',
    command: 'env ZDOTDIR=$PWD zsh -i',
    files: {
      '.zshrc':
        'fpath=($PWD $fpath); autoload -Uz compinit; compinit -u -D; hubswarm() { printf \'<%s>\' "$@"; echo }\n',
      _hubswarm: zshCompletions(program),
    },
  },
  {
    name: 'fish',
    command: 'env HOME=. fish --no-config -i --init-command "source ./rc"',
    files: {
      rc: "source ./hubswarm.fish; function hubswarm; printf '<%s>' $argv; echo; end\n",
      'hubswarm.fish': fishCompletions(program),
    },
  },
];

/** What is typed before the tab key, and the words that stand there after it. */
const TYPED: readonly [line: string, words: string][] = [
  ['cl', '<client>'],
  ['client ge', '<client><get>'],
  ['client get --jso', '<client><get><--json>'],
  ['client get http://x --outp', '<client><get><http://x><--output>'],
  ['compare dif', '<compare><diff>'],
  ['compare --link ne', '<compare><--link><netns>'],
  ['client watch --via po', '<client><watch><--via><poll>'],
  ['peer --choker tit', '<peer><--choker><tit-for-tat>'],
  ['token --scope del', '<token><--scope><delete>'],
  ['attack --join x --kind slow', '<attack><--join><x><--kind><slow-loris>'],
  // A value is no command, whatever it is.
  ['compare --out report --ful', '<compare><--out><report><--full>'],
  ['cid there-is', '<cid><there-is-a-file>'],
  ['peer --share there-is', '<peer><--share><there-is-a-file>'],
  ['server --root in', '<server><--root><inner-directory>'],
  ['compare report in', '<compare><report><inner-directory>'],
  // Where a number or a URL belongs no file is offered.
  ['server --port there-is', '<server><--port><there-is>'],
  ['client ls there-is', '<client><ls><there-is>'],
];

/** A shell in a terminal of its own. */
class Terminal {
  readonly #script: ChildProcess;
  #shown = '';
  #onShown = (): void => {};

  constructor({ command }: Shell, cwd: string) {
    this.#script = spawn('script', ['-qec', `stty cols 200; ${command}`, '/dev/null'], {
      cwd,
      env: { PATH: process.env.PATH, TERM: 'dumb', LC_ALL: 'C.UTF-8' },
    });
    this.#script.stdout!.setEncoding('utf8').on('data', (text: string) => {
      this.#shown += text;
      this.#onShown();
    });
  }

  /** The words of the line that stands there after these keys and Enter. */
  words(keys: string): Promise<string> {
    this.#shown = '';
    this.#script.stdin!.write(`hubswarm ${keys}\r`);
    return new Promise((resolve) => {
      this.#onShown = () => {
        const words = /(?:<[^<>\s]+>)+(?=\r?\n)/.exec(this.#shown)?.[0];
        // zsh takes the slash behind a directory away when the line ends there.
        if (words !== undefined) resolve(words.replace('/>', '>'));
      };
    });
  }

  close(): void {
    this.#script.kill('SIGKILL');
  }
}

describe.each(SHELLS)('the completions of $name', needs(LINUX, 'script'), (shell) => {
  describe('in a terminal', needs(shell.name), () => {
    let directory: string;
    let terminal: Terminal;

    beforeAll(async () => {
      directory = await mkdtemp(join(tmpdir(), 'hubswarm-completions-'));
      await mkdir(join(directory, 'inner-directory'));
      const files = { ...shell.files, 'there-is-a-file': '', 'inner-file': '' };
      for (const [name, text] of Object.entries(files)) {
        await writeFile(join(directory, name), text);
      }
      terminal = new Terminal(shell, directory);
      await terminal.words('ready');
    });
    afterAll(async () => {
      terminal.close();
      await rm(directory, { recursive: true, force: true });
    });

    it.each(TYPED)('%s', async (line, words) => {
      expect(await terminal.words(`${line}\t`)).toBe(words);
    });
  });

  it('know every command and every option', () => {
    const text = Object.values(shell.files).join('');
    for (const { path, options } of entriesOf(program)) {
      expect(text).toContain(path.split(' ').at(-1));
      for (const { long } of options) expect(text).toContain(long?.slice(2));
    }
  });
});
