// Two real peers and a stranger: what is shared by a phrase goes to who says it, and nobody else
// learns that it is there.
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CID } from 'multiformats/cid';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { giveByPhrase, Progress, takeByPhrase } from '../../../src/hybrid/phrase/by-phrase.ts';
import type { Closed } from '../../../src/hybrid/phrase/closed.ts';
import { readPhrase } from '../../../src/hybrid/phrase/code-phrase.ts';
import { findSender } from '../../../src/hybrid/phrase/find-sender.ts';
import { type Outcome, PhraseReceiver } from '../../../src/hybrid/phrase/phrase-receiver.ts';
import { keepRendezvous } from '../../../src/hybrid/phrase/rendezvous.ts';
import { ProcessLink } from '../../../src/link/process-link.ts';
import { Peer } from '../../../src/peer/peer.ts';
import type { Timers } from '../../../src/runtime/clock.ts';
import type { Event } from '../../../src/telemetry/event.ts';
import { VirtualClock } from '../../swarm/virtual-clock.ts';

const BYTES = 300_000;
const ANY_CID = 'bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy';

interface Member extends Closed {
  readonly events: Event[];
  readonly progress: Progress;
}

let dir: string;
const ends: (() => Promise<unknown>)[] = [];

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'phrase-'));
});
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
  await rm(dir, { recursive: true });
});

async function start(name: string, isClosed = true): Promise<Member> {
  const events: Event[] = [];
  const progress = new Progress((event) => void events.push(event));
  const circle = new Set<string>();
  const { emit } = progress;
  const link = new ProcessLink(emit, {});
  const peer = await Peer.start({
    dataDir: join(dir, name),
    listen: ['/ip4/127.0.0.1/tcp/0'],
    link,
    emit,
    ...(isClosed ? { circle } : {}),
  });
  ends.push(async () => {
    await peer.stop();
    link.close();
  });
  return { peer, circle, events, progress };
}

const limit = (): AbortSignal => AbortSignal.timeout(20_000);

async function share(receivers = 1) {
  const sender = await start('sender');
  const path = join(dir, 'a.bin');
  const content = randomBytes(BYTES);
  await writeFile(path, content);
  const { cid } = await sender.peer.share(path, { signal: limit() });
  const offer = { cid: cid.toString(), name: 'a.bin', bytes: BYTES };
  const given = giveByPhrase(sender, offer, receivers, limit());
  given.catch(() => undefined);
  const phrase = (): string =>
    sender.events.findLast((event) => event.event === 'phrase_made')!.phrase;
  return { sender, cid, content, given, phrase };
}

async function meet(one: Member, other: Member): Promise<void> {
  await one.peer.join([other.peer.addresses[0]!], limit());
}

async function take(
  by: Member,
  phrase: string,
  signal = limit(),
  timeoutMs = Number.POSITIVE_INFINITY,
): Promise<string> {
  let path = '';
  const fetch = async (cid: CID): Promise<void> => {
    const options = { out: join(dir, 'out'), force: false, timeoutMs: 10_000, signal };
    path = await by.peer.get(cid, options);
  };
  await takeByPhrase(by, readPhrase(phrase), by.progress, fetch, { timeoutMs, signal });
  return path;
}

const names = ({ events }: Member): string[] => events.map(({ event }) => event);

test('the receiver gets it, both see how far it is, and the share ends', async () => {
  const { sender, content, given, phrase } = await share();
  const receiver = await start('receiver');
  await meet(receiver, sender);
  const path = await take(receiver, phrase());
  expect((await readFile(path)).equals(content)).toBe(true);
  await given;
  expect(receiver.events).toContainEqual(
    expect.objectContaining({ event: 'sender_met', name: 'a.bin', bytes: BYTES }),
  );
  expect(sender.events).toContainEqual({
    event: 'receiver_completed',
    remote: receiver.peer.peerId,
    name: 'a.bin',
    bytes: BYTES,
    total: BYTES,
  });
  expect(names(sender)).not.toContain('file_provided');
}, 30_000);

