import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { RequestTally } from '../../../src/server/operations/request-tally.ts';
import { type Hub, startHub } from '../hub.ts';

/** The text format's samples, by name and labels. */
async function scrape(hub: Hub): Promise<Map<string, number>> {
  const answer = await hub.ask('/metrics');
  expect(answer.status).toBe(200);
  expect(answer.headers['content-type']).toMatch(/^text\/plain; version=0\.0\.4/);
  const samples = answer.text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    samples.map((line) => {
      const [, name, value] = /^([a-z_:][\w:]*(?:\{[^}]*\})?) (\S+)$/i.exec(line) ?? [];
      expect(name, line).toBeDefined();
      return [name!, Number(value)];
    }),
  );
}

describe('/metrics', () => {
  it('counts requests, bytes and seconds by method, route and status', async () => {
    const hub = await startHub({ writable: true });
    await writeFile(join(hub.root, 'f'), Buffer.alloc(1000));
    await hub.ask('/files/f');
    await hub.ask('/files/f');
    await hub.ask('/files/none');
    await hub.ask('/files/up', { method: 'PUT', body: Buffer.alloc(500) });
    await hub.ask('/healthz');
    await hub.until('request_completed', ({ path }) => path === '/healthz');
    const samples = await scrape(hub);
    const files = '{method="GET",route="files",status="2xx"}';
    expect(samples.get(`hubswarm_requests_total${files}`)).toBe(2);
    expect(samples.get('hubswarm_requests_total{method="GET",route="files",status="4xx"}')).toBe(1);
    expect(samples.get('hubswarm_received_bytes_total')).toBe(500);
    expect(samples.get('hubswarm_sent_bytes_total')).toBe(2000);
    expect(samples.get('hubswarm_stored_files_total')).toBe(1);
    expect(samples.get('hubswarm_catalogue_files')).toBe(2);
    expect(samples.get('hubswarm_requests_in_flight')).toBe(1);
    expect(samples.get('hubswarm_open_connections')).toBeGreaterThanOrEqual(1);
    expect(samples.get(`hubswarm_request_duration_seconds_count${files}`)).toBe(2);
    const over = files.replace('}', ',le="+Inf"}');
    expect(samples.get(`hubswarm_request_duration_seconds_bucket${over}`)).toBe(2);
    expect(samples.get('process_start_time_seconds')).toBeGreaterThan(0);
    expect(samples.get('nodejs_eventloop_lag_seconds')).toBeGreaterThanOrEqual(0);
    expect((await scrape(hub)).size).toBeGreaterThan(samples.size);
  });

  it('has no label that a client could choose', () => {
    const tally = new RequestTally();
    for (let i = 0; i < 1000; i++) {
      const method = `M${i}`;
      const base = {
        event: 'request_completed',
        bytes: 0,
        ms: 1,
        remote: '',
        whole: true,
      } as const;
      tally.handleEvent({ ...base, method, path: `/${i}/x`, status: 404, request: i });
      tally.handleEvent({ ...base, method, path: '/', status: 429, request: i });
    }
    expect([...tally.rows].map(({ route, count }) => [route, count])).toEqual([
      ['other', 1000],
      ['start', 1000],
    ]);
    expect(tally.rateLimited).toBe(1000);
  });

  it('can be switched off', async () => {
    const hub = await startHub({ operations: { metrics: false } });
    expect((await hub.ask('/metrics')).status).toBe(404);
  });
});
