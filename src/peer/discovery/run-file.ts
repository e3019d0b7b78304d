// How peers of one user on one machine find one another: each running peer writes its addresses to
// `<data directory>/run/<PeerId>.json`. The files are only hints. Malformed ones are ignored, those
// of dead processes are removed, and the dial finds out whether the rest is true.
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileError, systemCode } from '../../runtime/errors.ts';
import {
  isAlive,
  isElsewhere,
  type ProcessMark,
  thisProcess,
  toProcessMark,
} from '../../runtime/node/alive.ts';
import { makeDirectory } from '../../runtime/node/make-directory.ts';
import { readJson, writeWhole } from '../../runtime/node/small-file.ts';
import { tryParseAddress } from '../address/peer-address.ts';

interface Run extends ProcessMark {
  readonly peerId: string;
  /** Multiaddrs with /p2p/. */
  readonly addresses: readonly string[];
  /** Start of the peer, in ms since 1970. */
  readonly startedAt: number;
}

/** Most files that are read. Chosen. */
const MAX_RUNS = 256;
/** Most addresses of one peer; a host has a few interfaces. Chosen. */
const MAX_ADDRESSES = 16;

const runDir = (dataDir: string): string => join(dataDir, 'run');

/**
 * Tells the user's other peers where this one listens.
 *
 * @returns takes it back; must be called when the peer stops
 * @throws HubswarmError of the file system
 */
export async function announceRun(
  dataDir: string,
  peerId: string,
  addresses: readonly string[],
): Promise<() => Promise<void>> {
  const path = join(runDir(dataDir), `${peerId}.json`);
  const run: Run = {
    ...(await thisProcess),
    peerId,
    addresses: addresses.slice(0, MAX_ADDRESSES),
    startedAt: Date.now(),
  };
  await makeDirectory(runDir(dataDir), 0o700);
  await writeWhole(path, `${JSON.stringify(run)}\n`);
  return () => rm(path, { force: true });
}

/** Addresses of the user's other running peers: multiaddrs with /p2p/, the newest peer's first. */
export async function findLocalPeers(dataDir: string, selfPeerId: string): Promise<string[]> {
  const runs = await Promise.all(
    (await runFiles(dataDir)).map((path) => readRun(path).catch(() => undefined)),
  );
  return runs
    .filter((run) => run !== undefined)
    .filter(({ peerId }) => peerId !== selfPeerId)
    .sort((a, b) => b.startedAt - a.startedAt)
    .flatMap(({ addresses }) => addresses);
}

async function runFiles(dataDir: string): Promise<string[]> {
  try {
    const names = await readdir(runDir(dataDir));
    return names
      .filter((name) => /^\w{40,60}\.json$/.test(name))
      .slice(0, MAX_RUNS)
      .map((name) => join(runDir(dataDir), name));
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return [];
    throw fileError(error, runDir(dataDir));
  }
}

/**
 * Reads a file; undefined if it is malformed, or was left by a dead process (then it is removed).
 */
async function readRun(path: string): Promise<Run | undefined> {
  const run = toRun(await readJson(path));
  if (!run || !path.endsWith(`/${run.peerId}.json`)) return undefined;
  if (await isAlive(run, run.startedAt)) return run;
  // It may run, but not where its addresses are this machine's.
  if (run.place !== '' && (await isElsewhere(run))) return undefined;
  await rm(path, { force: true });
  return undefined;
}

function toRun(value: unknown): Run | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { peerId, addresses, startedAt } = value as Record<string, unknown>;
  // Earlier versions named no place: their processes count as gone.
  const mark = toProcessMark({ place: '', started: '', ...value });
  if (!mark || typeof peerId !== 'string' || typeof startedAt !== 'number') return undefined;
  if (!Array.isArray(addresses) || addresses.length > MAX_ADDRESSES) return undefined;
  const own = (address: unknown): address is string =>
    typeof address === 'string' && tryParseAddress(address)?.peerId === peerId;
  return addresses.every(own) ? { ...mark, peerId, addresses, startedAt } : undefined;
}
