// Events for a person: status lines on stderr, a progress bar when stderr is a
// terminal, plain lines at every tenth elsewhere.
import { LOSS_WORDS } from '../../content/store.ts';
import { LiveLine, type TextOutput } from '../../runtime/node/live-line.ts';
import { describeRanges } from '../../runtime/ranges.ts';
import { showText } from '../../runtime/shown-text.ts';
import type { Event } from '../../telemetry/event.ts';
import { Bar } from './bar.ts';
import { bytes } from './bytes.ts';
import { Given } from './given.ts';

const rate = (cap: number | null): string => (cap === null ? 'not capped' : `${bytes(cap)}/s`);
const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

const andMore = (count: number): string => (count > 0 ? ` and ${count} more` : '');

const LACKING = {
  join: 'no route leads where --join does',
  link: 'no route leads where the link does',
  mdns: 'this machine has no address on a private network',
  lan: 'this machine has no address on a private network',
  share: 'this machine has no network',
  phrase: 'this machine has no network',
};

const ENDS = {
  unshared: '',
  ratio: ', since --max-ratio is reached; share it again to go on',
  time: ', since --max-seed-time is reached; share it again to go on',
};

/** Who can call this peer, and the option that changes it. */
function describeCallers({ because, hosts }: Extract<Event, { event: 'callers_decided' }>): string {
  if (because === 'share' && hosts.length > 0) {
    return `whoever has the link can fetch from ${hosts.join(', ')}; --listen /ip4/127.0.0.1/tcp/0 keeps it to this machine`;
  }
  if (because === 'phrase' && hosts.length > 0) {
    return `whoever says the phrase can fetch from ${hosts.join(', ')}, and nobody else`;
  }
  if (because === 'lan' && hosts.length > 0) {
    return `others can call this peer at ${hosts.join(', ')} meanwhile, since it looks for the sender on the LAN`;
  }
  if (hosts.length > 0) {
    return `others can call this peer at ${hosts.join(', ')}, since ${because === 'link' ? 'the link' : `--${because}`} leads there; --listen /ip4/127.0.0.1/tcp/0 keeps it private`;
  }
  if (because === 'default') {
    return 'only peers on this machine can call this one; --listen /ip4/0.0.0.0/tcp/0 lets others';
  }
  if (because === 'share' || because === 'phrase') {
    return `only this machine can fetch it: ${LACKING[because]}; it looks again every few seconds, and --listen MULTIADDR names an address to be called at`;
  }
  const lack = 'nobody beyond this machine can call this peer';
  return because === 'listen'
    ? `${lack}: it gives only to those it calls itself; another --listen, or none, lets others`
    : `${lack} yet: ${LACKING[because]}; it looks again every few seconds`;
}

/** Whom a peer waits for, and the option that helps. */
function describeAwaited(event: Extract<Event, { event: 'peers_awaited' }>): string {
  switch (event.lack) {
    case 'answer':
      return `waiting for ${showText(event.addresses.join(' or '))}: ${showText(event.reason)}; called again every few seconds`;
    case 'known':
      return 'waiting: no other peer runs on this machine, and none of the last run answers; --join MULTIADDR or --mdns finds others';
    case 'lan':
      return event.reason === ''
        ? 'waiting: nobody on the LAN answers yet; --join MULTIADDR finds peers elsewhere'
        : `waiting: --mdns asks nobody, ${event.reason} (on Linux: ip route add 224.0.0.0/4 dev DEVICE); --join MULTIADDR needs none`;
    case 'join':
      return 'waiting to be called: this peer calls nobody without --join [MULTIADDR] or --mdns';
  }
}