test('a stranger that knows the CID learns nothing, before and after a receiver was there', async () => {
  const { sender, cid, phrase } = await share(2);
  const [stranger, receiver] = [await start('stranger', false), await start('receiver')];
  await meet(stranger, sender);
  const get = () =>
    stranger.peer.get(cid, { out: dir, force: false, timeoutMs: 1500, signal: limit() });
  await expect(get()).rejects.toThrow(/nobody found who knows/);
  await meet(receiver, sender);
  await take(receiver, phrase());
  await expect(get()).rejects.toThrow(/nobody found who knows/);
}, 30_000);

test('a wrong phrase fails with one line, and the new one works', async () => {
  const { sender, phrase } = await share();
  const receiver = await start('receiver');
  await meet(receiver, sender);
  const first = phrase();
  const wrong = first.replace(/-[a-z]+$/, first.endsWith('-ocean') ? '-canyon' : '-ocean');
  await expect(take(receiver, wrong)).rejects.toThrow(
    /1 peer\(s\) with the number \d+ did not prove the phrase/,
  );
  expect(phrase()).not.toBe(first);
  await take(receiver, phrase());
}, 30_000);

test('a receiver that broke off goes on with the same phrase', async () => {
  const { sender, content, given, phrase } = await share();
  const early = await start('receiver');
  await meet(early, sender);
  const cut = new AbortController();
  const broken = expect(take(early, phrase(), cut.signal)).rejects.toThrow();
  await until(() => sender.circle.size === 1);
  cut.abort(new Error('broken off'));
  await broken;
  await until(() => sender.circle.size === 0);
  const path = await take(early, phrase());
  expect((await readFile(path)).equals(content)).toBe(true);
  await given;
}, 30_000);

test('a receiver whose connection breaks says the phrase again', async () => {
  const { sender, content, given, phrase } = await share();
  sender.peer.limit({ uplinkBytesPerSecond: 60_000 });
  const receiver = await start('receiver');
  await meet(receiver, sender);
  const taken = take(receiver, phrase());
  await until(() => names(sender).includes('receiver_progressed'));
  for (const connection of sender.peer.node.getConnections()) connection.abort(new Error('cut'));
  await until(() => names(sender).includes('receiver_left'));
  expect((await readFile(await taken)).equals(content)).toBe(true);
  await given;
  expect(names(sender).filter((name) => name === 'receiver_admitted')).toHaveLength(2);
}, 30_000);

test('a search for nobody ends with its limit', async () => {
  const receiver = await start('receiver');
  const search = take(receiver, '7-canyon-ocean', limit(), 200);
  await expect(search).rejects.toMatchObject({
    code: 'ERR_TIMEOUT',
    message: 'gave up after 0.2 s: nobody was found who shares by 7-...',
  });
}, 30_000);

test('a keeper that both know leads the receiver to the sender', async () => {
  const keeper = await start('keeper', false);
  await keepRendezvous(keeper.peer);
  const { sender, given, phrase } = await share();
  await meet(sender, keeper);
  const receiver = await start('receiver');
  await meet(receiver, keeper);
  await take(receiver, phrase());
  await given;
}, 30_000);

test('a keeper whose stream broke, the connection not, is told again', async () => {
  const keeper = await start('keeper', false);
  await keepRendezvous(keeper.peer);
  const { sender, given, phrase } = await share();
  await meet(sender, keeper);
  const registered = () => streamsOf(keeper, '/hubswarm/rendezvous/1.0.0');
  await until(() => registered().length === 1);
  for (const stream of registered()) stream.abort(new Error('cut'));
  const receiver = await start('receiver');
  await meet(receiver, keeper);
  await take(receiver, phrase());
  await given;
}, 30_000);

