// The whole comparison: what is to be measured and whether this machine can, a place for
// the runs, and then one sitting; or, with --resume, another sitting of an earlier one.
import { rmSync } from 'node:fs';
import { basename } from 'node:path';
import { HubswarmError } from '../runtime/errors.ts';
import { makeTemporaryDirectory } from '../runtime/node/temporary-directory.ts';
import { type Chosen, chooseQuick } from './choose-quick.ts';
import { lacking, makeNetwork, type Network } from './network/network.ts';
import { canSetOffloads, probeNetwork } from './network/probe.ts';
import { designOf, type Experiment } from './results/experiment.ts';
import { createOutDir, loadExperiment, saveExperiment } from './results/save.ts';
import { hasBalancer } from './run/balancer.ts';
import { castOf } from './run/cast.ts';
import { describeEnvironment } from './run/environment.ts';
import { createExecutor } from './run/execute.ts';
import { hashFile, inspectFile, packDirectory } from './run/file.ts';
import { lackOfPrograms } from './run/installed.ts';
import { createRunFiles, MADE_NAME } from './run/run-files.ts';
import { checkCapacity, readCapacity } from './schedule/capacity.ts';
import { lackOf, needsNamespaces } from './schedule/needs.ts';
import { type Overrides, override, type Profile } from './schedule/profile.ts';
import type { Progress } from './schedule/progress.ts';
import { planSwarm } from './schedule/quick.ts';
import { addRivals } from './schedule/rivals.ts';
import { planWarmUp, Schedule } from './schedule/schedule.ts';
import { simulatePlans, simulateScale } from './simulated/simulated.ts';
import { type SittingOptions, sit } from './sitting.ts';
import type { PlannedRun } from './terms/planned-run.ts';
import type { Result } from './terms/result.ts';
import type { Rival } from './terms/rival.ts';
import type { Scenario } from './terms/scenario.ts';
import type { Setting } from './terms/setting.ts';

/** The most that a swarm is simulated with. */
const MOST_SIMULATED = 10_000;

