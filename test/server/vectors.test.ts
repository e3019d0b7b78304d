import { stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Hub, startHub } from './hub.ts';
import {
  ALPHABET,
  CONDITIONS,
  IF_RANGE,
  MESSAGES,
  METHODS,
  MODIFIED,
  RANGES,
  TARGETS,
  type Vector,
} from './vectors.ts';
import { wireAnswer } from './wire.ts';

function wireOf(vector: Vector, etag: string): string {
  const { method = 'GET', target = '/files/f', version = 'HTTP/1.1' } = vector;
  const { hosts = ['Host: hub'], fields = [], body = '' } = vector;
  const lines = [`${method} ${target} ${version}`, ...hosts, 'Connection: close', ...fields];
  const head = lines.filter((line) => line !== '').join('\r\n');
  return `${head.replaceAll('ETAG', etag)}\r\n\r\n${body}`;
}

/** What the vector names of an answer, so that the two can be compared. */
async function answerTo(hub: Hub, vector: Vector, etag: string): Promise<object> {
  const { status, headers, text } = await wireAnswer(hub.socket(), wireOf(vector, etag));
  const named = Object.keys(vector.headers ?? {}).map((name) => [name, headers[name]]);
  return {
    what: vector.what,
    status,
    headers: Object.fromEntries(named),
    ...(vector.text === undefined ? {} : { text }),
  };
}

function expected({ what, status, headers = {}, text }: Vector, etag: string): object {
  const named = Object.entries(headers).map(([name, value]) => [
    name,
    value?.replace('ETAG', etag),
  ]);
  return {
    what,
    status,
    headers: Object.fromEntries(named),
    ...(text === undefined ? {} : { text }),
  };
}

describe('what the standard expects', () => {
  it.each([
    ['of ranges', RANGES],
    ['of If-Range', IF_RANGE],
    ['of conditions', CONDITIONS],
    ['of methods', METHODS],
    ['of targets', TARGETS],
    ['of messages', MESSAGES],
  ])('%s', async (_what, vectors) => {
    const hub = await startHub({ writable: true });
    const file = join(hub.root, 'f');
    await writeFile(file, ALPHABET);
    await utimes(file, new Date(MODIFIED), new Date(MODIFIED));
    const etag = (await hub.ask('/files/f')).headers.etag!;
    const found: object[] = [];
    for (const vector of vectors) found.push(await answerTo(hub, vector, etag));
    expect(found).toEqual(vectors.map((vector) => expected(vector, etag)));
    // None of it was an upload.
    await expect(stat(join(hub.root, 'new'))).rejects.toThrow();
    expect((await hub.ask('/files/f')).text).toBe(ALPHABET);
  });
});