test('a receiver whom a keeper led there calls the sender when their connection breaks', async () => {
  const keeper = await start('keeper', false);
  await keepRendezvous(keeper.peer);
  const { sender, content, given, phrase } = await share();
  sender.peer.limit({ uplinkBytesPerSecond: 60_000 });
  await meet(sender, keeper);
  const receiver = await start('receiver');
  await meet(receiver, keeper);
  const taken = take(receiver, phrase());
  await until(() => names(sender).includes('receiver_progressed'));
  for (const connection of sender.peer.node.getConnections()) {
    if (String(connection.remotePeer) === receiver.peer.peerId) connection.abort(new Error('cut'));
  }
  expect((await readFile(await taken)).equals(content)).toBe(true);
  await given;
  expect(names(sender).filter((name) => name === 'receiver_admitted')).toHaveLength(2);
}, 30_000);

test('a receiver waits for a place for as long as another has it', async () => {
  const clock = new VirtualClock();
  const sender = await start('sender');
  const offer = { cid: ANY_CID, name: 'a.bin', bytes: BYTES };
  giveByPhrase(withClock(sender, clock), offer, 1, limit()).catch(() => undefined);
  const { phrase } = sender.events.find((event) => event.event === 'phrase_made')!;
  const first = await start('first');
  await meet(first, sender);
  const limits = { timeoutMs: Number.POSITIVE_INFINITY, signal: limit() };
  const said = new CountingReceiver(readPhrase(phrase), first.peer.peerId);
  const met = await findSender(first.peer, said, limits);
  const second = await start('second');
  await meet(second, sender);
  const waiting = new CountingReceiver(readPhrase(phrase), second.peer.peerId);
  const found = findSender(withClock(second, clock).peer, waiting, limits);
  const askAgain = async (): Promise<void> => {
    const asked = waiting.outcomes.length;
    await clock.advance(2000);
    await until(() => waiting.outcomes.length > asked);
  };
  while (waiting.outcomes.length < 40) await askAgain();
  expect(new Set(waiting.outcomes)).toEqual(new Set(['taken']));
  met.close();
  await until(() => names(sender).includes('receiver_left'));
  while (!waiting.outcomes.includes('met')) await askAgain();
  expect((await found).offer).toEqual(offer);
  expect(second.events).not.toContainEqual(
    expect.objectContaining({ message: expect.stringContaining('nobody was found yet') }),
  );
}, 60_000);

test('a receiver that waits for a place hears that the sender has ended, and gives up', async () => {
  const clock = new VirtualClock();
  const sender = await start('sender');
  const offer = { cid: ANY_CID, name: 'a.bin', bytes: BYTES };
  const given = giveByPhrase(sender, offer, 1, limit());
  const { phrase } = sender.events.find((event) => event.event === 'phrase_made')!;
  const first = await start('first');
  await meet(first, sender);
  const limits = { timeoutMs: Number.POSITIVE_INFINITY, signal: limit() };
  const said = new PhraseReceiver(readPhrase(phrase), first.peer.peerId);
  const met = await findSender(first.peer, said, limits);
  const second = await start('second');
  await meet(second, sender);
  const waiting = new CountingReceiver(readPhrase(phrase), second.peer.peerId);
  const found = findSender(withClock(second, clock).peer, waiting, limits);
  found.catch(() => undefined);
  await until(() => waiting.outcomes.includes('taken'));
  met.report('complete');
  await given;
  const isTold = (): boolean =>
    second.events.some(
      (event) => event.event === 'warned' && event.message.includes('is gone: it has ended'),
    );
  while (!isTold()) {
    await clock.advance(2000);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  await clock.advance(60_000);
  await expect(found).rejects.toMatchObject({ code: 'ERR_NO_SOURCE' });
}, 60_000);

class CountingReceiver extends PhraseReceiver {
  readonly outcomes: string[] = [];

  override async meet(...args: Parameters<PhraseReceiver['meet']>): Promise<Outcome> {
    const outcome = await super.meet(...args);
    this.outcomes.push(outcome.kind);
    return outcome;
  }
}

const withClock = ({ peer, circle }: Member, clock: Timers): Closed => ({
  peer: Object.create(peer, { clock: { value: clock } }) as Peer,
  circle,
});

const streamsOf = ({ peer }: Member, protocol: string) =>
  peer.node
    .getConnections()
    .flatMap(({ streams }) => streams)
    .filter((stream) => stream.protocol === protocol);

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve));
}
