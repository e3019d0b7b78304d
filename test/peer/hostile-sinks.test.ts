// Hostile receivers: a seed with a slow uplink serves an honest peer through real
// libp2p beside some that want grants and make nothing of them.
import { describe, expect, it } from 'vitest';
import type { Message } from '../../src/exchange/wire/message.ts';
import {
  type Behaviour,
  BYTES,
  bansOf,
  type Line,
  until,
  useHostileSwarm,
} from './hostile-swarm.ts';

const swarm = useHostileSwarm();

/** Lacks everything, wants it again and again, and answers an offer as it is told to. */
function sink(
  onGrant: (line: Line, grant: number) => void,
  onBlock?: (line: Line, message: Message) => void,
): Behaviour {
  return (line, heard) => {
    if (heard.length === 0) {
      line.say(swarm.hello('none'));
      line.say({ type: 'interest', interested: true });
    }
    for (const message of heard) {
      if (message.type === 'grant') onGrant(line, message.grant);
      if (message.type === 'block') onBlock?.(line, message);
      if (message.type === 'revoke') line.say({ type: 'interest', interested: true });
    }
  };
}

let next = 0;
const request = (line: Line, grant: number): void => {
  line.say({ type: 'request', grant, piece: next++ % 16 });
};

describe('a seed among hostile receivers', () => {
  it.each<[string, () => Behaviour]>([
    ['never answer an offer', () => sink(() => {})],
    [
      'decline all and want again',
      () =>
        sink((line, grant) => {
          line.say({ type: 'decline', grant });
          line.say({ type: 'interest', interested: true });
        }),
    ],
    ['never say that they have what they got', () => sink(request)],
    [
      'ask and then stop reading',
      () =>
        sink((line, grant) => {
          request(line, grant);
          line.stream.pause();
        }),
    ],
    [
      'take back what they asked for',
      () =>
        sink((line, grant) => {
          const piece = next++ % 16;
          line.say({ type: 'request', grant, piece });
          line.say({ type: 'cancel', piece });
        }),
    ],
  ])('serves the honest one although four %s', async (_, behave) => {
    // Alone it takes two seconds.
    const seed = await swarm.seed({ up: BYTES / 2 });
    for (let i = 0; i < 4; i++) await swarm.call(await swarm.node(), seed.peer, behave());
    const honest = await swarm.honest('honest');
    await swarm.fetch(honest, [seed.peer]);
  });

  it('bans who asks for one piece twice on one offer', async () => {
    const seed = await swarm.seed();
    const enemy = await swarm.node();
    await swarm.call(
      enemy,
      seed.peer,
      sink((line, grant) => {
        request(line, grant);
        request(line, grant);
      }),
    );
    await until(seed, ({ event }) => event === 'neighbour_banned');
    expect(bansOf(seed, enemy.peerId.toString())).toEqual([
      expect.stringMatching(/second request/),
    ]);
  });
});
