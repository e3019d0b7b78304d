// The status of a daemon, for a person.
import Table from 'cli-table3';
import type { Status } from '../../daemon/status.ts';
import { showText } from '../../runtime/shown-text.ts';
import { describeSpeed } from './bar.ts';
import { bytes } from './bytes.ts';
import { NO_BORDERS } from './listing-table.ts';

/** Rows of a table; --json has all. Chosen: some screens. */
const MOST_ROWS = 100;

const STATES: Readonly<Record<Status['shares'][number]['state'], string>> = {
  shared: 'shared',
  changed: 'CHANGED since it was shared: share it again',
  removed: 'REMOVED: served again when it is back',
  unreadable: 'UNREADABLE: served again when it can be read',
  ratio: 'over: --max-ratio reached',
  time: 'over: --max-seed-time reached',
};

/** @param width characters of a terminal's line; undefined for a pipe */
export function formatStatus(status: Status, width?: number): string {
  const { transfers, shares, neighbours } = status;
  const most = (width ?? Number.POSITIVE_INFINITY) - 1;
  return [
    describeDaemon(status),
    ...table('transfers', ['name', 'done', 'of', 'rate', 'left', 'into'], transfers, (each) => {
      const { rate, left } = describeSpeed(each.bytesPerSecond, each.total - each.bytes);
      const known =
        each.total > 0 ? [bytes(each.bytes), bytes(each.total), rate, left] : ['-', '-', '-', '-'];
      return [showText(each.name || each.cid), ...known, showText(each.out)];
    }),
    ...table('shares', ['name', 'size', 'sent', 'state', 'path'], sorted(shares), (each) => [
      showText(each.name),
      bytes(each.bytes),
      bytes(each.sentBytes),
      STATES[each.state],
      showText(each.path),
    ]),
    ...table('neighbours', ['exchanging', 'address'], neighbours, ({ contents, address }) => [
      String(contents.length),
      showText(address),
    ]),
  ]
    .join('\n')
    .split('\n')
    .map((line) => (line.length > most ? `${line.slice(0, most - 1)}\u2026` : line.trimEnd()))
    .join('\n');
}

/** What a person has to look at comes first, then what was asked for most. */
const sorted = (shares: Status['shares']): Status['shares'] =>
  shares.toSorted(
    (a, b) =>
      Number(b.state !== 'shared') - Number(a.state !== 'shared') || b.sentBytes - a.sentBytes,
  );

function describeDaemon({ daemon, shares, transfers, neighbours }: Status): string {
  const cap = (rate: number | null): string => (rate === null ? 'not capped' : `${bytes(rate)}/s`);
  const { sentBytesPerSecond, receivedBytesPerSecond, sentBytes, receivedBytes } = daemon;
  const total = shares.reduce((sum, each) => sum + each.bytes, 0);
  return [
    `hubswarm ${daemon.version}, process ${daemon.pid}, since ${daemon.startedAt}${daemon.private ? ', in a private swarm' : ''}`,
    `peer ${daemon.peerId}`,
    ...daemon.addresses.map((address) => `  at ${address.replace(/\/p2p\/\w+$/, '')}`),
    `sending ${bytes(sentBytesPerSecond)}/s (${bytes(sentBytes)} so far; uplink ${cap(daemon.uplinkBytesPerSecond)}), receiving ${bytes(receivedBytesPerSecond)}/s (${bytes(receivedBytes)}; downlink ${cap(daemon.downlinkBytesPerSecond)})`,
    `${count(shares, 'share')} (${bytes(total)}), ${count(transfers, 'transfer')}, ${count(neighbours, 'neighbour')}`,
  ].join('\n');
}

const count = ({ length }: readonly unknown[], noun: string): string =>
  `${length} ${length === 1 ? noun : `${noun}s`}`;

function table<T>(
  title: string,
  head: string[],
  rows: readonly T[],
  describe: (row: T) => string[],
): string[] {
  if (rows.length === 0) return [];
  const drawn = new Table({
    head,
    style: { head: [], border: [], compact: true, 'padding-left': 0, 'padding-right': 2 },
    chars: NO_BORDERS,
  });
  for (const row of rows.slice(0, MOST_ROWS)) drawn.push(describe(row));
  const more = rows.length - MOST_ROWS;
  return ['', title, drawn.toString(), ...(more > 0 ? [`and ${more} more; --json has all`] : [])];
}
