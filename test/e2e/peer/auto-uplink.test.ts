// `--uplink auto` behind a router that is slower than its wires: a kernel's token
// bucket with a buffer of a second, which TCP (Reno) fills when it is let. What the
// router's queue holds is read from the kernel. Needs Linux, root, iproute2 and tbf;
// skipped without.
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { needs } from '../../support/needs.ts';
import { type Running, randomFile, scratch, start } from '../binary.ts';
import { ip, makeHosts, namespaces, wire } from '../namespaces.ts';

const TBF = 'burst 16kb latency 1000ms';
const RENO = 'sysctl -qw net.ipv4.tcp_congestion_control=reno';
/** Of what passes the router, the payload: 1500 bytes of IP hold 1448 of TCP's. */
const PAYLOAD = 0.95;

const SLOW_ROUTER = namespaces(`tc qdisc add dev lo root tbf rate 1mbit ${TBF}`, RENO);

function limitRouter(router: string, verb: 'add' | 'change', mbit: number): void {
  ip(`netns exec ${router} tc qdisc ${verb} dev out0 root tbf rate ${mbit}mbit ${TBF}`);
}

/** An origin at 10.77.0.1 and a receiver at 10.78.0.1, with a router between them. */
function makeNetwork(mbit: number): { origin: string; receiver: string; router: string } {
  const [origin, receiver, router] = makeHosts('origin', 'receiver', 'router') as [
    string,
    string,
    string,
  ];
  wire([origin, 'wan0', '10.77.0.1/24'], [router, 'in0', '10.77.0.254/24']);
  wire([receiver, 'wan0', '10.78.0.1/24'], [router, 'out0', '10.78.0.254/24']);
  ip(`-n ${origin} route add default via 10.77.0.254`);
  ip(`-n ${receiver} route add default via 10.78.0.254`);
  ip(`netns exec ${router} sysctl -qw net.ipv4.ip_forward=1`);
  ip(`netns exec ${origin} ${RENO}`);
  limitRouter(router, 'add', mbit);
  return { origin, receiver, router };
}

/** Bytes in the router's queue now. */
function backlog(router: string): number {
  const text = ip(`netns exec ${router} tc -s qdisc show dev out0`);
  const [, bytes, prefix] = /backlog (\d+)(K|M)?b/.exec(text)!;
  return Number(bytes) * (prefix === 'K' ? 1024 : prefix === 'M' ? 2 ** 20 : 1);
}

/** Over so many seconds: the share of the line that payload took, and the queue at its 95th part. */
async function watch(
  peer: Running,
  router: string,
  mbit: number,
  seconds: number,
): Promise<{ share: number; queueMs: number }> {
  const bytesPerMs = mbit * 125;
  const now = Date.now();
  const from = await peer.until('link_counted', ({ t }) => t >= now);
  const queues: number[] = [];
  while (Date.now() < from.t + seconds * 1000) {
    queues.push(backlog(router) / bytesPerMs);
    await delay(20);
  }
  const to = await peer.until('link_counted', ({ t }) => t >= from.t + seconds * 1000);
  queues.sort((a, b) => a - b);
  return {
    share: (to.sentBytes - from.sentBytes) / (to.t - from.t) / bytesPerMs / PAYLOAD,
    queueMs: queues[Math.floor(queues.length * 0.95)]!,
  };
}

describe('peer --uplink auto', needs(...SLOW_ROUTER), () => {
  // What holds up the processes looks like a queue to them: twice again on a busy machine.
  it('uses a router of 20 Mbit/s, and of 5, and leaves no queue in it', {
    retry: 2,
    timeout: 60_000,
  }, async () => {
    const { origin, receiver, router } = makeNetwork(20);
    const dir = await scratch();
    const file = await randomFile(join(dir, 'content'), 64 * 2 ** 20);
    const inside = (host: string): string[] => ['ip', 'netns', 'exec', host];
    const data = (name: string): string[] => ['--data', join(dir, name)];
    const listen = ['--listen', '/ip4/10.77.0.1/tcp/0', '--uplink', 'auto'];
    const sharing = start(
      ['peer', '--json', ...data('origin'), ...listen, '--share', file],
      {},
      inside(origin),
    );
    const { addresses } = await sharing.until('listening');
    const { cid } = await sharing.until('file_shared');
    const get = ['--join', addresses[0]!, '--get', cid, '--out', join(dir, 'out')];
    start(['peer', '--json', ...data('receiver'), ...get], {}, inside(receiver));
    const { t } = await sharing.until('link_counted', ({ sentBytes }) => sentBytes > 0);
    await sharing.until('link_counted', (event) => event.t > t + 3000);
    const fast = await watch(sharing, router, 20, 6);
    limitRouter(router, 'change', 5);
    const changedAt = Date.now();
    await sharing.until('link_counted', (event) => event.t > changedAt + 6000);
    const slow = await watch(sharing, router, 5, 6);
    for (const { share, queueMs } of [fast, slow]) {
      expect(share).toBeGreaterThan(0.85);
      expect(share).toBeLessThan(1.03);
      // 56 and 42 on a quiet machine, 116 on a busy one; without auto 424 and 1005.
      expect(queueMs).toBeLessThan(200);
    }
  });
});