interface Surroundings {
  /** The binary under test. */
  readonly cliPath: string;
  readonly version: string;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

export interface CompareOptions extends Surroundings {
  /** The arguments after `compare`. */
  readonly command: readonly string[];
  /** `fitted`: the quick one, chosen for this machine; it takes no overrides. */
  readonly profile: Profile | 'fitted';
  readonly overrides: Overrides;
  /** Programs of others that are measured beside, as far as they can be. */
  readonly rivals: readonly Rival[];
  /** Undefined: files are made from the seed. */
  readonly filePath: string | undefined;
  readonly seed: number;
  readonly outDir: string;
}

export interface ResumeOptions extends Surroundings {
  readonly outDir: string;
  /** Where the file is now, if it has moved. */
  readonly filePath: string | undefined;
}

const now = (): number => performance.now();

/** Measures, saves, and returns the result; files are in `outDir` afterwards. */
export function compare(options: CompareOptions): Promise<Result> {
  return inWorkDir(async (work, network) => {
    const { progress, signal, outDir } = options;
    const file = options.filePath && (await packDirectory(options.filePath, work));
    const found = file ? await inspectFile(file) : undefined;
    const { profile: wanted, choice } = await wantedProfile(options, work);
    const { notes, ...profile } = override(wanted, {
      ...options.overrides,
      offloads: offloadsOf(options.overrides),
      ...(found ? { fileBytes: found.bytes } : {}),
    });
    const beside = addRivals(profile.scenarios, options.rivals, profile.base, lackOfPrograms);
    for (const note of [...notes, ...beside.notes]) progress.note(note);
    const { scenarios, lacks } = look(beside.scenarios, profile.base);
    const experiment: Experiment = {
      schema: 3,
      tool: { name: 'hubswarm', version: options.version },
      profile: profile.name,
      command: [...options.command],
      seed: options.seed,
      fileName: found?.name ?? MADE_NAME,
      startedAt: new Date().toISOString(),
      wallSeconds: 0,
      budgetMs: Number.isFinite(profile.budgetMs) ? profile.budgetMs : null,
      file: file
        ? { path: options.filePath!, bytes: found!.bytes, sha256: await hashFile(file) }
        : null,
      environment: await describeEnvironment(signal, lacks),
      choice,
      base: profile.base,
      notes: [...beside.notes],
      scenarios,
    };
    await check(experiment, work);
    await createOutDir(outDir);
    await saveExperiment(outDir, experiment);
    return begin(experiment, options, { work, file, network });
  });
}

/**
 * Off where they can be set: a program that sends many small segments must not look cheaper than
 * it is behind a real uplink.
 *
 * @throws HubswarmError ERR_USAGE if they are to be off and cannot be
 */
function offloadsOf({ offloads }: Overrides): boolean {
  if (offloads === true) return true;
  const can = canSetOffloads();
  if (offloads === false && !can) throw lacking('--offloads off needs ethtool');
  return !can;
}

async function wantedProfile(
  { profile, cliPath, seed, progress, signal }: CompareOptions,
  work: string,
): Promise<Chosen> {
  if (profile !== 'fitted') return { profile, choice: null };
  progress.note('measuring what a swarm costs here ...');
  const fileOf = createRunFiles(work, seed);
  const execute = createExecutor({ cliPath, fileOf, workDir: work, network: undefined });
  const chosen = await chooseQuick({ execute, seed, work, signal });
  if (chosen.choice) progress.note(`chosen: ${chosen.choice.text}`);
  return chosen;
}

/** Goes on where an earlier comparison stopped, however it ended. */
export function resume(options: ResumeOptions): Promise<Result> {
  return inWorkDir(async (work, network) => {
    const { outDir, progress, version } = options;
    const experiment = await loadExperiment(outDir);
    if (experiment.tool.version !== version) {
      progress.note(
        `begun with version ${experiment.tool.version}, gone on with ${version}: runs of both are put together`,
      );
    }
    const file = await findFile(experiment, options.filePath, work);
    await check(experiment, work);
    return begin(experiment, options, { work, file, network });
  });
}

/** Leaves nothing behind, also when a second Ctrl-C ends this process at once. */
async function inWorkDir(
  body: (work: string, network: { made?: Network }) => Promise<Result>,
): Promise<Result> {
  const work = await makeTemporaryDirectory('hubswarm-compare-');
  const network: { made?: Network } = {};
  const clean = (): void => {
    network.made?.remove();
    rmSync(work, { recursive: true, force: true, maxRetries: 3 });
  };
  process.on('exit', clean);
  try {
    return await body(work, network);
  } finally {
    process.off('exit', clean);
    clean();
  }
}

/** Which scenarios can be run here. What was asked for by option and cannot be is an error. */
function look(
  scenarios: readonly Scenario[],
  base: Setting,
): { scenarios: Experiment['scenarios']; lacks: readonly string[] } {
  const probe = scenarios.some((scenario) => needsNamespaces(scenario, base))
    ? probeNetwork()
    : undefined;
  const networkLacks = probe?.lacks ?? [];
  if (base.link === 'netns' && networkLacks.length > 0) throw lacking(networkLacks.join('; '));
  return {
    scenarios: scenarios.map((scenario) => ({
      scenario,
      skipped: lackOf(scenario, base, { networkLacks, hasBalancer }),
    })),
    lacks: [...networkLacks, ...(probe?.notes ?? [])],
  };
}

/** All that is made in any case. */
const plansOf = (experiment: Experiment): PlannedRun[] => {
  const design = designOf(experiment);
  return [...planWarmUp(design), ...new Schedule(design).upcoming()];
};

async function check(experiment: Experiment, work: string): Promise<void> {
  if (experiment.scenarios.every(({ skipped }) => skipped !== null)) {
    const reasons = experiment.scenarios.map(
      ({ scenario, skipped }) => `${scenario.id} ${skipped}`,
    );
    throw new HubswarmError('ERR_USAGE', `nothing can be measured here: ${reasons.join('; ')}`);
  }
  checkCapacity(plansOf(experiment), await readCapacity(work));
}

async function begin(
  experiment: Experiment,
  { cliPath, progress, signal, outDir }: Surroundings & { readonly outDir: string },
  { work, file, network }: { work: string; file: string | undefined; network: { made?: Network } },
): Promise<Result> {
  network.made = openNetwork(plansOf(experiment));
  const { seed, scenarios } = experiment;
  for (const { scenario, skipped } of scenarios) {
    if (skipped !== null) progress.note(`scenario '${scenario.id}' is skipped: ${skipped}`);
  }
  return sit({
    dir: outDir,
    experiment,
    progress,
    signal,
    now,
    execute: createExecutor({
      cliPath,
      workDir: work,
      network: network.made,
      fileOf: createRunFiles(work, seed, file),
    }),
    simulate: simulationOf(experiment, { cliPath, progress, signal }),
  });
}

/** What the simulator adds: larger swarms than can be run, or the swarm where none can be. */
function simulationOf(
  { profile, choice, scenarios, base, seed }: Experiment,
  { cliPath, progress, signal }: Pick<Surroundings, 'cliPath' | 'progress' | 'signal'>,
): SittingOptions['simulate'] {
  const shared = {
    cliPath,
    seed,
    signal,
    onStart: (receivers: number) => progress.note(`simulating ${receivers} receivers`),
  };
  if (choice?.swarm === 'simulated') {
    const plans = scenarios.flatMap(({ scenario }) => planSwarm(scenario, base, seed));
    return () => simulatePlans({ ...shared, plans });
  }
  const all = scenarios.map(({ scenario }) => scenario);
  const isScaled = profile === 'full' && all.some(({ simulate }) => simulate === 'growing');
  return isScaled
    ? (runs) => simulateScale({ ...shared, scenarios: all, runs, most: MOST_SIMULATED })
    : undefined;
}

/** Hosts for the largest run whose links the kernel holds; each run sets their rates. */
function openNetwork(plans: readonly PlannedRun[]): Network | undefined {
  const hosts = plans
    .filter(({ setting }) => setting.link === 'netns')
    .map((plan) => castOf(plan).length);
  if (hosts.length === 0) return undefined;
  const free = Number.POSITIVE_INFINITY;
  return makeNetwork(
    Array.from({ length: Math.max(...hosts) }, () => ({
      uplinkBytesPerSecond: free,
      downlinkBytesPerSecond: free,
    })),
  );
}

/** The very file that was handed out before. */
async function findFile(
  { file }: Experiment,
  given: string | undefined,
  work: string,
): Promise<string | undefined> {
  if (file === null) {
    if (given === undefined) return undefined;
    throw new HubswarmError(
      'ERR_USAGE',
      '--file: not accepted here; files were made from the seed',
    );
  }
  const path = await packDirectory(given ?? file.path, work);
  if ((await hashFile(path)) === file.sha256) return path;
  throw new HubswarmError(
    'ERR_USAGE',
    `--file: '${given ?? file.path}' is not the file that was handed out before (${basename(file.path)}, ${file.bytes} bytes)`,
  );
}
