// The life of a mapping, on a clock of its own: a router that grants, refuses, lies and forgets.
import { describe, expect, it, onTestFinished } from 'vitest';
import { PortMapping } from '../../../src/peer/mapping/port-mapping.ts';
import type { Mapped, MapRequest, Router } from '../../../src/peer/mapping/router.ts';
import { HubswarmError } from '../../../src/runtime/errors.ts';
import { VirtualClock } from '../../swarm/virtual-clock.ts';

const GATEWAY = { router: '192.168.9.1', host: '192.168.9.2' };
const GRANTED: Mapped = { host: '5.9.9.1', port: 4001, lifetimeSeconds: 600 };

class TestRouter implements Router {
  readonly asked: string[] = [];
  answer: () => Promise<Mapped> = async () => GRANTED;

  map({ port, wanted }: MapRequest): Promise<Mapped> {
    this.asked.push(`map ${port} ${wanted}`);
    return this.answer();
  }

  async unmap({ port }: MapRequest, mapped: Mapped): Promise<void> {
    this.asked.push(`unmap ${port} ${mapped.port}`);
  }
}

const refuse = async (): Promise<never> => {
  throw new HubswarmError('ERR_REMOTE', 'the router refuses');
};

/** Lets everything happen that waits for no time. */
const settle = (): Promise<void> => new Promise((done) => setImmediate(done));

function stage(routers: readonly Router[], port = 4001) {
  const clock = new VirtualClock();
  const told: string[] = [];
  const warnings: string[] = [];
  const state = { gateway: GATEWAY as typeof GATEWAY | undefined, port };
  const mapping = new PortMapping({
    clock,
    findGateway: async () => state.gateway,
    routersAt: () => routers,
    listeners: () => [{ host: GATEWAY.host, port: state.port }],
    announce: (host, at) => {
      told.push(`${host}:${at}`);
      return () => void told.push(`not ${host}:${at}`);
    },
    warn: (message) => void warnings.push(message),
  });
  onTestFinished(() => mapping.close());
  const pass = async (ms: number): Promise<void> => {
    await settle();
    await clock.advance(ms);
    await settle();
  };
  return { told, warnings, state, pass, mapping };
}

describe('a port of the router', () => {
  it('is announced, renewed in half of its time, and given back', async () => {
    const router = new TestRouter();
    const { told, pass, mapping, warnings } = stage([router]);
    await pass(0);
    expect(told).toEqual(['5.9.9.1:4001']);
    await pass(300_000);
    expect(router.asked).toEqual(['map 4001 4001', 'map 4001 4001']);
    expect(told).toEqual(['5.9.9.1:4001']);
    await mapping.close();
    expect(router.asked.at(-1)).toBe('unmap 4001 4001');
    expect(told).toEqual(['5.9.9.1:4001', 'not 5.9.9.1:4001']);
    expect(warnings).toEqual([]);
  });

  it('is asked for in the next way if the first does not answer', async () => {
    const [deaf, router] = [new TestRouter(), new TestRouter()];
    deaf.answer = refuse;
    const { told, pass } = stage([deaf, router]);
    await pass(0);
    expect(told).toEqual(['5.9.9.1:4001']);
  });

  it('is another one when the router says so at a renewal', async () => {
    const router = new TestRouter();
    const { told, pass } = stage([router]);
    await pass(0);
    router.answer = async () => ({ ...GRANTED, host: '5.9.9.7', port: 5000 });
    await pass(300_000);
    expect(told).toEqual(['5.9.9.1:4001', 'not 5.9.9.1:4001', '5.9.9.7:5000']);
    await pass(300_000);
    expect(router.asked.at(-1)).toBe('map 4001 5000');
  });

  it('is taken back, and asked for again, when the router does not renew it', async () => {
    const router = new TestRouter();
    const { told, warnings, pass } = stage([router]);
    await pass(0);
    router.answer = refuse;
    await pass(300_000);
    await pass(60_000);
    expect(told).toEqual(['5.9.9.1:4001', 'not 5.9.9.1:4001']);
    // Told once, whatever the number of tries.
    expect(warnings).toEqual([expect.stringContaining('--port-mapping: the router refuses')]);
    router.answer = async () => GRANTED;
    await pass(60_000);
    expect(told.at(-1)).toBe('5.9.9.1:4001');
  });

  it('follows the port at which the peer listens', async () => {
    const router = new TestRouter();
    const { state, pass } = stage([router]);
    await pass(0);
    state.port = 4002;
    await pass(300_000);
    expect(router.asked).toEqual(['map 4001 4001', 'unmap 4001 4001', 'map 4002 4001']);
  });

  it.each([
    ['a private network', '192.168.1.7'],
    ['this machine', '127.0.0.1'],
    ['nowhere', '0.0.0.0'],
    ['a group', '239.1.1.1'],
  ])('of a router at %s is announced to nobody, and given back', async (_, host) => {
    const router = new TestRouter();
    router.answer = async () => ({ ...GRANTED, host });
    const { told, warnings, pass } = stage([router]);
    await pass(0);
    expect(told).toEqual([]);
    expect(router.asked.at(-1)).toBe('unmap 4001 4001');
    expect(warnings).toEqual([expect.stringContaining('is not of the internet')]);
  });

  it.each([
    ['at once', { lifetimeSeconds: 0 }],
    ['port 0', { port: 0 }],
  ])('that ends %s is none', async (_, change) => {
    const router = new TestRouter();
    router.answer = async () => ({ ...GRANTED, ...change });
    const { told, pass } = stage([router]);
    await pass(0);
    expect(told).toEqual([]);
  });

  it('with a lifetime of a second is not asked for each second', async () => {
    const router = new TestRouter();
    router.answer = async () => ({ ...GRANTED, lifetimeSeconds: 1 });
    const { pass } = stage([router]);
    await pass(0);
    await pass(4000);
    expect(router.asked).toEqual(['map 4001 4001']);
  });

  it('is none without a router', async () => {
    const router = new TestRouter();
    const { state, warnings, pass } = stage([router]);
    state.gateway = undefined;
    await pass(0);
    await pass(60_000);
    expect(warnings.length).toBeLessThanOrEqual(1);
  });
});