/** An event's line; undefined for those that only machines read. */
function describeEvent(event: Event): string | undefined {
  switch (event.event) {
    case 'listening':
      return event.addresses.map((address) => `listening on ${address}`).join('\n');
    case 'callers_decided':
      return describeCallers(event);
    case 'peers_awaited':
      return describeAwaited(event);
    case 'certificate_loaded':
      return `certificate${event.selfSigned ? ' (self-signed)' : ''} of ${showText(event.names.join(', '))}, until ${event.expires.slice(0, 10)}\n  sha256 ${event.sha256}`;
    case 'hashing_progressed':
      return `hashing ${showText(event.name)}: ${bytes(event.bytes)} of ${bytes(event.total)}`;
    case 'file_shared':
      return (
        `sharing ${showText(event.name)} (${bytes(event.bytes)}, ${event.pieces} pieces)` +
        (event.leftOut ? `, INCOMPLETE: ${event.leftOut} of its entries left out` : '') +
        `\n  ${event.cid}`
      );
    case 'daemon_started':
      return "ready: 'hubswarm share', 'get', 'unshare' and 'status' reach this daemon";
    case 'shares_restored':
      return `sharing again ${event.shares} ${event.shares === 1 ? 'path' : 'paths'} of before`;
    case 'share_changed':
      return event.state === 'shared'
        ? `as it was shared, again: ${showText(event.path)}`
        : `warning: ${showText(event.path)} ${LOSS_WORDS[event.state]}: it is not served`;
    case 'share_ended':
      return `shared no more: ${showText(event.path)} (${bytes(event.sentBytes)} sent)${ENDS[event.reason]}`;
    case 'path_left_out':
      return `warning: left out: ${showText(event.message)}`;
    case 'file_stored':
      return `stored ${showText(event.path)} (${bytes(event.bytes)}) from ${event.remote}`;
    case 'file_cached':
      return `cached ${event.cid} (${bytes(event.bytes)})`;
    case 'file_evicted':
      return `removed ${event.cid} from the cache (${bytes(event.bytes)})`;
    case 'file_deleted':
      return `deleted ${showText(event.path)} for ${event.remote}`;
    case 'directory_made':
      return `made ${showText(event.path)}/ for ${event.remote}`;
    case 'upload_expired':
      return `gave up an unfinished upload (${bytes(event.bytes)} of it had come)`;
    case 'request_completed':
      return `${event.remote}${event.subject === undefined ? '' : ` (${showText(event.subject)})`} ${event.method} ${showText(event.path)} ${event.status} ${event.bytes} ${event.ms.toFixed(1)}ms${event.whole ? '' : ' (cut off)'}`;
    case 'transfer_started':
      if (event.resumedBytes > 0 && event.resumedBytes === event.bytes) return undefined;
      return (
        `${event.direction ?? 'fetching'} ${showText(event.name)} (${bytes(event.bytes)})` +
        (event.resumedBytes > 0 ? `, ${bytes(event.resumedBytes)} of it already here` : '') +
        doubtOf(event)
      );
    case 'pieces_reused':
      return `reused ${bytes(event.bytes)} of ${showText(event.paths.join(', ') || `${event.name}, which holds it more than once`)}`;
    case 'transfer_completed':
      if (event.found)
        return `already there, verified: ${showText(event.path)} (${bytes(event.bytes)})`;
      if (event.unchanged) return `unchanged: ${showText(event.path)} (${bytes(event.bytes)})`;
      return `done: ${showText(event.path)} (${bytes(event.bytes)} in ${seconds(event.ms)}, ${bytes(event.bytes / Math.max(event.ms / 1000, 0.001))}/s)`;
    case 'file_fetched':
      return `fetched ${showText(event.path)} (${bytes(event.bytes)})`;
    case 'file_removed':
      return `removed ${showText(event.path)}`;
    case 'path_differed':
      return `warning: ${showText(event.path)}: ${showText(event.reason)}`;
    case 'tree_mirrored':
      return `${showText(event.path)}: ${event.fetched} fetched, ${event.unchanged} unchanged, ${event.removed} removed`;
    case 'seeding_started':
      return 'serving it to others now; Ctrl-C ends';
    case 'link_limited':
      if (event.auto) return undefined;
      return `uplink ${rate(event.uplinkBytesPerSecond)}, downlink ${rate(event.downlinkBytesPerSecond)}`;
    case 'source_failed':
      return `${event.remote} failed: ${showText(event.reason)}`;
    case 'source_retried':
      return `trying ${event.remote} again in ${seconds(event.delayMs)} (attempt ${event.attempt})`;
    case 'piece_rejected':
      return `piece ${event.piece} from ${event.remote} did not match its hash; fetching it again`;
    case 'pieces_lacked':
      return `waiting: ${event.pieces} missing pieces are with none of ${event.neighbours} peers: ${describeRanges(event.ranges)}`;
    case 'pieces_withdrawn':
      return `${event.remote} has ${showText(event.paths.join(', ') || event.name || event.cid)} no more: it ${LOSS_WORDS[event.reason]} there`;
    case 'files_returned':
      return `served again: ${showText(event.paths.join(', '))}${andMore(event.files - event.paths.length)}`;
    case 'pieces_found':
      return 'going on: the missing pieces can be had';
    case 'neighbour_banned':
      return `banned ${event.remote}${banTime(event.ms)}: ${showText(event.reason)}`;
    case 'phrase_made':
      return `on the other machine: hubswarm get ${event.phrase}`;
    case 'phrase_refused':
      return `warning: ${event.remote} said a wrong phrase; it is void now`;
    case 'receiver_admitted':
      return `${event.remote} said the phrase`;
    case 'receiver_completed':
      return `sent: ${sentOf(event)} to ${event.remote}`;
    case 'receiver_left':
      return `${event.remote} left before it had everything (${showText(event.reason)}); the same phrase lets it in again`;
    case 'sender_met':
      return `found the sender: ${showText(event.name)} (${bytes(event.bytes)})`;
    case 'peer_connected':
      return `connected to ${event.remote}`;
    case 'peer_disconnected':
      return `disconnected from ${event.remote}`;
    case 'callers_tested':
      return event.callable
        ? 'others can call this peer through the router'
        : 'a router keeps calls out; relays and punching take their place';
    case 'relay_reserved':
      return `others can call this peer over the relay ${event.relay}`;
    case 'relay_lost':
      return `the relay ${event.relay} is gone: ${showText(event.reason)}; it is asked again when it is back`;
    case 'path_relayed':
      return `connected to ${event.remote} over the relay ${event.relay}; trying a direct way`;
    case 'path_direct':
      return `connected to ${event.remote} directly, after ${seconds(event.ms)}`;
    case 'path_stayed':
      return `no direct way to ${event.remote} (${showText(event.reason)}): the relay carries on, within its limits`;
    case 'warned':
      return `warning: ${showText(event.message)}`;
    case 'drain_started':
      return describeDrain(event);
    default:
      return undefined;
  }
}

