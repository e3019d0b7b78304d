// Every decoder and parser of what a remote sends, against inputs that are grown from good ones:
// bytes and pieces changed, cut, doubled, spliced. Whatever comes, each answers with data or with a
// failure of its own, never with a programmer's error. HUBSWARM_FUZZ multiplies the number of
// inputs; HUBSWARM_FUZZ_SEED repeats a run. scripts/fuzz.mjs runs it for as long as is wanted.
import { randomInt } from 'node:crypto';
import * as dagPb from '@ipld/dag-pb';
import { UnixFS } from 'ipfs-unixfs';
import { describe, expect, it } from 'vitest';
import { createBodyDecoder } from '../../src/client/http/body-decoder.ts';
import { HeadReader, parseResponseHead } from '../../src/client/http/http-head.ts';
import { EventStreamParser } from '../../src/client/watch/event-stream.ts';
import { rawCid, sha256 } from '../../src/content/cid.ts';
import { decodeNode } from '../../src/content/dag-node.ts';
import { encodeMessage, FrameDecoder } from '../../src/exchange/wire/codec.ts';
import {
  AnswerDecoder,
  encodeBlock,
  encodeHead,
  encodeRequest,
  RequestDecoder,
} from '../../src/peer/manifest/dag-codec.ts';
import { createRng } from '../../src/runtime/rng.ts';
import { parseEvent } from '../../src/telemetry/ndjson.ts';
import { PARSERS, REPEATED } from './remote-parsers.ts';

/** For each; some 20 s for all together. */
const INPUTS = 20_000 * Number(process.env.HUBSWARM_FUZZ ?? 1);
const TIMEOUT_MS = 3_600_000;
/** Printed when a test fails: with it the run is the same. */
const SEED = Number(process.env.HUBSWARM_FUZZ_SEED ?? randomInt(2 ** 31));
const LONGEST = 64 * 1024;

const { below } = createRng(SEED);
const pick = <T>(from: readonly T[]): T => from[below(from.length)]!;

/** Bytes that have a meaning somewhere. */
const BYTES = [0, 1, 2, 0x0a, 0x0d, 0x20, 0x3a, 0x7f, 0x80, 0xc3, 0xfe, 0xff];

function grow(good: Buffer, others: readonly Buffer[]): Buffer {
  let bytes: Buffer = Buffer.from(good);
  for (let i = 0; i <= below(4); i++) bytes = change(bytes, others);
  return bytes.subarray(0, LONGEST);
}

function change(bytes: Buffer, others: readonly Buffer[]): Buffer {
  const at = below(bytes.length + 1);
  const to = at + below(bytes.length - at + 1);
  const [before, within, after] = [
    bytes.subarray(0, at),
    bytes.subarray(at, to),
    bytes.subarray(to),
  ];
  switch (below(7)) {
    case 0:
      return Buffer.concat([before, Buffer.from([pick(BYTES)]), after]);
    case 1:
      return Buffer.concat([before, Buffer.from(pick(REPEATED)), bytes.subarray(at)]);
    case 2:
      return Buffer.concat([before, after]);
    case 3:
      return before;
    case 4:
      return Buffer.concat([before, ...Array<Buffer>(1 + below(20)).fill(within), after]);
    case 5: {
      const other = pick(others);
      return Buffer.concat([before, other.subarray(below(other.length + 1))]);
    }
    default: {
      const changed = Buffer.from(bytes);
      if (changed.length > 0) changed[below(changed.length)] = below(256);
      return changed;
    }
  }
}

/** Hands the bytes over in some parts, until the taker says that it is over. */
function inParts(bytes: Buffer, isOver: (part: Buffer) => boolean): void {
  for (let at = 0; at < bytes.length; ) {
    const to = Math.min(bytes.length, at + 1 + below(below(2) === 0 ? 8 : bytes.length));
    if (isOver(bytes.subarray(at, to))) return;
    at = to;
  }
}

const CID = rawCid(sha256(Buffer.from('a')));
const node = (
  type: 'file' | 'directory' | 'hamt-sharded-directory',
  links: dagPb.PBLink[] = [],
): Buffer =>
  Buffer.from(dagPb.encode(dagPb.prepare({ Data: new UnixFS({ type }).marshal(), Links: links })));
const LINK = { Hash: CID, Name: 'AAa', Tsize: 3 } as unknown as dagPb.PBLink;

