import { describe, expect, it } from 'vitest';
import { encodeMessage, FrameDecoder } from '../../src/exchange/wire/codec.ts';
import type { Message } from '../../src/exchange/wire/message.ts';
import { Link } from '../../src/link/link.ts';
import { Intake } from '../../src/swarm/intake.ts';
import { VirtualClock } from './virtual-clock.ts';

const BLOCK = 10_000;

/** An intake behind a downlink that takes a block each second, the first one at once. */
function open(mostWaitingBytes = 100 * BLOCK) {
  const clock = new VirtualClock();
  const taken: Message['type'][] = [];
  const violations: string[] = [];
  const intake = new Intake({
    link: new Link({ clock, downlinkBytesPerSecond: BLOCK }),
    decoder: new FrameDecoder(),
    mostWaitingBytes: () => mostWaitingBytes,
    onMessage: ({ type }) => taken.push(type),
    onViolation: (reason) => violations.push(reason),
    onFailed: (error) => violations.push(String(error)),
  });
  return { clock, intake, taken, violations };
}

const block: Message = {
  type: 'block',
  piece: 0,
  begin: 0,
  parts: [new Uint8Array(BLOCK)],
  length: BLOCK,
};
const interest: Message = { type: 'interest', interested: true };
const bytesOf = (...messages: Message[]): Uint8Array =>
  Buffer.concat(messages.flatMap((message) => encodeMessage(message)));

describe('an intake', () => {
  it('hands on at once what is no block', () => {
    const { intake, taken } = open();
    intake.read(bytesOf(interest, interest));
    intake.take([{ type: 'decline', grant: 1 }]);
    expect(taken).toEqual(['interest', 'interest', 'decline']);
  });

  it('decodes what comes cut anywhere', () => {
    const { intake, taken } = open();
    for (const byte of bytesOf(interest, interest)) intake.read(Uint8Array.of(byte));
    expect(taken).toEqual(['interest', 'interest']);
  });

  it('lets a block wait for the downlink, and what was said after it wait behind', async () => {
    const { clock, intake, taken } = open();
    intake.take([block]);
    intake.read(bytesOf(block, interest));
    await clock.advance(1900);
    expect(taken).toEqual(['block']);
    await clock.advance(200);
    expect(taken).toEqual(['block', 'block', 'interest']);
  });

  it('takes it for a violation when more waits than was asked for', () => {
    const { intake, violations } = open(2 * BLOCK);
    intake.take([block, block]);
    expect(violations).toEqual([]);
    intake.take([block, block]);
    expect(violations).toEqual(['sends more than was asked for']);
  });

  it('counts no longer what the downlink has let through', async () => {
    const { clock, intake, taken, violations } = open(2 * BLOCK);
    for (let second = 0; second < 5; second++) {
      intake.take([block]);
      await clock.advance(1000);
    }
    expect([taken.length, violations]).toEqual([5, []]);
  });

  it('tells of what no honest neighbour sends, after what came before it', () => {
    const { intake, taken, violations } = open();
    intake.read(Buffer.concat([bytesOf(interest), Uint8Array.of(0, 0, 0, 1, 99)]));
    expect(taken).toEqual(['interest']);
    expect(violations).toHaveLength(1);
  });

  it('hands on nothing once it is stopped', async () => {
    const { clock, intake, taken, violations } = open(2 * BLOCK);
    intake.take([block, block, interest]);
    await clock.advance(1500);
    expect(taken).toEqual(['block']);
    intake.stop();
    intake.take([block, block, block]);
    await clock.advance(10_000);
    expect(taken).toEqual(['block']);
    expect(violations).toEqual([]);
  });
});
