// Where a comparison leaves what it found. What is measured is kept as it was seen, run by
// run, the moment each ends; all else in the directory can be made again from that:
//
//   experiment.json           what was to be measured; written first
//   traces/kill/n8/...json.gz raw data, one file a run, whole or not there
//   simulated.json            what the simulator added
//   result.json, report.html, runs.csv, summary.csv
import { readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import type { z } from 'zod';
import { fileError, HubswarmError, systemCode } from '../../runtime/errors.ts';
import { makeDirectory } from '../../runtime/node/make-directory.ts';
import { openNamed } from '../../runtime/node/named-file.ts';
import { type Result, resultSchema, type Simulated } from '../terms/result.ts';
import { storedSettingSchema } from '../terms/stored.ts';
import type { Trace } from '../terms/trace.ts';
import { runsCsv, summaryCsv } from './csv.ts';
import { type Experiment, experimentSchema } from './experiment.ts';

const EXPERIMENT = 'experiment.json';
const TRACES = 'traces';
const TRACE_END = '.json.gz';
const SIMULATED = 'simulated.json';
const RESULT = 'result.json';
const REPORT = 'report.html';

const isThere = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );

/** @throws HubswarmError ERR_EXISTS when it holds results already. */
export async function createOutDir(dir: string): Promise<void> {
  for (const name of [EXPERIMENT, RESULT]) {
    if (!(await isThere(join(dir, name)))) continue;
    throw new HubswarmError(
      'ERR_EXISTS',
      `--out: '${dir}' holds results already; give another directory, or go on there with --resume`,
    );
  }
  await makeDirectory(dir);
}

export async function saveExperiment(dir: string, experiment: Experiment): Promise<void> {
  await replace(join(dir, EXPERIMENT), jsonOf(experiment));
}

/** @throws HubswarmError ERR_NOT_FOUND, or ERR_USAGE when it is none of this version */
export function loadExperiment(dir: string): Promise<Experiment> {
  return load(
    join(dir, EXPERIMENT),
    experimentSchema,
    'not an experiment that can be gone on with',
  );
}

const tracePath = (dir: string, id: string): string =>
  join(dir, TRACES, ...id.split('/')) + TRACE_END;

export async function saveTrace(dir: string, trace: Trace): Promise<void> {
  const path = tracePath(dir, trace.plan.id);
  await makeDirectory(dirname(path));
  await replace(path, await promisify(gzip)(JSON.stringify(trace)));
}

/** @throws HubswarmError ERR_NOT_FOUND, or ERR_USAGE when it is damaged */
export async function loadTrace(dir: string, id: string): Promise<Trace> {
  const path = tracePath(dir, id);
  const packed = await read(path);
  try {
    const trace = JSON.parse(String(await promisify(gunzip)(packed))) as Trace;
    if (trace.plan.id === id) return withSetting(trace);
  } catch {
    // Told below as what is in another file's place.
  }
  throw new HubswarmError('ERR_USAGE', `${path}: damaged; remove it and go on with --resume`);
}

/** Fills in keys of the setting that did not exist when the run was made. */
const withSetting = (trace: Trace): Trace => ({
  ...trace,
  plan: { ...trace.plan, setting: storedSettingSchema.parse(trace.plan.setting) },
});

/** Ids of all complete traces, the last first: as Node.js 20 lists them, on every version. */
export async function traceIds(dir: string): Promise<string[]> {
  const top = join(dir, TRACES);
  const found = await readdir(top, { recursive: true, withFileTypes: true }).catch(
    (error: unknown) => {
      if (systemCode(error) === 'ENOENT') return [];
      throw fileError(error, top);
    },
  );
  return found
    .filter((entry) => entry.isFile() && entry.name.endsWith(TRACE_END))
    .map(({ parentPath, name }) =>
      relative(top, join(parentPath, name)).slice(0, -TRACE_END.length).replaceAll(sep, '/'),
    )
    .sort()
    .reverse();
}

export async function saveSimulated(dir: string, simulated: Simulated): Promise<void> {
  await replace(join(dir, SIMULATED), jsonOf(simulated));
}

export async function loadSimulated(dir: string): Promise<Simulated | null> {
  const path = join(dir, SIMULATED);
  if (!(await isThere(path))) return null;
  return load(path, resultSchema.shape.simulated, 'not what a simulator left');
}

/** Saves the result with its report and CSVs. */
export async function saveResult(dir: string, result: Result, report: string): Promise<void> {
  await replace(join(dir, RESULT), jsonOf(result));
  await replace(join(dir, 'runs.csv'), runsCsv(result));
  await replace(join(dir, 'summary.csv'), summaryCsv(result));
  await replace(join(dir, REPORT), report);
}

/**
 * @param place a directory of results, or a result.json
 * @throws HubswarmError ERR_NOT_FOUND, or ERR_USAGE when it is not a result of schema 3
 */
export async function loadResult(place: string): Promise<Result> {
  const isDirectory = await stat(place).then(
    (found) => found.isDirectory(),
    (error: unknown) => {
      throw fileError(error, place);
    },
  );
  return load(isDirectory ? join(place, RESULT) : place, resultSchema, 'not a result of schema 3');
}

const jsonOf = (value: unknown): string => `${JSON.stringify(value, undefined, 1)}\n`;

async function load<T extends z.ZodType>(
  path: string,
  schema: T,
  what: string,
): Promise<z.infer<T>> {
  const parsed = schema.safeParse(parseJson(String(await read(path))));
  if (parsed.success) return parsed.data;
  const { path: at, message } = parsed.error.issues[0]!;
  const where = at.length > 0 ? ` (${at.join('.')}: ${message})` : '';
  throw new HubswarmError('ERR_USAGE', `${path}: ${what}${where}`);
}

async function read(path: string): Promise<Buffer> {
  const { handle } = await openNamed(path);
  try {
    return await handle.readFile();
  } finally {
    await handle.close();
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Writes to a temporary file and renames it, so that the name never holds half a file. */
async function replace(path: string, content: string | Buffer): Promise<void> {
  const part = `${path}.part`;
  try {
    await writeFile(part, content, { flush: true });
    await rename(part, path);
  } catch (error) {
    await rm(part, { force: true }).catch(() => undefined);
    throw fileError(error, path);
  }
}
