// Where a comparison leaves its results: each run the moment it ends, so that
// nothing measured is lost to what comes after; the summary and the report last.
import { appendFile, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileError, HubswarmError, systemCode } from '../runtime/errors.ts';
import { makeDirectory } from '../runtime/make-directory.ts';
import { type Result, type Run, resultSchema } from './result.ts';
import { upgrade } from './upgrade.ts';

const RESULT_FILE = 'result.json';
const REPORT_FILE = 'report.html';
const RUNS_FILE = 'runs.ndjson';

/** @throws HubswarmError ERR_EXISTS when it holds results already. */
export async function createOutDir(dir: string): Promise<void> {
  try {
    await makeDirectory(dir);
    await writeFile(join(dir, RUNS_FILE), '', { flag: 'wx' });
  } catch (error) {
    if (systemCode(error) === 'EEXIST') {
      throw new HubswarmError(
        'ERR_EXISTS',
        `--out: '${dir}' holds results already; give another directory`,
        { cause: error },
      );
    }
    throw fileError(error, dir);
  }
}

export async function saveRun(dir: string, run: Run): Promise<void> {
  await write(join(dir, RUNS_FILE), `${JSON.stringify(run)}\n`, appendFile);
}

export async function saveResult(dir: string, result: Result): Promise<void> {
  await replace(join(dir, RESULT_FILE), `${JSON.stringify(result, undefined, 1)}\n`);
}

export async function saveReport(dir: string, html: string): Promise<void> {
  await replace(join(dir, REPORT_FILE), html);
}

/** @throws HubswarmError ERR_NOT_FOUND, or ERR_USAGE when it is not a result of schema 1 or 2. */
export async function loadResult(dir: string): Promise<Result> {
  const path = join(dir, RESULT_FILE);
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw fileError(error, path);
  });
  const parsed = resultSchema.safeParse(upgrade(parseJson(text)));
  if (parsed.success) return parsed.data;
  const { path: at, message } = parsed.error.issues[0]!;
  const where = at.length > 0 ? ` (${at.join('.')}: ${message})` : '';
  throw new HubswarmError('ERR_USAGE', `${path}: not a result of schema 1 or 2${where}`);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Under its name only when whole. */
async function replace(path: string, text: string): Promise<void> {
  await write(`${path}.part`, text, writeFile);
  await rename(`${path}.part`, path).catch((error: unknown) => {
    throw fileError(error, path);
  });
}

async function write(
  path: string,
  text: string,
  how: (path: string, text: string) => Promise<void>,
): Promise<void> {
  await how(path, text).catch((error: unknown) => {
    throw fileError(error, path);
  });
}
