import { afterEach, describe, expect, test } from 'vitest';
import { makePhrase, readPhrase } from '../../../src/hybrid/phrase/code-phrase.ts';
import { type Met, PhraseReceiver } from '../../../src/hybrid/phrase/phrase-receiver.ts';
import { PhraseSender } from '../../../src/hybrid/phrase/phrase-sender.ts';
import { Spake2 } from '../../../src/hybrid/phrase/spake2.ts';
import type { Event } from '../../../src/telemetry/event.ts';
import { MemoryWire } from '../../swarm/memory-wire.ts';
import { VirtualClock } from '../../swarm/virtual-clock.ts';

const OFFER = {
  cid: 'bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy',
  name: 'a.txt',
  bytes: 10,
};

class Sending {
  readonly clock = new VirtualClock();
  readonly events: Event[] = [];
  readonly admitted = new Set<string>();
  readonly sender: PhraseSender;
  number = 0;

  constructor(receivers = 1) {
    this.sender = new PhraseSender({
      self: 'sender',
      offer: OFFER,
      receivers,
      clock: this.clock,
      emit: (event) => void this.events.push(event),
      onPhrase: ({ number }) => {
        this.number = number;
      },
      admit: (peer) => void this.admitted.add(peer),
      dismiss: (peer) => void this.admitted.delete(peer),
    });
  }

  get phrase(): string {
    return this.events.findLast((event) => event.event === 'phrase_made')!.phrase;
  }

  named(name: Event['event']): Event[] {
    return this.events.filter(({ event }) => event === name);
  }

  /** The wire at the end of a peer that calls. */
  call(peer: string): MemoryWire {
    const [near, far] = MemoryWire.pair(peer, 'sender');
    this.sender.answer(far);
    return near;
  }

  async say(peer: string, phrase = this.phrase): Promise<Met | string> {
    const receiver = new PhraseReceiver(readPhrase(phrase), peer);
    const outcome = await receiver.meet(this.call(peer), new AbortController().signal);
    return outcome.kind === 'met' ? outcome : outcome.kind;
  }
}

const met = (result: Met | string): Met => {
  if (typeof result === 'string') throw new Error(`not met: ${result}`);
  return result;
};
const turns = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
/** Another phrase with the same number. */
const wrongFor = (phrase: string): string => {
  const wrong = makePhrase(readPhrase(phrase).number).text;
  return wrong === phrase ? wrongFor(phrase) : wrong;
};

let sending = new Sending();
afterEach(() => {
  sending = new Sending();
});

describe('the right phrase', () => {
  test('tells the offer, lets the receiver in, follows it, and ends the share', async () => {
    const { sender, offer, report } = met(await sending.say('ann'));
    expect({ sender, offer }).toEqual({ sender: 'sender', offer: OFFER });
    expect([...sending.admitted]).toEqual(['ann']);
    report(5);
    report('complete');
    await sending.sender.ended;
    expect(sending.named('receiver_progressed')).toMatchObject([{ bytes: 5, total: 10 }]);
    expect(sending.named('receiver_completed')).toHaveLength(1);
  });

  test('keeps a second receiver out, also while the first is still receiving', async () => {
    met(await sending.say('ann'));
    expect(await sending.say('bob')).toBe('taken');
    expect([...sending.admitted]).toEqual(['ann']);
  });

  test('lets in as many as may be', async () => {
    sending = new Sending(2);
    met(await sending.say('ann')).report('complete');
    met(await sending.say('bob')).report('complete');
    await sending.sender.ended;
    expect(await sending.say('eve')).toBe('unknown');
  });

  test('lets a receiver in again after a break, and nobody without it meanwhile', async () => {
    met(await sending.say('ann')).close();
    await turns();
    expect([...sending.admitted]).toEqual([]);
    expect(sending.named('receiver_left')).toHaveLength(1);
    met(await sending.say('ann'));
    met(await sending.say('ann')).report('complete');
    await sending.sender.ended;
  });
});

