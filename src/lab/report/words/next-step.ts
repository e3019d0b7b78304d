// The next step after a result that leaves a question open: one plain
// sentence and one command.
import { THRESHOLDS } from '../../analysis/verdict.ts';
import type { Result, Run } from '../../terms/result.ts';

export interface NextStep {
  readonly sentence: string;
  /** The arguments after `compare`. */
  readonly args: readonly string[];
}

/** Undefined where nothing is left to be done. @param dir where the result is */
export function nextStep(result: Result, dir: string): NextStep | undefined {
  const { verdict, missing, choice, command } = result;
  if (choice?.swarm === 'simulated') {
    return {
      sentence: isBusy(result)
        ? 'Other programs take the CPU that a swarm of processes needs: compare again when they are done.'
        : 'There is too little CPU here to run a swarm: compare again where there is more of it.',
      args: again(command),
    };
  }
  if (verdict.state !== 'unknown') return undefined;
  if (missing > 0) {
    return {
      sentence: 'Some runs were not made: go on where it stopped.',
      args: ['--resume', dir],
    };
  }
  const disturbed = disturbedRuns(result.runs);
  if (disturbed.some(isCrowded)) {
    return {
      sentence:
        'Other programs used the CPU meanwhile and may have made some transfers longer: compare again when they are done.',
      args: again(command),
    };
  }
  return choice || disturbed.length === 0
    ? {
        sentence:
          'Something held processes up for a moment and may have made some transfers longer: compare again.',
        args: again(command),
      }
    : {
        sentence:
          'The processes had to wait for the CPU, so links alone did not decide: let it choose what this machine can run.',
        args: [],
      };
}

const disturbedRuns = (runs: readonly Run[]): Run[] =>
  runs.filter(({ verdict }) => verdict.state === 'unknown');

const isCrowded = ({ foreignCpuShare }: Run): boolean =>
  (foreignCpuShare ?? 0) > THRESHOLDS.foreignCpu;

/** Whether others, and not a quota, leave too little. */
function isBusy({ choice }: Result): boolean {
  const { quota, affinity, foreign } = choice!.cores;
  return (
    (foreign ?? 0) > THRESHOLDS.foreignCpu * affinity && (quota ?? affinity) > choice!.cores.free
  );
}

/** The same command, writing to a new directory. */
function again(command: readonly string[]): string[] {
  return command.filter(
    (word, i) => word !== '--out' && command[i - 1] !== '--out' && !word.startsWith('--out='),
  );
}

/** Quoted for a shell. */
export const commandText = (words: readonly string[]): string =>
  words
    .map((word) => (/^[\w./:,=+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`))
    .join(' ');