const MESSAGES = [
  {
    type: 'hello',
    file: CID.bytes,
    pieceCount: 9,
    addresses: ['/ip4/10.0.0.1/tcp/1'],
    bitfield: Uint8Array.of(1, 0),
  },
  { type: 'have', pieces: [1, 2, 3] },
  { type: 'interest', interested: true },
  { type: 'grant', grant: 1, hints: [2, 3] },
  { type: 'request', grant: 1, piece: 2 },
  { type: 'peers', addresses: ['/ip4/10.0.0.1/tcp/1', '/dns4/a/tcp/2'] },
  { type: 'block', piece: 1, begin: 0, parts: [Buffer.alloc(100)], length: 100 },
  { type: 'withdraw', reason: 'changed', first: 1, count: 2 },
] as const;

interface Target {
  readonly good: readonly Buffer[];
  readonly read: (bytes: Buffer) => void;
}

const texts = (...good: string[]): Buffer[] => good.map((text) => Buffer.from(text));

/** Decoders of bytes, by name; parsers of text are in remote-parsers.ts. */
const DECODERS: Record<string, Target> = {
  'messages of the exchange': {
    good: MESSAGES.map((message) => Buffer.concat(encodeMessage(message as never))),
    read: (bytes) => {
      const decoder = new FrameDecoder();
      inParts(bytes, (part) => decoder.push(part).violation !== undefined);
    },
  },
  'requests for a DAG': {
    good: [Buffer.from(encodeRequest(CID))],
    read: (bytes) => {
      const decoder = new RequestDecoder();
      inParts(bytes, (part) => decoder.push(part) !== undefined);
    },
  },
  'answers with a DAG': {
    good: [
      Buffer.concat([encodeHead('ok', 'name'), ...encodeBlock(Buffer.from('block'))]),
      Buffer.concat([encodeHead('ok', ''), ...encodeBlock(node('file'))]),
    ],
    read: (bytes) => {
      const ignore = (): void => undefined;
      const decoder = new AnswerDecoder({ handleHead: ignore, handleBlock: ignore });
      let violation: string | undefined;
      inParts(bytes, (part) => {
        violation = decoder.push(part);
        return violation !== undefined;
      });
      if (violation === undefined) decoder.end();
    },
  },
  'nodes of a DAG': {
    good: [
      node('file'),
      node('file', [LINK, LINK]),
      node('directory', [LINK]),
      node('hamt-sharded-directory', [LINK]),
    ],
    read: (bytes) => decodeNode(CID, bytes),
  },
  'chunks of a body': {
    good: texts('5\r\nhello\r\n0\r\n\r\n', '3;a=b\r\nabc\r\n0\r\nA: b\r\n\r\n'),
    read: (bytes) => {
      const decoder = createBodyDecoder({ kind: 'chunked' });
      inParts(bytes, (part) => typeof decoder.decode(part) === 'string');
    },
  },
  'heads of answers': {
    good: texts(
      'HTTP/1.1 200 OK\r\nA: b\r\nB:\r\n c\r\n\r\nhello',
      'HTTP/1.1 103 x\n\nHTTP/1.0 200\n\n',
    ),
    read: (bytes) => {
      const reader = new HeadReader();
      inParts(bytes, (part) => {
        const taken = reader.take(part);
        if (typeof taken === 'object') parseResponseHead(taken.head);
        return taken !== undefined;
      });
    },
  },
  'a stream of events': {
    good: texts('id: e-1\ndata: {"event":"x"}\n\n', ': c\r\nretry: 5\r\ndata:a\r\n\r\n'),
    read: (bytes) => {
      const parser = new EventStreamParser();
      inParts(bytes, (part) => {
        parser.parse(part);
        return false;
      });
    },
  },
  'events of a process': {
    good: texts('{"t":1,"event":"warned","message":"a"}'),
    read: (bytes) => void parseEvent(bytes.toString()),
  },
  ...Object.fromEntries(
    Object.entries(PARSERS).map(([name, [heads, parse]]) => [
      name,
      { good: texts(...heads, ...REPEATED), read: (bytes: Buffer) => void parse(bytes.toString()) },
    ]),
  ),
};

/** Errors that a programmer made: no remote may cause one. */
const BUGS = [TypeError, RangeError, ReferenceError, SyntaxError, URIError];

describe(`grown input (seed ${SEED})`, { timeout: TIMEOUT_MS }, () => {
  it.each(Object.entries(DECODERS))('is data or a failure to who reads %s', (_, { good, read }) => {
    for (let i = 0; i < INPUTS; i++) {
      const input = grow(pick(good), good);
      try {
        read(input);
      } catch (error) {
        const isBug = BUGS.some((kind) => error instanceof kind);
        if (isBug) expect.fail(`${input.toString('base64')}: ${(error as Error).stack}`);
      }
    }
  });
});
