// How long a packet waits before a host's line, sampled while a lab runs: the backlog of its tbf
// queue over the rate of the line.
import { execFile } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';

const EVERY_MS = 50;

/**
 * @param {number} pid of the lab
 * @param {number} host its number there: 0 is the origin
 * @returns {Promise<{at: number, backlogBytes: number}[]>} when the signal says so
 */
export async function sampleQueue(pid, host, signal) {
  const samples = [];
  const args = ['-n', `hubswarm-lab-${pid}-${host}`, '-s', '-j', 'qdisc', 'show', 'dev', 'wan0'];
  while (!signal.aborted) {
    await delay(EVERY_MS);
    const { stdout } = await promisify(execFile)('tc', args).catch(() => ({ stdout: '[]' }));
    const [queue] = JSON.parse(stdout || '[]');
    if (queue?.kind === 'tbf') samples.push({ at: Date.now(), backlogBytes: queue.backlog });
  }
  return samples;
}
