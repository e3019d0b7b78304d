import { describe, expect, it } from 'vitest';
import { Listening } from '../../../src/peer/discovery/listening.ts';
import type { Event } from '../../../src/telemetry/event.ts';
import { VirtualClock } from '../../swarm/virtual-clock.ts';
import { useNodes } from '../nodes.ts';

const start = useNodes();

describe('a peer that is told to listen on this machine alone', () => {
  it.each([
    ['/ip4/127.0.0.1/tcp/4001', []],
    ['/dns4/localhost/tcp/4001', []],
    ['/ip4/198.51.100.7/tcp/4001', [expect.objectContaining({ because: 'listen', hosts: [] })]],
  ])('and joins %s hears of another --listen where that changes anything', async (...given) => {
    const [join, told] = given;
    const events: Event[] = [];
    const listening = new Listening({
      listen: ['/ip4/127.0.0.1/tcp/0'],
      joins: [join],
      mdns: false,
      clock: new VirtualClock(),
      emit: (event) => events.push(event),
    });
    listening.follow(await start({ listen: await listening.choose() }), () => {});
    listening.close();
    expect(events).toEqual(told);
  });
});

describe('a peer that shares with anybody', () => {
  it.each(['/ip4/127.0.0.1/tcp/0', '/dns4/localhost/tcp/0'])(
    'and listens at %s hears that only this machine can call it',
    async (own) => {
      const events: Event[] = [];
      const listening = new Listening({
        listen: [own],
        joins: [],
        mdns: true,
        isOpen: true,
        clock: new VirtualClock(),
        emit: (event) => events.push(event),
      });
      listening.follow(await start({ listen: await listening.choose() }), () => {});
      listening.close();
      expect(events).toEqual([expect.objectContaining({ because: 'listen', hosts: [] })]);
    },
  );
});
