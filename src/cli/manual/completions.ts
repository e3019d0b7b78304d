// Completions for three shells: of commands, of options, of values where the names are known, and
// of files and directories.
import type { Command, Option } from 'commander';
import {
  argumentsOf,
  type Entry,
  type Expected,
  entriesOf,
  expectedBy,
  firstSentence,
  flagsOf,
  type Value,
} from './commands.ts';

const lines = (parts: readonly string[]): string => parts.join('\n');
const namesOf = (commands: readonly Command[]): string =>
  commands.map((child) => child.name()).join(' ');

/** In single quotes; what is in apostrophes stands in typographic ones. */
const quoted = (text: string): string => `'${text.replaceAll("'", '’')}'`;

export function bashCompletions(program: Command): string {
  const entries = entriesOf(program);
  return `# Completions of hubswarm for bash: source it, or put it into bash-completion's directory.
_hubswarm() {
  local at=hubswarm expects='' many='' commands='' options='' word cur="\${COMP_WORDS[COMP_CWORD]}"
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    # bash takes '--option=value' for three words.
    [[ $word == = ]] && continue
    if [[ $expects && $word != -?* ]]; then
      [[ $many ]] || expects=''
      continue
    fi
    expects='' many=''
    case "$at $word" in
${lines(entries.slice(1).map(({ path }) => `      '${path}') at="$at $word" ;;`))}
${lines(entries.flatMap(bashValues))}
    esac
  done
  [[ $cur == = ]] && cur=''
  if [[ ! $expects || $cur == -?* ]]; then
    case "$at" in
${lines(entries.map(bashWords))}
    esac
    [[ $cur == -* || ! $commands$expects ]] && commands+=" $options" expects=''
  fi
  case "$expects" in
    file) COMPREPLY=(); compopt -o default ;;
    directory) COMPREPLY=(); compopt -o dirnames ;;
    nothing) COMPREPLY=() ;;
    *) mapfile -t COMPREPLY < <(compgen -W "$commands $expects" -- "$cur") ;;
  esac
}
complete -F _hubswarm hubswarm
`;
}

const bashValue = (value: Value): string =>
  typeof value === 'string' ? value : `'${value.join(' ')}'`;

function bashValues({ path, options }: Entry): string[] {
  return options.flatMap((option) => {
    const expected = expectedBy(option);
    if (!expected) return [];
    const words = flagsOf(option).map((flag) => `'${path} ${flag}'`);
    const many = expected.isMany ? ' many=1' : '';
    return [`      ${words.join('|')}) expects=${bashValue(expected.value)}${many} ;;`];
  });
}

function bashWords({ path, command, commands, options }: Entry): string {
  const taken = argumentsOf(command);
  const expects = taken && taken.value !== 'nothing' ? ` expects=${bashValue(taken.value)}` : '';
  const flags = options.flatMap(flagsOf).join(' ');
  return `      '${path}') commands='${namesOf(commands)}' options='${flags}'${expects} ;;`;
}

export function zshCompletions(program: Command): string {
  return `#compdef hubswarm
# Completions of hubswarm for zsh: put it as _hubswarm into a directory of $fpath.
${lines(entriesOf(program).map(zshFunction))}
if [[ "$funcstack[1]" == _hubswarm ]]; then _hubswarm "$@"; else compdef _hubswarm hubswarm; fi
`;
}

const zshName = (path: string): string => `_${path.replaceAll(' ', '_')}`;

/** For what stands between brackets or before a colon. */
const zshText = (text: string): string => text.replaceAll(/[[\]:\\]/g, '\\$&');

/** Nothing by `true`: a message in its place would keep zsh from inserting an option. */
const ZSH_ACTIONS = { file: '_files', directory: '_files -/', nothing: ' true' };

function zshAction({ name, value }: Expected): string {
  const action = typeof value === 'string' ? ZSH_ACTIONS[value] : `(${value.join(' ')})`;
  return `${zshText(name)}:${action}`;
}

function zshOption(option: Option): string {
  const flags = flagsOf(option);
  const expected = expectedBy(option);
  const value = expected ? `:${zshAction(expected)}` : '';
  const told = quoted(`[${zshText(firstSentence(option.description))}]${value}`);
  if (flags.length > 1) return `'(${flags.join(' ')})'{${flags.join(',')}}${told}`;
  return `'${expected?.isMany ? '*' : ''}${flags[0]}'${told}`;
}

function zshFunction({ path, command, commands, options }: Entry): string {
  const taken = argumentsOf(command);
  const rest = taken ? [quoted(`*:${zshAction(taken)}`)] : [];
  const below = commands.length > 0 ? ["'1:command:->command'", "'*::argument:->below'"] : rest;
  const described = commands.map((child) =>
    quoted(`${child.name()}:${zshText(firstSentence(child.description()))}`),
  );
  return `${zshName(path)}() {
  local curcontext="$curcontext" state line
  local -a commands=(${described.join(' ')})
  _arguments -C \\
    ${[...options.map(zshOption), ...below].join(' \\\n    ')}
  case "$state" in
    command) _describe command commands ;;
    below)
      case "$line[1]" in
${lines(commands.map((child) => `        ${child.name()}) ${zshName(`${path} ${child.name()}`)} ;;`))}
      esac ;;
  esac
}`;
}

export function fishCompletions(program: Command): string {
  const entries = entriesOf(program);
  const valued = entries.flatMap(({ path, options }) =>
    options
      .filter(({ required }) => required)
      .flatMap(flagsOf)
      .map((flag) => quoted(`${path} ${flag}`)),
  );
  return `# Completions of hubswarm for fish: put it into ~/.config/fish/completions/.
function __hubswarm_at
    set -l at hubswarm
    set -l before ''
    for word in (commandline -opc)[2..]
        switch "$before"
            case ${valued.join(' ')}
                set before ''
                continue
        end
        set before "$at $word"
        switch "$before"
            case ${entries.map(({ path }) => quoted(path)).join(' ')}
                set at "$before"
        end
    end
    test "$at" = "$argv"
end
${lines(entries.flatMap(fishEntry))}
`;
}

function fishEntry({ path, command, commands, options }: Entry): string[] {
  const here = `complete -c hubswarm -n ${quoted(`__hubswarm_at ${path}`)}`;
  const taken = argumentsOf(command);
  return [
    ...commands.map(
      (child) => `${here} -a ${child.name()} -d ${quoted(firstSentence(child.description()))}`,
    ),
    `${here} ${fishValue(taken?.value ?? 'nothing')}`,
    ...options.map((option) => `${here} ${fishOption(option)}`),
  ];
}

const FISH_VALUES = {
  file: '-F',
  directory: "-f -a '(__fish_complete_directories)'",
  nothing: '-f',
};

const fishValue = (value: Value): string =>
  typeof value === 'string' ? FISH_VALUES[value] : `-f -a '${value.join(' ')}'`;

function fishOption(option: Option): string {
  const { short, long, required, description } = option;
  const expected = expectedBy(option);
  return [
    ...(short ? [`-s ${short.slice(1)}`] : []),
    ...(long ? [`-l ${long.slice(2)}`] : []),
    ...(required ? ['-r'] : []),
    ...(expected ? [fishValue(expected.value)] : []),
    `-d ${quoted(firstSentence(description))}`,
  ].join(' ');
}
