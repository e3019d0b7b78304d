// The lab's balancers are the real programs in front of real hubs; skipped where a
// program is not installed.
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { makeNetwork } from '../../../src/lab/network/network.ts';
import type { Host } from '../../../src/lab/network/wiring.ts';
import {
  BALANCERS,
  type Balancer,
  type BalancerKind,
  type BalancerOptions,
  hasBalancer,
  startBalancer,
} from '../../../src/lab/run/balancer.ts';
import { Child } from '../../../src/lab/run/child.ts';
import { groupCpuMs } from '../../../src/lab/run/cpu.ts';
import { Program } from '../../../src/lab/run/program.ts';
import { scratch } from '../../e2e/binary.ts';
import { needs } from '../../support/needs.ts';
import { LAB_NETWORK } from '../network/lab-network.ts';

const BINARY = resolve(import.meta.dirname, '../../../dist/cli.js');
const { signal } = new AbortController();

const within = (host: Host | undefined): string[] =>
  host ? ['ip', 'netns', 'exec', host.namespace] : [];

let root: string;
const hubs: Child[] = [];

/** One that serves the file `a`. @returns its URL */
async function startHub(host?: Host): Promise<string> {
  const args = ['server', '--root', root, '--port', '0', '--json'];
  const address = host?.address ?? '127.0.0.1';
  const child = new Child('hub', BINARY, [...args, '--host', address], { wrapper: within(host) });
  hubs.push(child);
  await child.ready(['listening'], 15_000, signal);
  const event = child.events.find((seen) => seen.event === 'listening');
  return event?.event === 'listening' ? event.addresses[0]! : '';
}

/** Of two that every test may use. */
let urls: string[];

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'hubswarm-test-'));
  await writeFile(join(root, 'a'), 'same');
  urls = await Promise.all([startHub(), startHub()]);
});

afterAll(async () => {
  await Promise.all(hubs.map((child) => child.stop()));
  await rm(root, { recursive: true });
});

async function balance(
  kind: BalancerKind,
  replicas: readonly string[],
  more: Partial<BalancerOptions> = {},
): Promise<Balancer> {
  const common = { id: 'balancer', cliPath: BINARY, address: '127.0.0.1', signal };
  const dir = await scratch();
  const balancer = await startBalancer({ ...common, kind, replicas, dir, ...more });
  onTestFinished(() => balancer.stop());
  return balancer;
}

const text = async (url: string): Promise<string> =>
  (
    await fetch(url, { headers: { connection: 'close' }, signal: AbortSignal.timeout(5000) })
  ).text();

/** A lab that starts one balancer and says which. */
class Lab extends Program {
  #said = '';

  constructor(script: string) {
    super('lab', [process.execPath, script]);
  }

  protected override take(line: string): void {
    this.#said = line;
    this.tell();
  }

