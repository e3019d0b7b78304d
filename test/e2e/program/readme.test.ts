// What README tells a stranger to type first works, word for word and in that order, in a
// copy of these sources in which nothing is installed or built.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join, relative, resolve } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { scratch } from '../binary.ts';
import { makeHosts, namespacesAllow } from '../namespaces.ts';

const ROOT = resolve(import.meta.dirname, '../../..');
const README = await readFile(join(ROOT, 'README.md'), 'utf8');
/** What no clone has. */
const MADE = /^(node_modules|dist[^/]*|results|coverage|\.git|[^/]*\.tgz)$/;
/** The hub's port, as README has it. */
const PORT = 8080;

/** The commands of a section. */
function commandsOf(title: string): string {
  const section = README.split(/^## /m).find((text) => text.startsWith(`${title}\n`));
  const blocks = [...(section ?? '').matchAll(/^```sh\n(.*?)^```/gms)].map(([, text]) => text);
  if (blocks.length === 0) throw new Error(`README has no commands below '${title}'`);
  return blocks.join('');
}

async function freshCopy(): Promise<{ clone: string; env: NodeJS.ProcessEnv }> {
  const dir = await scratch();
  const clone = join(dir, 'clone');
  await cp(ROOT, clone, { recursive: true, filter: (path) => !MADE.test(relative(ROOT, path)) });
  // Packages come from the cache of whoever installed them for these tests.
  const npm = { npm_config_prefix: join(dir, 'prefix'), npm_config_prefer_offline: 'true' };
  return { clone, env: { ...process.env, ...npm } };
}

interface Place {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  readonly wrapper?: readonly string[];
}

/** Throws with all that was printed when one of the commands fails. */
async function type(commands: string, { cwd, env, wrapper = [] }: Place): Promise<void> {
  const [command, ...args] = [...wrapper, 'bash', '-euo', 'pipefail', '-c', commands];
  // A group of its own, so that nothing that a failed command left goes on.
  const child = spawn(command!, args, { cwd, env, detached: true });
  onTestFinished(() => {
    try {
      process.kill(-child.pid!, 'SIGKILL');
    } catch {
      // All have ended.
    }
  });
  let printed = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (printed += text));
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`ended with ${code}: ${commands}${printed}`);
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, '127.0.0.1');
  return new Promise((answer) => {
    server.once('error', () => answer(false));
    server.once('listening', () => server.close(() => answer(true)));
  });
}

test('the first commands of README work in a fresh clone', async ({ skip }) => {
  const hasHosts = namespacesAllow('link set lo up');
  if (!hasHosts && !(await isFree(PORT))) skip(`port ${PORT} is taken`);
  const { clone, env } = await freshCopy();
  await type(commandsOf('Install'), { cwd: clone, env });
  const wrapper = hasHosts ? ['ip', 'netns', 'exec', makeHosts('readme')[0]!] : [];
  const place = { cwd: clone, env, wrapper };
  await type(commandsOf('The hub in 30 seconds'), place);
  await type(commandsOf('The swarm in 30 seconds'), place);
  const original = await readFile(join(clone, 'docs/report.png'));
  expect(await readFile(join(clone, 'report.png'))).toEqual(original);
  expect(await readFile(join(clone, 'fetched/report.png'))).toEqual(original);
  await type('"$npm_config_prefix/bin/hubswarm" cid fetched', place);
}, 300_000);

test('README begins with these sections, and its list of contents leads to every one', () => {
  const titles = [...README.matchAll(/^## (.*)$/gm)].map(([, title]) => title!);
  expect(titles.slice(0, 4)).toEqual([
    ...['Install', 'The hub in 30 seconds', 'The swarm in 30 seconds', 'Compare the two'],
  ]);
  const anchors = titles.map((title) => title.toLowerCase().replaceAll(/[^\w ]/g, ''));
  const links = [...README.split(/^## /m)[0]!.matchAll(/\]\(#([^)]*)\)/g)].map(([, to]) => to);
  expect(links).toEqual(anchors.map((anchor) => anchor.replaceAll(' ', '-')));
});
