// Events for a person: status lines on stderr, a progress bar when stderr is a
// terminal, plain lines at every tenth elsewhere.
import { stripVTControlCharacters } from 'node:util';
import { Presets, SingleBar } from 'cli-progress';
import prettyBytes from 'pretty-bytes';
import { describeRanges } from '../runtime/ranges.ts';
import type { Event } from '../telemetry/event.ts';

const bytes = (count: number): string => prettyBytes(count, { binary: true });
const rate = (cap: number | null): string => (cap === null ? 'not capped' : `${bytes(cap)}/s`);
const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
/** Names come from remotes: no control character of theirs reaches a terminal. */
export const clean = (text: string): string =>
  stripVTControlCharacters(text).replace(/[\p{Cc}\p{Cf}]/gu, '?');

/** How fast, and how long it still takes; nothing is known before the first bytes have come. */
export function describeSpeed(bytesPerSecond: number, leftBytes: number) {
  if (bytesPerSecond <= 0) return { rate: '-', left: '-' };
  const left = Math.ceil(leftBytes / bytesPerSecond);
  const [hours, minutes] = [Math.floor(left / 3600), Math.floor((left % 3600) / 60)];
  const parts =
    hours > 0 ? `${hours}h${minutes}m` : minutes > 0 ? `${minutes}m${left % 60}s` : `${left}s`;
  return { rate: `${bytes(bytesPerSecond)}/s`, left: parts };
}

/** An event's line; undefined for those that only machines read. */
function describeEvent(event: Event): string | undefined {
  switch (event.event) {
    case 'listening':
      return event.addresses.map((address) => `listening on ${address}`).join('\n');
    case 'certificate_loaded':
      return `certificate${event.selfSigned ? ' (self-signed)' : ''} of ${clean(event.names.join(', '))}, until ${event.expires.slice(0, 10)}\n  sha256 ${event.sha256}`;
    case 'file_shared':
      return `sharing ${clean(event.name)} (${bytes(event.bytes)}, ${event.pieces} pieces)\n  ${event.cid}`;
    case 'file_stored':
      return `stored ${clean(event.path)} (${bytes(event.bytes)}) from ${event.remote}`;
    case 'file_cached':
      return `cached ${event.cid} (${bytes(event.bytes)})`;
    case 'file_evicted':
      return `removed ${event.cid} from the cache (${bytes(event.bytes)})`;
    case 'file_deleted':
      return `deleted ${clean(event.path)} for ${event.remote}`;
    case 'upload_expired':
      return `gave up an unfinished upload (${bytes(event.bytes)} of it had come)`;
    case 'request_completed':
      return `${event.remote}${event.subject === undefined ? '' : ` (${clean(event.subject)})`} ${event.method} ${clean(event.path)} ${event.status} ${event.bytes} ${event.ms.toFixed(1)}ms${event.whole ? '' : ' (cut off)'}`;
    case 'transfer_started':
      if (event.resumedBytes > 0 && event.resumedBytes === event.bytes) return undefined;
      return (
        `${event.direction ?? 'fetching'} ${clean(event.name)} (${bytes(event.bytes)})` +
        (event.resumedBytes > 0 ? `, ${bytes(event.resumedBytes)} of it already here` : '') +
        (event.verified ? '' : '\n  the source names no CID: the bytes cannot be verified')
      );
    case 'transfer_completed':
      if (event.found)
        return `already there, verified: ${clean(event.path)} (${bytes(event.bytes)})`;
      if (event.unchanged) return `unchanged: ${clean(event.path)} (${bytes(event.bytes)})`;
      return `done: ${clean(event.path)} (${bytes(event.bytes)} in ${seconds(event.ms)}, ${bytes(event.bytes / Math.max(event.ms / 1000, 0.001))}/s)`;
    case 'file_fetched':
      return `fetched ${clean(event.path)} (${bytes(event.bytes)})`;
    case 'file_removed':
      return `removed ${clean(event.path)}`;
    case 'tree_mirrored':
      return `${clean(event.path)}: ${event.fetched} fetched, ${event.unchanged} unchanged, ${event.removed} removed`;
    case 'seeding_started':
      return 'serving it to others now; Ctrl-C ends';
    case 'link_limited':
      if (event.auto) return undefined;
      return `uplink ${rate(event.uplinkBytesPerSecond)}, downlink ${rate(event.downlinkBytesPerSecond)}`;
    case 'source_failed':
      return `${event.remote} failed: ${clean(event.reason)}`;
    case 'source_retried':
      return `trying ${event.remote} again in ${seconds(event.delayMs)} (attempt ${event.attempt})`;
    case 'piece_rejected':
      return `piece ${event.piece} from ${event.remote} did not match its hash; fetching it again`;
    case 'pieces_lacked':
      return `waiting: ${event.pieces} missing pieces are with none of ${event.neighbours} peers: ${describeRanges(event.ranges)}`;
    case 'pieces_found':
      return 'going on: the missing pieces can be had';
    case 'neighbour_banned':
      return `banned ${event.remote}: ${clean(event.reason)}`;
    case 'peer_connected':
      return `connected to ${event.remote}`;
    case 'peer_disconnected':
      return `disconnected from ${event.remote}`;
    case 'warned':
      return `warning: ${clean(event.message)}`;
    case 'stopped':
      return `stopped: ${event.reason}`;
    default:
      return undefined;
  }
}

export interface HumanReporter {
  report(event: Event): void;
  close(): void;
}

/** @param options.quiet leaves out everything; errors are printed elsewhere. */
export function createHumanReporter(options: { quiet: boolean }): HumanReporter {
  const out = process.stderr;
  let bar: SingleBar | undefined;
  let tenth = 0;
  const line = (text: string): void => {
    // Above the bar, not across it.
    if (bar) out.write('\r\x1b[K');
    out.write(`${text}\n`);
  };
  const endBar = (): void => {
    bar?.stop();
    bar = undefined;
  };
  const progress = (done: number, total: number): void => {
    if (out.isTTY) {
      if (!bar) {
        bar = new SingleBar(
          {
            stream: out,
            format: '{percentage}% [{bar}] {value}/{total}  {rate}  ETA {left}',
            formatValue: (value, _options, type) =>
              type === 'value' || type === 'total' ? bytes(value) : String(value),
            hideCursor: true,
          },
          Presets.rect,
        );
        bar.start(total, done, { rate: '-', left: '-' });
        started = { at: performance.now(), bytes: done };
      }
      const elapsed = (performance.now() - started.at) / 1000;
      const speed = elapsed > 0 ? (done - started.bytes) / elapsed : 0;
      bar.update(done, describeSpeed(speed, total - done));
    } else if (total > 0 && Math.floor((done / total) * 10) > tenth) {
      tenth = Math.floor((done / total) * 10);
      out.write(`${tenth * 10}% (${bytes(done)} of ${bytes(total)})\n`);
    }
  };
  let started = { at: 0, bytes: 0 };
  return {
    report(event) {
      if (options.quiet) return;
      if (event.event === 'transfer_progressed') return progress(event.bytes, event.total);
      if (event.event === 'transfer_started')
        tenth = Math.floor((event.resumedBytes / Math.max(event.bytes, 1)) * 10);
      if (event.event === 'transfer_completed' || event.event === 'transfer_failed') endBar();
      const text = describeEvent(event);
      if (text !== undefined) line(text);
    },
    close: endBar,
  };
}