  async said(): Promise<{ pid: number; url: string }> {
    await this.until(() => this.#said !== '', 15_000, signal);
    return JSON.parse(this.#said);
  }
}

async function goneGroup(pid: number): Promise<void> {
  while (groupCpuMs(pid) !== undefined) await delay(10);
}

it('knows what is installed', () => {
  const path = process.env.PATH;
  process.env.PATH = '/nowhere';
  onTestFinished(() => {
    process.env.PATH = path;
  });
  expect(BALANCERS.map(hasBalancer)).toEqual([false, false]);
});

describe.each(BALANCERS)('%s as a process of the lab', (kind) => {
  it('answers with what its hubs have, and leaves nothing', needs(kind), async () => {
    const dir = await scratch();
    const balancer = await balance(kind, urls, { dir });
    expect(await text(`${balancer.url}files/a`)).toBe('same');
    const config = await readFile(join(dir, 'config'), 'utf8');
    for (const { host } of urls.map((url) => new URL(url))) expect(config).toContain(host);
    expect(await readdir(dir)).toEqual(kind === 'nginx' ? ['config', 'nginx.pid'] : ['config']);
    expect(balancer.cpuMs()).toBeGreaterThanOrEqual(0);
    await balancer.stop();
    expect(balancer.over).toBe(true);
    expect(balancer.exit).toBe(null);
    await goneGroup(balancer.pid!);
  });

  it(
    'can be stopped and go on, and is gone with all its processes when killed',
    needs(kind),
    async () => {
      const balancer = await balance(kind, urls);
      balancer.kill('SIGSTOP');
      let answered = false;
      const answer = text(`${balancer.url}files/a`).finally(() => {
        answered = true;
      });
      await delay(200);
      expect(answered).toBe(false);
      balancer.kill('SIGCONT');
      expect(await answer).toBe('same');
      balancer.kill('SIGKILL');
      await goneGroup(balancer.pid!);
      await expect(text(balancer.url)).rejects.toThrow();
    },
  );

  it('takes another port when a process has the one it was given', needs(kind), async () => {
    const dir = await scratch();
    const taker = join(dir, 'taker.sh');
    // Between the choice of a port and the start, the first time only.
    await writeFile(
      taker,
      `if mkdir "${dir}/once" 2>/dev/null; then
        port=$(sed -n 's/.*\\(listen\\|bind\\) 127.0.0.1:\\([0-9]*\\).*/\\2/p' "${dir}/own/config")
        mkfifo "${dir}/ready"
        node -e "require('node:http').createServer((_, answer) => answer.end('other')).listen($port, '127.0.0.1', () => console.log($port))" > "${dir}/ready" &
        read -r _ < "${dir}/ready"
      fi
      exec "$@"`,
    );
    await mkdir(join(dir, 'own'));
    const balancer = await balance(kind, urls, { dir: join(dir, 'own'), wrapper: ['sh', taker] });
    expect(await readdir(dir)).toContain('once');
    expect(await text(`${balancer.url}files/a`)).toBe('same');
  });

  it('that ends before it answers is an error with its first complaint', needs(kind), async () => {
    const dir = await scratch();
    const error = balance(kind, ['http://nobody.invalid:80'], { dir });
    await expect(error).rejects.toMatchObject({
      code: 'ERR_MEASUREMENT',
      message: expect.stringMatching(
        /^balancer ended before it was ready \(exit code 1\): .*nobody\.invalid.*$/,
      ),
    });
    await expect(error).rejects.not.toMatchObject({ message: expect.stringContaining(dir) });
  });

  it('is over with a lab that is killed', needs(kind), async () => {
    const dir = await scratch();
    const options = {
      ...{ kind, id: 'balancer', cliPath: BINARY, address: '127.0.0.1', dir },
      replicas: urls,
    };
    await build({
      stdin: {
        contents: `import '../../runtime/with-resolvers.ts';
          import { startBalancer } from './balancer.ts';
          const { signal } = new AbortController();
          const { pid, url } = await startBalancer({ ...${JSON.stringify(options)}, signal });
          console.log(JSON.stringify({ pid, url }));`,
        resolveDir: resolve(import.meta.dirname, '../../../src/lab/run'),
      },
      ...{ bundle: true, platform: 'node', format: 'esm', logLevel: 'silent' },
      outfile: join(dir, 'lab.mjs'),
    });
    const lab = new Lab(join(dir, 'lab.mjs'));
    onTestFinished(() => lab.kill());
    const { pid, url } = await lab.said();
    expect(await text(`${url}files/a`)).toBe('same');
    lab.kill();
    await goneGroup(pid);
  });

  it('runs on a host of a network', needs(kind, ...LAB_NETWORK), async () => {
    const rates = { uplinkBytesPerSecond: 2 ** 20, downlinkBytesPerSecond: 2 ** 20 };
    const network = makeNetwork([rates, rates]);
    onTestFinished(() => network.remove());
    const [one, other] = network.hosts as [Host, Host];
    const url = await startHub(one);
    const wrapper = within(other);
    const balancer = await balance(kind, [url], { address: other.address, wrapper });
    expect(balancer.url).toContain(`//${other.address}:`);
    const sent = network.wireBytes()[1]!.sentBytes;
    // From the hub's host over both lines.
    const asker = new Child(
      'asker',
      BINARY,
      ['client', 'get', `${balancer.url}files/a`, '--json', '-o', join(await scratch(), 'a')],
      { wrapper: within(one) },
    );
    onTestFinished(() => asker.kill());
    await asker.ready(['transfer_completed'], 10_000, signal);
    expect(network.wireBytes()[1]!.sentBytes).toBeGreaterThan(sent);
  });
});

it('says why the binary wrote no configuration', async () => {
  await expect(balance('nginx', ['ftp://a'])).rejects.toMatchObject({
    code: 'ERR_MEASUREMENT',
    message: expect.stringMatching(/^balancer has no configuration: .*--replica: 'ftp:\/\/a'/),
  });
});
