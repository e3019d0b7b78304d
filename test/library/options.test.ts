// What a program gives to a call and is refused, by the message and never in silence.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { describe, expect, it, onTestFinished } from 'vitest';
import * as client from '../../src/library/client.ts';
import {
  choosePieceLength,
  createMemoryStore,
  importFile,
  resolveManifest,
} from '../../src/library/content.ts';
import { Bitfield, createRng, Geometry, Session } from '../../src/library/exchange.ts';
import { Peer } from '../../src/library/peer.ts';
import { Swarms } from '../../src/library/swarm.ts';
import { tempRoot } from '../server/hub.ts';

/** Nothing listens there: a call that begins fails with another code. */
const URL_TEXT = 'http://127.0.0.1:9/file';
/** As JavaScript has it. */
// biome-ignore lint/suspicious/noExplicitAny: types would refuse what is tried here
type Any = any;

type Case = readonly [what: string, options: unknown, message: RegExp];

/** Refused by all calls that take options. */
const COMMON: readonly Case[] = [
  ['no object', 'now', /^options: 'now' is not accepted; give an object$/],
  ['null', null, /^options: null is not accepted/],
  ['a signal in place of options', new AbortController().signal, /^options: an object is not/],
  ['a name with an error', { timeout: 5 }, /^timeout: is not known; accepted are .*timeoutMs/],
  ['a name that all objects have', { toString: 1 }, /^toString: is not known/],
  ['a limit below 0', { timeoutMs: -1 }, /^timeoutMs: -1 is not accepted; give milliseconds/],
  ['a limit of 0', { timeoutMs: 0 }, /^timeoutMs: 0 /],
  ['a limit that no timer holds', { timeoutMs: 2 ** 31 }, /^timeoutMs: 2147483648 /],
  ['a limit that is text', { timeoutMs: '5' }, /^timeoutMs: '5' /],
  ['a limit that is no number', { timeoutMs: Number.NaN }, /^timeoutMs: NaN /],
  ['a controller', { signal: new AbortController() }, /^signal: an object .*give an AbortSignal$/],
];

const OF_CLIENT: readonly Case[] = [
  ...COMMON,
  ['events for nobody', { onEvent: 'log' }, /^onEvent: 'log' .*give a function$/],
  ['a token with a space', { token: 'a secret' }, /^token: what was given is not accepted/],
  ['a token that is no text', { token: 7 }, /^token: what was given is not accepted/],
  ['one fingerprint', { fingerprints: 'ab' }, /^fingerprints: 'ab' .*give a list$/],
  ['a wrong fingerprint', { fingerprints: ['ab'] }, /^fingerprints\[0\]: 'ab' .*SHA-256/],
  ['an issuer that is none', { ca: 'PEM' }, /^ca: 'PEM' .*certificates in PEM$/],
  ['bytes as an issuer', { ca: new Uint8Array(2) }, /^ca: an object /],
];

const CALLS: Readonly<Record<string, (options: Any) => Promise<unknown>>> = {
  get: (options) => client.get(URL_TEXT, options),
  getTree: (options) => client.getTree(URL_TEXT, '/nowhere', options),
  put: (options) => client.put('/nowhere', URL_TEXT, options),
  putTree: (options) => client.putTree('/nowhere', URL_TEXT, options),
  list: (options) => client.list(URL_TEXT, options),
  remove: (options) => client.remove(URL_TEXT, options),
  watch: (options) => client.watch(URL_TEXT, () => true, options),
};

/** A call that throws at once fails the test: what returns a promise rejects. */
async function expectRefused(call: () => Promise<unknown>, message: RegExp): Promise<void> {
  const promise = call();
  await expect(promise).rejects.toMatchObject({
    name: 'HubswarmError',
    code: 'ERR_USAGE',
    message: expect.stringMatching(message),
  });
}

describe.each(Object.entries(CALLS))('client.%s refuses', (name, call) => {
  it.each(OF_CLIENT)('%s', async (_what, options, message) => {
    const isPlain = Object.prototype.toString.call(options) === '[object Object]';
    const whole =
      name === 'get' && isPlain ? { output: '/nowhere', ...(options as object) } : options;
    await expectRefused(() => call(whole), message);
  });
});

