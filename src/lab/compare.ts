// The whole comparison: the file, a place for the runs, the schedule carried out,
// the conclusion, and the results on disk.
import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { describeEnvironment } from './environment.ts';
import {
  checkSpace,
  generateFile,
  hashFile,
  inspectFile,
  packDirectory,
  placeFile,
} from './file.ts';
import { measure } from './measure.ts';
import { makeNetwork, type Network } from './network/network.ts';
import { type Overrides, type Profile, parametersOf } from './profile.ts';
import type { Progress } from './progress.ts';
import { drawReport } from './report/report.ts';
import type { Result } from './result.ts';
import { createExecutor } from './run-arm.ts';
import { createOutDir, loadResult, saveReport, saveResult, saveRun } from './save.ts';
import { type Parameters, ratesOf } from './scenario.ts';
import { conclude } from './summarize.ts';

export interface CompareOptions {
  /** The binary under test. */
  readonly cliPath: string;
  readonly version: string;
  /** The arguments after `compare`. */
  readonly command: readonly string[];
  readonly profile: Profile;
  readonly overrides: Omit<Overrides, 'file'>;
  /** Undefined: one is made from the seed. */
  readonly filePath: string | undefined;
  readonly seed: number;
  readonly outDir: string;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

const now = (): number => performance.now();

/** Measures, saves, and returns the result; files are in `outDir` afterwards. */
export async function compare(options: CompareOptions): Promise<Result> {
  const startedAt = new Date().toISOString();
  const begunAt = now();
  const work = await mkdtemp(join(tmpdir(), 'hubswarm-compare-'));
  let network: Network | undefined;
  // Also when a second Ctrl-C ends this process at once.
  const clean = (): void => {
    network?.remove();
    rmSync(work, { recursive: true, force: true, maxRetries: 3 });
  };
  process.on('exit', clean);
  try {
    const filePath = options.filePath && (await packDirectory(options.filePath, work));
    const parameters = parametersOf(options.profile, {
      ...options.overrides,
      ...(filePath ? { file: await inspectFile(filePath) } : {}),
    });
    network = openNetwork(parameters);
    await createOutDir(options.outDir);
    const { sourceDir, sha256 } = await prepareFile({ ...options, filePath }, parameters, work);
    const environment = await describeEnvironment(options.signal);
    const { cliPath } = options;
    const hosts = network?.hosts ?? [];
    const execute = createExecutor({
      ...{ cliPath, sourceDir, sha256, parameters, hosts },
      workDir: work,
    });
    const { progress, signal } = options;
    const measured = await measure({
      parameters,
      execute,
      now,
      signal,
      budgetMs: options.profile.budgetMs - (now() - begunAt),
      onStart: (plan, index, total) => progress.start(plan, index, total),
      onRun: async (run) => {
        progress.end(run);
        await saveRun(options.outDir, run);
      },
      onFailure: (plan, message) => progress.failed(plan, message),
    });
    const result = conclude(
      {
        schema: 2,
        tool: { name: 'hubswarm', version: options.version },
        profile: options.profile.name,
        command: [...options.command],
        seed: options.seed,
        startedAt,
        wallSeconds: (now() - begunAt) / 1000,
        environment,
        parameters: mutable(parameters),
      },
      measured.runs,
      measured.missing,
    );
    await saveResult(options.outDir, result);
    await saveReport(options.outDir, drawReport(result));
    return result;
  } finally {
    process.off('exit', clean);
    clean();
  }
}

/** A host for the origin and for each receiver, where the kernel holds the links. */
function openNetwork(parameters: Parameters): Network | undefined {
  if (parameters.link !== 'netns') return undefined;
  return makeNetwork(Array(1 + Math.max(...parameters.receivers)).fill(ratesOf(parameters)));
}

/** Draws the report of an earlier comparison again, from its result.json alone. */
export async function redraw(dir: string): Promise<Result> {
  const result = await loadResult(dir);
  await saveReport(dir, drawReport(result));
  return result;
}

async function prepareFile(
  { filePath, seed }: CompareOptions,
  { fileName, fileBytes, receivers }: Parameters,
  work: string,
): Promise<{ sourceDir: string; sha256: string }> {
  // Every receiver's copy, the file itself, and one for what else lies there.
  await checkSpace(work, fileBytes * (Math.max(...receivers) + 2));
  const sourceDir = join(work, 'source');
  const path = join(sourceDir, filePath === undefined ? fileName : basename(filePath));
  if (filePath === undefined) await generateFile(path, fileBytes, seed);
  else await placeFile(filePath, sourceDir);
  return { sourceDir, sha256: await hashFile(path) };
}

function mutable(parameters: Parameters): Result['parameters'] {
  return {
    ...parameters,
    receivers: [...parameters.receivers],
    killCopies: [...parameters.killCopies],
  };
}
