// A real balancer with the configuration that the command makes.
import { type ChildProcess, spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, onTestFinished } from 'vitest';
import type { Program } from '../../../src/balance/check-config.ts';
import { run, scratch } from '../binary.ts';

export const PROGRAMS: readonly Program[] = ['nginx', 'haproxy'];

/** A port that was free a moment ago: neither program tells which one it took for 0. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

export interface Balancer {
  /** Ends in a slash. */
  readonly url: string;
  /** What the program said so far. */
  log(): string;
}

/** @param replicas their URLs. */
export async function startBalancer(
  program: Program,
  replicas: readonly string[],
  ...args: string[]
): Promise<Balancer> {
  const dir = await scratch();
  const file = join(dir, 'config');
  const port = await freePort();
  const made = await run([
    ...['balancer', program, '--listen', `127.0.0.1:${port}`, '-o', file, '--check'],
    ...[...args, '--replica', ...replicas],
  ]);
  expect(made).toMatchObject({ code: 0, stderr: '' });
  const url = `http://127.0.0.1:${port}/`;
  return { url, log: await startProgram(program, file, dir, url) };
}

/** Resolves when the program answers at the URL, to what tells its output. */
export async function startProgram(
  program: Program,
  file: string,
  dir: string,
  url: string,
): Promise<() => string> {
  const child =
    program === 'nginx'
      ? spawn('nginx', ['-e', 'stderr', '-p', `${dir}/`, '-c', file])
      : spawn('haproxy', ['-f', file]);
  let log = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (log += text));
  onTestFinished(() => end(child));
  await untilServing(url, child);
  return () => log;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const closed = new Promise((resolve) => child.once('close', resolve));
  child.kill('SIGTERM');
  await closed;
}

async function untilServing(url: string, child: ChildProcess): Promise<void> {
  while (child.exitCode === null) {
    const answer = await fetch(url).catch(() => undefined);
    // While HAProxy knows no replica that is up, it answers 503 itself.
    if (answer && answer.status < 500) return;
    await delay(20);
  }
  throw new Error(`the balancer ended with ${child.exitCode}`);
}
