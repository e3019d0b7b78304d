// The figures of /metrics beside those of the requests (request-tally.ts). They are read from the
// parts of the hub at the moment of the scrape, so nothing is counted twice.

import type { Catalogue } from '../../hub/catalogue/catalogue.ts';
import type { HubEvents } from '../../hub/feed/hub-events.ts';
import type { Link } from '../../link/link.ts';
import type { Traffic } from '../conversation/traffic.ts';
import type { Connections } from '../operations/connections.ts';
import type { Gauge } from '../operations/gauge.ts';
import type { RequestTally } from '../operations/request-tally.ts';

/** The parts that gauges are read from. */
interface Parts {
  readonly connections: Connections;
  readonly traffic: Traffic;
  readonly catalogue: Pick<Catalogue, 'size' | 'backlog'>;
  readonly link: Pick<Link, 'sentBytes' | 'receivedBytes'>;
  readonly events: HubEvents;
}

export function gaugesOf(
  { catalogue, link, events, connections, traffic }: Parts,
  tally: RequestTally,
): Gauge[] {
  const gauge = (name: string, help: string, read: () => number): Gauge => {
    return { name: `hubswarm_${name}`, help, read, kind: 'gauge' };
  };
  const counter = (name: string, help: string, read: () => number): Gauge => {
    return { name: `hubswarm_${name}_total`, help, read, kind: 'counter' };
  };
  return [
    counter('sent_bytes', 'Payload of downloads, as it is sent.', () => link.sentBytes),
    counter('received_bytes', 'Payload of uploads, as it is taken.', () => link.receivedBytes),
    counter('rate_limited', 'Requests answered with 429.', () => tally.rateLimited),
    counter('stored_files', 'Files that uploads made or replaced.', () => tally.storedFiles),
    counter(
      'refused_connections',
      'Connections closed at once, being too many.',
      () => connections.refused,
    ),
    gauge('open_connections', 'Connections.', () => connections.open),
    gauge('requests_in_flight', 'Requests under way.', () => traffic.running.length),
    gauge('uploads_in_flight', 'Uploads under way.', () => traffic.uploads),
    gauge('catalogue_files', 'Files whose CID is known.', () => catalogue.size),
    gauge('hashing_backlog', 'Files being hashed, or waiting for it.', () => catalogue.backlog),
    gauge('event_subscribers', 'Subscribers of /events.', () => events.feed.subscribers),
    gauge('draining', '1 while the server is stopping.', () => Number(traffic.draining)),
  ];
}
