// Completions of commands and options for three shells. Values are completed as files.
import type { Command, Option } from 'commander';
import { type Entry, entriesOf, firstSentence, flagsOf, takesValue } from './commands.ts';

const wordsOf = ({ options, commands }: Entry): string =>
  [...commands.map((child) => child.name()), ...options.flatMap(flagsOf)].join(' ');

export function bashCompletions(program: Command): string {
  const entries = entriesOf(program);
  const words = entries.map((entry) => `    '${entry.path}') words='${wordsOf(entry)}' ;;`);
  return `# Completions of hubswarm for bash: source it, or put it into bash-completion's directory.
_hubswarm() {
  local path=hubswarm words='' word
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$path $word" in
${entries
  .slice(1)
  .map(({ path }) => `      '${path}') path="$path $word" ;;`)
  .join('\n')}
    esac
  done
  case "$path" in
${words.join('\n')}
  esac
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}")
}
complete -o default -F _hubswarm hubswarm
`;
}

/** In single quotes of zsh and fish. */
const quoted = (text: string): string => `'${text.replaceAll("'", ' ')}'`;

export function zshCompletions(program: Command): string {
  const entries = entriesOf(program);
  return `#compdef hubswarm
# Completions of hubswarm for zsh: put it as _hubswarm into a directory of $fpath.
local path=hubswarm word
for word in \${words[2,CURRENT-1]}; do
  case "$path $word" in
${entries
  .slice(1)
  .map(({ path }) => `    '${path}') path="$path $word" ;;`)
  .join('\n')}
  esac
done
local -a entries
case "$path" in
${entries.map((entry) => `  '${entry.path}') entries=(${describedWords(entry)}) ;;`).join('\n')}
esac
_describe 'hubswarm' entries
_files
`;
}

function describedWords({ options, commands }: Entry): string {
  const described = (word: string, text: string): string =>
    quoted(`${word}:${firstSentence(text).replaceAll(':', ' ')}`);
  return [
    ...commands.map((child) => described(child.name(), child.description())),
    ...options.flatMap((option) =>
      flagsOf(option).map((flag) => described(flag, option.description)),
    ),
  ].join(' ');
}

export function fishCompletions(program: Command): string {
  const lines = entriesOf(program).flatMap((entry) => {
    const depth = entry.path.split(' ').length;
    const isHere = quoted(`__hubswarm_at ${depth} ${entry.path}`);
    const commands = entry.commands.map(
      (child) =>
        `complete -c hubswarm -f -n ${isHere} -a ${child.name()} -d ${quoted(firstSentence(child.description()))}`,
    );
    return [...commands, ...entry.options.map((option) => fishOption(isHere, option))];
  });
  return `# Completions of hubswarm for fish: put it into ~/.config/fish/completions/.
function __hubswarm_at
    set -l words (commandline -opc | string match -v -- '-*')
    test "$words[1..$argv[1]]" = "$argv[2..]"
end
${lines.join('\n')}
`;
}

function fishOption(isHere: string, option: Option): string {
  const { short, long, description } = option;
  const flags = [
    ...(short ? [`-s ${short.slice(1)}`] : []),
    ...(long ? [`-l ${long.slice(2)}`] : []),
    ...(takesValue(option) ? ['-r'] : []),
  ];
  return `complete -c hubswarm -n ${isHere} ${flags.join(' ')} -d ${quoted(firstSentence(description))}`;
}
