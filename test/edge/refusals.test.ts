// What an edge refuses, without a face: by codes.
import { describe, expect, it, onTestFinished } from 'vitest';
import { SourceFailure } from '../../src/client/http/source-failure.ts';
import { openEdge } from '../../src/edge/open-edge.ts';
import { refusalOf, refusedBy } from '../../src/edge/refusals.ts';
import { ProcessLink } from '../../src/link/process-link.ts';
import { HubswarmError } from '../../src/runtime/errors.ts';
import { fileChanging, Refusal } from '../../src/runtime/refusal.ts';
import { startHub, tempRoot } from '../server/hub.ts';
import { share } from './edge.ts';

const ANY = { maxAgeMs: Number.POSITIVE_INFINITY, minFreshMs: 0, onlyIfCached: false };

describe('an edge', () => {
  it('refuses by codes what it has not and cannot get', async () => {
    const origin = await startHub();
    await share(origin, 'f', 3_000_000);
    const emit = () => undefined;
    const link = new ProcessLink(emit, {});
    const options = { directory: await tempRoot(), sizeBytes: 2 ** 22, ttlMs: 0, patienceMs: 500 };
    const edge = await openEdge({ ...options, url: new URL(origin.running.url) }, { link, emit });
    onTestFinished(async () => {
      await edge.close();
      link.close();
    });
    const asker = { via: '1.1 test', wishes: ANY };
    const cached = { ...asker, wishes: { ...ANY, onlyIfCached: true } };
    await expect(edge.file(['f'], cached)).rejects.toMatchObject({ code: 'ERR_NOT_CACHED' });
    await expect(edge.file(['none'], asker)).rejects.toMatchObject({ code: 'ERR_NOT_FOUND' });
    expect(await edge.file([], asker)).toBe('page');
    const copy = await edge.file(['f'], asker);
    if (copy === 'page') throw new Error('is a page');
    await origin.running.stop();
    const reading = copy.file.read(Buffer.alloc(10), 2_999_000);
    await expect(reading).rejects.toBeInstanceOf(Refusal);
    await expect(reading).rejects.toMatchObject({ code: 'ERR_NO_SOURCE', retryAfterMs: 1000 });
    await copy.file.close();
    const gone = { code: 'ERR_NO_SOURCE' };
    await expect(edge.file(['other'], asker)).rejects.toMatchObject(gone);
    const { signal } = new AbortController();
    await expect(edge.page('/files/', {}, asker, signal)).rejects.toMatchObject(gone);
  });

  it('finds that a request goes in a circle', async () => {
    const origin = await startHub();
    const emit = () => undefined;
    const link = new ProcessLink(emit, {});
    const options = { directory: await tempRoot(), sizeBytes: 2 ** 22, ttlMs: 0 };
    const edge = await openEdge({ ...options, url: new URL(origin.running.url) }, { link, emit });
    onTestFinished(async () => {
      await edge.close();
      link.close();
    });
    const refused = expect.objectContaining({ code: 'ERR_CIRCLE' });
    edge.checkHops(['1.1 proxy', '1.1 hubswarm-edge-0']);
    expect(() => edge.checkHops([`1.1 ${edge.name}`])).toThrow(refused);
    expect(() => edge.checkHops(Array(8).fill('1.1 hubswarm-edge-0'))).toThrow(refused);
  });
});

describe('refusalOf', () => {
  it.each([
    [new SourceFailure('10.0.0.1 is secret'), 'ERR_NO_SOURCE'],
    [new HubswarmError('ERR_NO_SOURCE', 'http://10.0.0.1/'), 'ERR_NO_SOURCE'],
    [new HubswarmError('ERR_MANIFEST', 'too large'), 'ERR_NO_SOURCE'],
    [new HubswarmError('ERR_DISK_FULL', '/srv/secret: full'), 'ERR_DISK_FULL'],
  ])('%s', (error, code) => {
    const refusal = refusalOf(error);
    expect(refusal).toBeInstanceOf(Refusal);
    expect(refusal).toMatchObject({ code, cause: error });
    expect((refusal as Refusal).message).not.toMatch(/10\.0|secret/);
  });

  it('leaves refusals, and what is no matter of the asker', () => {
    for (const error of [fileChanging(), new TypeError('a mistake')])
      expect(refusalOf(error)).toBe(error);
  });
});

it.each([
  [404, 'ERR_NOT_FOUND'],
  [410, 'ERR_NOT_FOUND'],
  [401, 'ERR_NOT_PERMITTED'],
  [403, 'ERR_NOT_PERMITTED'],
  [508, 'ERR_CIRCLE'],
  [418, 'ERR_NO_SOURCE'],
])('an origin that answers %i makes %s', (status, code) => {
  expect(refusedBy(status).code).toBe(code);
});