function describeDrain({
  requests,
  delayMs,
  graceMs,
}: Extract<Event, { event: 'drain_started' }>): string {
  const open = delayMs > 0 ? `the port stays open for ${seconds(delayMs)}; ` : '';
  const answers = requests === 1 ? '1 answer under way' : `${requests} answers under way`;
  return `ending: ${open}${answers} may go on for ${seconds(graceMs)}; Ctrl-C again ends now`;
}

export interface HumanReporter {
  report(event: Event): void;
  close(): void;
}

interface HumanOptions {
  /** Leaves out everything; errors are printed elsewhere. */
  quiet: boolean;
  out?: TextOutput;
  /** Milliseconds. */
  now?: () => number;
}

export function createHumanReporter({
  quiet,
  out = process.stderr,
  now = () => performance.now(),
}: HumanOptions): HumanReporter {
  const line = new LiveLine(out);
  const given = new Given(line);
  let bar: Bar | undefined;
  let tenth = 0;
  const drawBar = (done: number, total: number): void => {
    bar ??= new Bar(line, now);
    bar.progress(done, total);
  };
  const printTenths = (done: number, total: number): void => {
    if (total === 0 || Math.floor((done / total) * 10) <= tenth) return;
    tenth = Math.floor((done / total) * 10);
    line.print(`${tenth * 10}% (${bytes(done)} of ${bytes(total)})`);
  };
  const endBar = (): void => {
    bar?.close();
    bar = undefined;
    given.idle = true;
  };
  return {
    report(event) {
      if (quiet) return;
      given.hear(event);
      switch (event.event) {
        case 'transfer_progressed':
          given.idle = false;
          return line.live
            ? drawBar(event.bytes, event.total)
            : printTenths(event.bytes, event.total);
        case 'transfer_started':
          tenth = Math.floor((event.resumedBytes / Math.max(event.bytes, 1)) * 10);
          break;
        case 'transfer_completed':
          line.draw('');
          endBar();
          break;
        case 'transfer_failed':
          line.keep();
          endBar();
          break;
        case 'stopped':
          given.close();
          return line.print(`stopped: ${event.reason}${given.total()}`);
      }
      const text = describeEvent(event);
      if (text !== undefined) line.print(text);
    },
    close() {
      given.close();
      endBar();
      line.keep();
    },
  };
}

function sentOf({
  name,
  bytes: sent,
  total,
}: Extract<Event, { event: 'receiver_completed' }>): string {
  const size = sent === total ? bytes(total) : `${bytes(sent)} of ${bytes(total)}`;
  return `${showText(name)} (${size})`;
}

const banTime = (ms: number | undefined): string =>
  ms === undefined ? '' : ` for ${Math.round(ms / 1000)} s`;

function doubtOf({ verified, pending }: Extract<Event, { event: 'transfer_started' }>): string {
  if (verified) return '';
  return pending
    ? '\n  the hub has not hashed it yet: the bytes are verified when it has'
    : '\n  the source names no CID: the bytes cannot be verified';
}