describe('a wrong phrase', () => {
  test('learns nothing, and makes another phrase', async () => {
    const before = sending.phrase;
    expect(await sending.say('eve', wrongFor(before))).toBe('unproven');
    expect(sending.phrase).not.toBe(before);
    expect(await sending.say('ann', before)).toBe(
      readPhrase(before).number === sending.number ? 'unproven' : 'unknown',
    );
    expect(sending.admitted.size).toBe(0);
    met(await sending.say('ann'));
  });

  test('is judged once, however many are said at the same time', async () => {
    const phrase = sending.phrase;
    const said = await Promise.all(
      ['a', 'b', 'c', 'd'].map((peer) => sending.say(peer, wrongFor(phrase))),
    );
    expect(said).toContain('unproven');
    for (const each of said) expect(['unproven', 'unknown']).toContain(each);
    expect(sending.named('phrase_refused')).toHaveLength(1);
  });

  test('ends the share when it is said again and again', async () => {
    const ended = expect(sending.sender.ended).rejects.toMatchObject({ code: 'ERR_BUSY' });
    for (let i = 0; i < 5; i++) await sending.say(`eve${i}`, wrongFor(sending.phrase));
    await ended;
  });

  test('another number is told that it is unknown, which costs no phrase', async () => {
    const { number, text } = readPhrase(sending.phrase);
    const other = text.replace(/^\d+/, String((number % 999) + 1));
    expect(await sending.say('ann', other)).toBe('unknown');
    expect(sending.phrase).toBe(text);
  });
});

describe('a hostile peer', () => {
  test('that says nothing is cut in time', async () => {
    const wire = sending.call('eve');
    await sending.clock.advance(15_000);
    expect(wire.end).toBe('reset');
  });

  test('that sends too much is cut', async () => {
    const wire = sending.call('eve');
    wire.send([new Uint8Array(9000)]);
    expect(wire.end).toBe('reset');
  });

  test('that calls again and again is cut, until time has passed', async () => {
    for (let i = 0; i < 4; i++) {
      sending.call('eve').abort('gone');
      await turns();
    }
    expect(sending.call('eve').end).toBe('reset');
    expect(sending.call('ann').end).toBeUndefined();
    await sending.clock.advance(4000);
    expect(sending.call('eve').end).toBeUndefined();
  });

  test('that opens handshakes and waits leaves the phrase as it is', async () => {
    const before = sending.phrase;
    for (let i = 0; i < 4; i++) sending.call('eve');
    expect(sending.call('eve').end).toBe('reset');
    met(await sending.say('ann'));
    expect(sending.phrase).toBe(before);
  });

  test('that takes the guess and hangs up has had it', async () => {
    const [near, far] = MemoryWire.pair('ann', 'eve');
    const phrase = makePhrase();
    const receiver = new PhraseReceiver(phrase, 'ann');
    const meeting = receiver.meet(near, new AbortController().signal);
    const identities = { a: Buffer.from('ann'), b: Buffer.from('eve') };
    const guess = new Spake2({ side: 'b', identities, password: Buffer.alloc(64, 1) });
    far.send([Buffer.of(0), guess.share]);
    await new Promise<void>((resolve) => far.onData((chunk) => chunk.length === 32 && resolve()));
    far.abort('thanks');
    expect(await meeting).toEqual({ kind: 'unproven' });
  });

  test.each([
    ['a status that is none', [Buffer.of(9)]],
    ['a share that is none', [Buffer.of(0), new Uint8Array(65)]],
  ])('that answers %s is told from the sender', async (_, parts) => {
    const [near, far] = MemoryWire.pair('ann', 'eve');
    const meeting = new PhraseReceiver(makePhrase(), 'ann').meet(
      near,
      new AbortController().signal,
    );
    far.send(parts);
    await expect(meeting).rejects.toMatchObject({ code: 'ERR_REMOTE' });
    expect(near.end).toBeDefined();
  });

  test('between the two is found out: the proof is bound to the peers', async () => {
    const [near, far] = MemoryWire.pair('ann', 'eve');
    const [eve, sender] = MemoryWire.pair('eve', 'sender');
    far.onData((chunk) => eve.send([chunk]));
    eve.onData((chunk) => far.send([chunk]));
    sending.sender.answer(sender);
    const receiver = new PhraseReceiver(readPhrase(sending.phrase), 'ann');
    expect(await receiver.meet(near, new AbortController().signal)).toEqual({ kind: 'unproven' });
    expect(sending.admitted.size).toBe(0);
  });
});

describe('a phrase as it is typed', () => {
  test.each([
    ['7-canyon-ocean', '7-canyon-ocean'],
    ['  7 Canyon  OCEAN ', '7-canyon-ocean'],
    ['07_cany.ocea', '7-canyon-ocean'],
    ['12-zoo-act', '12-zoo-act'],
  ])('%j is %s', (typed, text) => {
    expect(readPhrase(typed).text).toBe(text);
  });

  test.each([
    ['7-canyon', /no code phrase/],
    ['0-canyon-ocean', /no code phrase/],
    ['1000-canyon-ocean', /no code phrase/],
    ['7-canyons-ocean', /'canyons' is no word.*'canyon'/],
    ['7-xyzzy-ocean', /'xyzzy' is no word/],
    ['7-ca-ocean', /'ca' is no word/],
  ])('%j is refused', (typed, message) => {
    expect(() => readPhrase(typed)).toThrow(message);
  });
});
