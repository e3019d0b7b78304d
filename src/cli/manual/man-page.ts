// The man page of all commands, in the macros of man(7).
import type { Command } from 'commander';
import { type Entry, entriesOf, nameOf } from './commands.ts';

/** Text as troff takes it literally. */
const literal = (text: string): string =>
  text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replace(/^([.'])/gm, '\\&$1');

export function manPage(program: Command): string {
  const [main, ...commands] = entriesOf(program);
  return [
    `.TH HUBSWARM 1 "" "hubswarm ${program.version()}" "User Commands"`,
    '.SH NAME',
    `hubswarm \\- ${literal(program.description())}`,
    '.SH SYNOPSIS',
    '.B hubswarm',
    '.I command',
    '[\\fIoption\\fR...]',
    '.SH COMMANDS',
    ...commands.flatMap(section),
    '.SH OPTIONS',
    ...options(main!),
    '.SH EXIT STATUS',
    '0: done. 1: failed. 2: wrong usage. 124: \\-\\-timeout passed. 130: interrupted before it was done.',
    "compare has 3, 4 and 5 besides: 'hubswarm compare \\-\\-help' says what they mean.",
    '',
  ].join('\n');
}

function section(entry: Entry): string[] {
  const { path, command } = entry;
  const names = command.registeredArguments.map(nameOf).join(' ');
  const title = `.SS "${literal(path.replace('hubswarm ', ''))} ${literal(names)}"`;
  return [title, literal(command.description()), ...options(entry)];
}

function options({ command, options }: Entry): string[] {
  const help = command.createHelp();
  return options.flatMap((option) => [
    '.TP',
    `.B ${literal(help.optionTerm(option))}`,
    literal(help.optionDescription(option)),
  ]);
}
