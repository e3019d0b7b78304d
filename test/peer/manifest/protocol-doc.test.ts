// The manifest example of docs/protocol.md, read by the real codec.
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { rawCid, sha256 } from '../../../src/content/cid.ts';
import {
  AnswerDecoder,
  encodeRequest,
  RequestDecoder,
} from '../../../src/peer/manifest/dag-codec.ts';

const doc = readFileSync(new URL('../../../docs/protocol.md', import.meta.url), 'utf8');

function bytesOf(who: string): Buffer {
  const text = /```dag\n([\s\S]*?)\n```/.exec(doc)![1]!;
  const lines = text.split('\n').filter((line) => line.startsWith(`${who} `));
  const hex = lines.map((line) => line.slice(who.length).replace(/#.*/, '')).join('');
  return Buffer.from(hex.replaceAll(/\s/g, ''), 'hex');
}

it('docs/protocol.md asks for and gets the manifest of "hello"', () => {
  const content = Buffer.from('hello');
  const cid = rawCid(sha256(content));
  const request = bytesOf('request');
  expect(String(new RequestDecoder().push(request))).toBe(cid.toString());
  expect(Buffer.from(encodeRequest(cid))).toEqual(request);
  const heard: unknown[] = [];
  for (const who of ['answer', 'answer2', 'answer3']) {
    const decoder = new AnswerDecoder({
      handleHead: (status, name) => heard.push([status, name]),
      handleBlock: (block) => heard.push(Buffer.from(block).toString()),
      handlePacked: (packed) => heard.push(packed.toString()),
    });
    expect(decoder.push(bytesOf(who))).toBeUndefined();
    expect(decoder.end()).toBeUndefined();
  }
  expect(heard).toEqual([
    ['ok', 'hello.txt'],
    'hello',
    ['unknown', ''],
    ['packed', 'hello.txt'],
    cid.toString(),
  ]);
});
