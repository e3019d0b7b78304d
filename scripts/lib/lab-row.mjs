// One comparison of the lab, over links that the kernel shapes: its arms interleaved, the start of
// the receivers measured, peers told nothing. What each arm came to, as medians of its runs.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BINARY } from './binary.mjs';

export const SWARM = { id: 'swarm', architecture: 'swarm', text: 'this swarm' };
/** The same told its caps, and the same that finds out by itself. */
export const TOLD = { ...SWARM, id: 'told', text: 'told its cap', with: { told: 'caps' } };
export const AUTO = { ...SWARM, id: 'auto', text: '--uplink auto', with: { told: 'auto' } };

const rivalArm = (id) => ({ id, architecture: 'rival', text: id, rival: id });

/**
 * @param {{setting: object, arms: object[], rivals: string[], runs: number, link?: string,
 * watch?: (pid: number, signal: AbortSignal) => Promise<unknown>, env?: object}} row `watch` runs
 * beside; `env` is added to the environment
 * @returns {Promise<{arms: object[], watched: unknown, notes: string[]}>}
 */
export async function compareArms({ setting, arms, rivals, runs, link = 'netns', watch, env }) {
  const dir = mkdtempSync(join(tmpdir(), 'hubswarm-bench-lab-'));
  const scenario = {
    id: 'row',
    title: 'row',
    question: 'How near to what the links allow?',
    arms: [...arms, ...rivals.map(rivalArm)],
    setting: { startUp: 'measured', link, ...setting },
    metrics: ['efficiency', 'fromListening', 'originCopies', 'reach'],
    repetitions: { least: runs, most: runs },
  };
  try {
    writeFileSync(join(dir, 'row.json'), JSON.stringify(scenario));
    const args = ['--scenario', join(dir, 'row.json'), '--out', join(dir, 'out')];
    const lab = spawn(process.execPath, [BINARY, 'compare', ...args, '--json'], {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    const over = new AbortController();
    const watched = watch?.(lab.pid, over.signal);
    const [code] = await once(lab, 'exit');
    over.abort();
    // Unknown: the machine was busy, which the figures say themselves.
    if (code === 2 || code === null || code > 128) throw new Error(`compare ended with ${code}`);
    const result = JSON.parse(readFileSync(join(dir, 'out', 'result.json'), 'utf8'));
    return {
      arms: scenario.arms.flatMap((arm) => armOf(arm, result)),
      watched: await watched,
      notes: result.warnings.filter((text) => /left out|completed?|ended/.test(text)),
    };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

function armOf({ id, text }, { runs: all }) {
  const runs = all.filter(({ scenario, arm }) => scenario === 'row' && arm === id);
  if (runs.length === 0) return [];
  const never = Number.POSITIVE_INFINITY;
  const metric = (name, otherwise) => runs.map(({ metrics }) => metrics[name] ?? otherwise);
  return [
    {
      id,
      text,
      runs,
      seconds: metric('makespanMs', never).map((ms) => ms / 1000),
      fromListening: metric('fromListening', undefined),
      copies: median(metric('originCopies', Number.NaN)),
      reach: Math.min(...metric('reach', 0)),
      cpuSeconds: median(runs.map(({ nodes }) => sum(nodes.map(cpuSecondsOf)))),
      receiverCpuSeconds: median(
        runs.map(({ nodes }) => median(nodes.filter(receives).map(cpuSecondsOf))),
      ),
      foreignCpuShare: median(runs.map(({ foreignCpuShare }) => foreignCpuShare ?? Number.NaN)),
    },
  ];
}

const receives = ({ role }) => role === 'receiver';
const cpuSecondsOf = ({ cpuStartMs, cpuTransferMs }) =>
  ((cpuStartMs ?? 0) + (cpuTransferMs ?? 0)) / 1000;
const sum = (values) => values.reduce((total, value) => total + value, 0);

/** Infinite for what half of the runs never came to. */
export function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return sorted.length % 2 ? sorted[Math.floor(middle)] : (sorted[middle - 1] + sorted[middle]) / 2;
}
