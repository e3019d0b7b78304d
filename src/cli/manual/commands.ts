// The command table as the man page and the completions read it.
import type { Argument, Command, Option } from 'commander';

export interface Entry {
  /** As it is typed: `hubswarm client get`. */
  readonly path: string;
  readonly command: Command;
  readonly options: readonly Option[];
  readonly commands: readonly Command[];
}

/** A command and all below it, each before its own. `help` is left out: --help says the same. */
export function entriesOf(command: Command, above = ''): Entry[] {
  const help = command.createHelp();
  const path = `${above}${command.name()}`;
  const commands = help.visibleCommands(command).filter((child) => child.name() !== 'help');
  const options = help.visibleOptions(command);
  const below = commands.flatMap((child) => entriesOf(child, `${path} `));
  return [{ path, command, options, commands }, ...below];
}

/** How it is typed, behind the name: `<url...>`. */
export const nameOf = (argument: Argument): string => {
  const name = `${argument.name()}${argument.variadic ? '...' : ''}`;
  return argument.required ? `<${name}>` : `[${name}]`;
};

/** What a shell can complete in place of a value: one of these names, a place on the disk, or nothing. */
export type Value = readonly string[] | 'file' | 'directory' | 'nothing';

/** By what it is called where nothing names its values: `<tls-key-file>` is a file. */
const valueNamed = (name: string): Value => {
  if (/(^|-)(file|path)s?$/.test(name)) return 'file';
  return /(^|-)dirs?$/.test(name) ? 'directory' : 'nothing';
};

export interface Expected {
  /** As the help calls it: `dir`. */
  readonly name: string;
  readonly value: Value;
  readonly isMany: boolean;
}

/** What must or may follow an option; undefined for a flag. */
export function expectedBy({ flags, argChoices, variadic }: Option): Expected | undefined {
  const name = /[<[]([^\].>]+)/.exec(flags)?.[1];
  if (name === undefined) return undefined;
  return { name, value: argChoices ?? valueNamed(name), isMany: variadic };
}

/** What the arguments of a command are, all of them together: the first that can be completed. */
export function argumentsOf({ registeredArguments }: Command): Expected | undefined {
  const all = registeredArguments.map((argument) => ({
    name: argument.name(),
    value: valueNamed(argument.name()),
    isMany: true,
  }));
  return all.find(({ value }) => value !== 'nothing') ?? all[0];
}

/** `--json`, `-o`. */
export const flagsOf = ({ long, short }: Option): string[] =>
  [short, long].filter((flag): flag is string => flag !== undefined && flag !== null);

/** The first sentence of a description. */
export const firstSentence = (text: string): string =>
  text.split(/(?<=\.) /)[0]!.replace(/\.$/, '');
