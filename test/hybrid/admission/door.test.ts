// Two peers at each other's door: only those that a hub has admitted to one topic come in.
import { randomBytes } from 'node:crypto';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { HubAdmission } from '../../../src/api/hub-admission.ts';
import { Door } from '../../../src/hybrid/admission/door.ts';
import { signTicket } from '../../../src/hybrid/admission/ticket.ts';
import { ProcessLink } from '../../../src/link/process-link.ts';
import { Peer } from '../../../src/peer/peer.ts';
import { scratch, startPeer } from '../hub-and-peers.ts';

const NOW = Date.now();
const TOPIC = randomBytes(32).toString('hex');

type Change = Partial<HubAdmission['ticket']>;

/** Two closed peers, the first connected to the second, and a hub's key. */
async function stage() {
  const { peer: hub } = await startPeer();
  const { peer: otherHub } = await startPeer();
  const member = async (address?: string) => {
    let now = NOW;
    const door = new Door(() => now);
    const pass = (ms: number): void => {
      now += ms;
    };
    const emit = (): void => {};
    const link = new ProcessLink(emit, {});
    const options = { circle: door.circle, knock: door.knock.bind(door), joins: [] };
    const peer = await Peer.start({ dataDir: await scratch(), link, emit, ...options });
    onTestFinished(async () => {
      await peer.stop();
      link.close();
    });
    await door.open(peer);
    if (address) await peer.join([address], AbortSignal.timeout(20_000));
    const take = async (change: Change = {}, signer = hub): Promise<void> => {
      const meant = { hub: hub.peerId, peer: peer.peerId, topic: TOPIC, until: NOW + 1000 };
      const ticket = await signTicket({ ...meant, ...change }, (bytes) => signer.sign(bytes));
      door.take({ ticket: { ...ticket, ...change }, ms: ticket.until - NOW });
    };
    return { door, peer, take, pass };
  };
  const two = await member();
  const one = await member(two.peer.addresses[0]);
  return { hub, otherHub, one, two };
}

const signal = (): AbortSignal => AbortSignal.timeout(20_000);

describe('a door', () => {
  it('lets in who has a ticket, on both sides, and out when it has ended', async () => {
    const { hub, one, two } = await stage();
    await one.take();
    await two.take();
    await one.door.knock(two.peer.peerId, signal());
    expect([...one.door.circle]).toEqual([hub.peerId, two.peer.peerId]);
    expect([...two.door.circle]).toEqual([hub.peerId, one.peer.peerId]);
    expect(one.door.met).toEqual([two.peer.peerId]);
    expect(one.door.lapsed()).toEqual([]);
    one.pass(1000);
    expect(one.door.lapsed()).toEqual([two.peer.peerId]);
    expect([...one.door.circle]).toEqual([hub.peerId]);
  });

  it('stays shut before this peer has a ticket', async () => {
    const { one, two } = await stage();
    await two.take();
    await expect(one.door.knock(two.peer.peerId, signal())).rejects.toThrow('was not admitted');
  });

  it.each<[string, Change]>([
    ['of another topic', { topic: randomBytes(32).toString('hex') }],
    ['that has ended', { until: NOW }],
    ['of another peer', { peer: '12D3KooWEyoppNCUx8Yx66oV9fJnriXwCcXwDDUA2kj6vnc6iDEp' }],
    ['that nobody signed', { signature: 'A'.repeat(86) }],
  ])('stays shut for a ticket %s', async (_, change) => {
    const { one, two } = await stage();
    await two.take();
    await one.take(change);
    await expect(one.door.knock(two.peer.peerId, signal())).rejects.toThrow();
    expect(two.door.met).toEqual([]);
    // Also where the other end has it.
    await expect(two.door.knock(one.peer.peerId, signal())).rejects.toThrow();
    expect(two.door.met).toEqual([]);
  });

  it('stays shut for a ticket of another hub', async () => {
    const { otherHub, one, two } = await stage();
    await two.take();
    await one.take({ hub: otherHub.peerId }, otherHub);
    await expect(one.door.knock(two.peer.peerId, signal())).rejects.toThrow();
    expect(two.door.met).toEqual([]);
  });
});
