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
import { keepRendezvous } from '../../../src/hybrid/phrase/rendezvous.ts';
import { ProcessLink } from '../../../src/link/process-link.ts';
import { Peer } from '../../../src/peer/peer.ts';
import type { Event } from '../../../src/telemetry/event.ts';

const BYTES = 300_000;

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

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve));
}
