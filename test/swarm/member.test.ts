import { describe, expect, it } from 'vitest';
import { FrameDecoder } from '../../src/exchange/wire/codec.ts';
import { Link } from '../../src/link/link.ts';
import { Intake } from '../../src/swarm/intake.ts';
import { Member } from '../../src/swarm/member.ts';
import { MemoryWire } from './memory-wire.ts';

function member(onOver: (useful: boolean) => void, taken: string[]): Member {
  const intake = new Intake({
    link: new Link(),
    decoder: new FrameDecoder(),
    mostWaitingBytes: () => 0,
    onMessage: ({ type }) => taken.push(type),
    onViolation: (reason) => taken.push(reason),
    onFailed: (error) => taken.push(String(error)),
  });
  const wire = MemoryWire.pair('me', 'ann')[0];
  return new Member({ wire, outbound: true, onOver }, intake, 7);
}

it('tells the session what its wire is', () => {
  expect(member(() => {}, []).kind).toEqual({ withdraws: false, webSeed: undefined });
});

describe('a member that the swarm is done with', () => {
  it.each([true, false])('tells whether a piece was passed on: %s', (useful) => {
    const over: boolean[] = [];
    const one = member((was) => over.push(was), []);
    one.useful = useful;
    expect(over).toEqual([]);
    one.end();
    expect(over).toEqual([useful]);
  });

  it('hands on nothing of what it sends', () => {
    const taken: string[] = [];
    const one = member(() => {}, taken);
    one.intake.take([{ type: 'decline', grant: 1 }]);
    one.end();
    one.intake.take([{ type: 'decline', grant: 2 }]);
    expect(taken).toEqual(['decline']);
  });
});