describe('client refuses', () => {
  const output = new PassThrough();
  it.each<readonly [string, () => Promise<unknown>, RegExp]>([
    ['get without anything', () => (client.get as Any)(), /^URL: undefined .*http or https URL$/],
    ['get of no URLs', () => client.get([], { output }), /^URL: an empty list /],
    ['get of a number', () => client.get(5 as Any, { output }), /^URL: 5 /],
    ['get without options', () => (client.get as Any)(URL_TEXT), /^options: undefined /],
    ['no output', () => client.get(URL_TEXT, {} as Any), /^output: undefined .*Writable stream$/],
    ['a number as output', () => client.get(URL_TEXT, { output: 1 as Any }), /^output: 1 /],
    ['an empty path', () => client.get(URL_TEXT, { output: '' }), /^output: '' /],
    ['a wrong CID', () => client.get(URL_TEXT, { output, cid: 'abc' }), /^cid: 'abc' /],
    ['a CID that is no text', () => client.get(URL_TEXT, { output, cid: 1 as Any }), /^cid: 1 /],
    [
      'a rate of 0',
      () => client.get(URL_TEXT, { output, downlinkBytesPerSecond: 0 }),
      /^downlinkBytesPerSecond: 0 .*give bytes per second/,
    ],
    ['force as text', () => client.get(URL_TEXT, { output, force: 'no' as Any }), /^force: 'no' /],
    ['put without anything', () => (client.put as Any)(), /^path: undefined /],
    [
      'an uplink that is text',
      () => client.put('/nowhere', URL_TEXT, { uplinkBytesPerSecond: '1M' as Any }),
      /^uplinkBytesPerSecond: '1M' /,
    ],
    [
      'a tree without a directory',
      () => (client.getTree as Any)(URL_TEXT),
      /^directory: undefined /,
    ],
    [
      'a way that is none',
      () => client.watch(URL_TEXT, () => true, { via: 'carrier' as Any }),
      /^via: 'carrier' is not accepted; give 'sse', 'ws' or 'poll'$/,
    ],
    [
      'a way that all objects have',
      () => client.watch(URL_TEXT, () => true, { via: 'valueOf' as Any }),
      /^via: /,
    ],
    ['nobody who takes', () => (client.watch as Any)(URL_TEXT), /^take: undefined .*a function$/],
    [
      'a kind that is none',
      () => client.watch(URL_TEXT, () => true, { only: 'x' as Any }),
      /^only: 'x' /,
    ],
    [
      'an object with a loud name',
      () => client.list(URL_TEXT, { '\u001b[2J': 1 } as Any),
      /^\?\[2J: /,
    ],
  ])('%s', async (_what, call, message) => {
    await expectRefused(call, message);
  });
});

describe('a peer', () => {
  it.each<Case>([
    ['nothing', undefined, /^options: undefined /],
    ['no place for its data', {}, /^dataDir: undefined /],
    ['caps as a number', { dataDir: '/nowhere', caps: 5 }, /^caps: 5 .*an object$/],
    [
      'a cap below 0',
      { dataDir: '/nowhere', caps: { uplinkBytesPerSecond: -1 } },
      /^caps\.uplinkBytesPerSecond: -1 /,
    ],
    [
      'a cap of another name',
      { dataDir: '/nowhere', caps: { uplink: 9 } },
      /^caps\.uplink: is not/,
    ],
    [
      'a picker that is none',
      { dataDir: '/nowhere', policy: { picker: 'first' } },
      /^policy\.picker: 'first' is not accepted; give .*'rarest'/,
    ],
    [
      'a choker that is none',
      { dataDir: '/nowhere', policy: { choker: 1 } },
      /^policy\.choker: 1 /,
    ],
    ['one address', { dataDir: '/nowhere', listen: '/ip4/127.0.0.1/tcp/0' }, /^listen: .*a list$/],
    ['a wrong address', { dataDir: '/nowhere', join: ['here'] }, /^join\[0\]: 'here' is not a TCP/],
    [
      'an address that is none',
      { dataDir: '/nowhere', join: [undefined] },
      /^join\[0\]: undefined /,
    ],
    ['mdns as text', { dataDir: '/nowhere', mdns: 'off' }, /^mdns: 'off' .*true or false$/],
  ])('is not started with %s', async (_what, options, message) => {
    await expectRefused(() => Peer.start(options as Any), message);
  });
});

describe('content', () => {
  const bytes = new Uint8Array(9);
  const getBlock = async (): Promise<Uint8Array> => bytes;
  const cid = 'bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy';

  it.each<readonly [string, () => Promise<unknown>, RegExp]>([
    ['no length', () => (importFile as Any)([bytes]), /^options: undefined /],
    ['a length below 0', () => importFile([bytes], { length: -1 }), /^length: -1 .*whole number/],
    ['half a byte', () => importFile([bytes], { length: 0.5 }), /^length: 0\.5 /],
    ['an odd name', () => importFile([bytes], { length: 9, piece: 1 } as Any), /^piece: is not/],
    [
      'a piece length that is text',
      () => importFile([bytes], { length: 9, pieceLength: '65536' as Any }),
      /^pieceLength: '65536' /,
    ],
    [
      'bytes in place of chunks',
      () => importFile(bytes as Any, { length: 9 }),
      /^a chunk: 0 .*Uint8Array$/,
    ],
    ['no chunks', () => importFile(undefined as Any, { length: 9 }), /^chunks: undefined /],
    ['text', () => importFile(['text'] as Any, { length: 4 }), /^a chunk: 'text' /],
    ['nothing to ask', () => (resolveManifest as Any)(cid), /^getBlock: undefined .*a function$/],
    ['no CID', () => (resolveManifest as Any)(), /^getBlock: |^cid: undefined /],
    ['no pieces', () => resolveManifest(cid, getBlock, { maxPieces: 0 }), /^maxPieces: 0 /],
    ['a number', () => resolveManifest(cid, getBlock, { signal: 1 as Any }), /^signal: 1 /],
  ])('is not made of %s', async (_what, call, message) => {
    await expectRefused(call, message);
  });

  it('has a piece length by a length', () => {
    expect(choosePieceLength(0)).toBe(65_536);
    expect(() => choosePieceLength(Number.NaN)).toThrow(/^totalBytes: NaN /);
  });
});

it('a peer that runs says what is no address, CID, place, path or cap, and runs on', async () => {
  const dataDir = await tempRoot();
  const peer: Any = await Peer.start({ dataDir, listen: ['/ip4/127.0.0.1/tcp/0'] });
  onTestFinished(() => peer.stop());
  const cid = 'bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy';
  await expectRefused(() => peer.join(), /^addresses: undefined /);
  await expectRefused(() => peer.join(['here']), /^addresses\[0\]: 'here' /);
  await expectRefused(() => peer.join([], 5), /^signal: 5 /);
  await expectRefused(() => peer.share(), /^path: undefined /);
  await expectRefused(
    () => peer.share('/nowhere', { pieceLength: '65536' }),
    /^pieceLength: '65536' /,
  );
  await expectRefused(() => peer.share('/nowhere', { pieceLength: 1 }), /^pieceLength: 1 bytes /);
  await expectRefused(() => peer.share('/nowhere', { check: 'yes' }), /^check: 'yes' /);
  await expectRefused(() => peer.share('/nowhere', { preserve: 1 }), /^preserve: 1 /);
  await expectRefused(
    () => peer.share('/nowhere', { links: 'all' }),
    /^links: 'all' is not accepted; give 'skip', 'follow' or 'keep'$/,
  );
  await expectRefused(() => peer.get(cid, { out: dataDir, path: 5 }), /^path: 5 /);
  await expectRefused(() => peer.get(), /^cid: undefined /);
  await expectRefused(() => peer.get(cid), /^options: undefined /);
  await expectRefused(() => peer.get(cid, {}), /^out: undefined /);
  await expectRefused(() => peer.get(cid, { out: dataDir, timeoutMs: '1' }), /^timeoutMs: '1' /);
  await expectRefused(() => peer.part('x'), /^cid: 'x' /);
  expect(() => peer.limit({ uplinkBytesPerSecond: -1 })).toThrow(/^caps\.uplinkBytes.*: -1 /);
  const own = join(dataDir, 'own');
  await writeFile(own, 'content');
  expect(await peer.share(own)).toMatch(/^bafk/);
});

describe('a session', () => {
  const init = {
    file: new Uint8Array(36),
    geometry: new Geometry([10, 10]),
    have: new Bitfield(2),
    rng: createRng(1),
  };

  it.each<Case>([
    ['nothing', undefined, /^options: undefined /],
    ['no file', { ...init, file: undefined }, /^file: undefined .*give a Uint8Array$/],
    ['a file as text', { ...init, file: 'bafk' }, /^file: 'bafk' /],
    ['lengths in place of a geometry', { ...init, geometry: [10, 10] }, /^geometry: .*a Geometry$/],
    ['a list in place of a field', { ...init, have: [0, 1] }, /^have: .*give a Bitfield$/],
    ['a field of another length', { ...init, have: new Bitfield(3) }, /^have: a Bitfield of 3 /],
    ['chance that is none', { ...init, rng: Math.random }, /^rng: .*createRng\(seed\)$/],
    ['an address', { ...init, addresses: '/ip4/127.0.0.1/tcp/1' }, /^addresses: .*a list$/],
    ['a rate of 0', { ...init, downlinkBytesPerSecond: 0 }, /^downlinkBytesPerSecond: 0 /],
    ['half a grant', { ...init, openGrants: 0.5 }, /^openGrants: 0\.5 /],
    ['a picker that is none', { ...init, picker: 'first' }, /^picker: 'first' .*'rarest'/],
    ['a choker that is none', { ...init, choker: 1 }, /^choker: 1 /],
    ['groups that are none', { ...init, equals: [0, 1] }, /^equals\[0\]: 0 .*a list$/],
    ['an odd name', { ...init, grants: 2 }, /^grants: is not known/],
  ])('is not made with %s', (_what, given, message) => {
    expect(() => new Session(given as Any)).toThrow(
      expect.objectContaining({ code: 'ERR_USAGE', message: expect.stringMatching(message) }),
    );
  });

  it('is made of what is needed', () => {
    expect(new Session(init).missingPieces).toBe(2);
  });
});

describe('swarms', () => {
  const network = { self: 'me', call: async (): Promise<never> => Promise.reject(new Error('no')) };

  it.each<Case>([
    ['nothing', undefined, /^options: undefined /],
    ['no network', {}, /^network: undefined .*a Network$/],
    ['a network that cannot call', { network: { self: 'me' } }, /^network: an object /],
    ['a cap that is text', { network, caps: { downlinkBytesPerSecond: '9' } }, /^caps\.down.*'9' /],
    ['a picker that is none', { network, policy: { picker: 'toString' } }, /^policy\.picker: /],
    ['a clock that stands', { network, clock: { now: () => 0 } }, /^clock: an object /],
    ['a seed that is text', { network, seed: 'x' }, /^seed: 'x' .*a number$/],
  ])('are not made with %s', (_what, options, message) => {
    expect(() => new Swarms(options as Any)).toThrow(message);
  });

  it.each<Case>([
    ...COMMON,
    ['peers as text', { peers: ['one'] }, /^peers\[0\]: 'one' /],
    [
      'a peer without addresses',
      { peers: [{ peer: 'one' }] },
      /^peers\[0\]\.addresses: undefined /,
    ],
    ['a list to find', { findPeers: [] }, /^findPeers: an empty list .*a function$/],
  ])('download nothing with %s', async (_what, options, message) => {
    const { manifest } = await importFile([new Uint8Array(9)], { length: 9 });
    const swarms = new Swarms({ network });
    const store = createMemoryStore(manifest);
    await expectRefused(() => swarms.download(manifest, store, options as Any), message);
  });

  it('say what is no manifest, store, wire, cap or CID', async () => {
    const swarms = new Swarms({ network });
    const { manifest } = await importFile([new Uint8Array(9)], { length: 9 });
    await expectRefused(() => (swarms.download as Any).call(swarms), /^manifest: undefined /);
    await expectRefused(
      () => (swarms.download as Any).call(swarms, manifest),
      /^store: undefined /,
    );
    expect(() => swarms.share({} as Any, {} as Any)).toThrow(/^manifest: an object /);
    expect(() => swarms.answer({ remote: 'x' } as Any)).toThrow(/^wire: an object /);
    expect(() => swarms.limit({ uplinkBytesPerSecond: -1 })).toThrow(/^caps\.uplink.*: -1 /);
    expect(() => (swarms.limit as Any).call(swarms)).toThrow(/^caps: undefined /);
    expect(() => (swarms.leave as Any).call(swarms)).toThrow(/^cid: undefined /);
  });
});
