// The events of a process, each a flat record. Logs, `--json` output, tests, progress bars,
// metrics and pictures read this one stream; nothing else reports. Names are facts in the past
// tense. Bytes and milliseconds are numbers in base units. docs/events.md and its JSON schema are
// written from this file (`npm run events`), so that each comment is also a reader's.

import type { Range } from '../runtime/ranges.ts';

/**
 * Number of the form below: it rises when an event or a field is renamed, is removed or means
 * something else. Events and fields are added without a new number: readers ignore what they do
 * not know.
 */
export const EVENT_SCHEMA = 1;

/** The other side: a mirror's URL, a PeerId, or a client's address and port. */
type Remote = string;

/** Fields of each event by its name. @public Read by the generator of the schema. */
export interface Events {
  /** The process is ready to serve: its sockets are open, its addresses are final. */
  listening: {
    role: 'server' | 'peer';
    /** URLs of a server; multiaddrs, with /p2p/, of a peer. */
    addresses: string[];
    /** Absent for a server. */
    peerId?: string;
  };
  /**
   * It was decided who can call this peer, where that is not just what the user said; told again
   * when it changes.
   */
  callers_decided: {
    /**
     * What decided: nothing (default), where --join, --mdns or a share link lead, that get looks on the
     * LAN (lan), the command share, share --phrase, or --listen, if it keeps out the peers that those
     * lead to.
     */
    because: 'default' | 'join' | 'link' | 'mdns' | 'lan' | 'share' | 'phrase' | 'listen';
    /** Addresses of this machine that others can call; empty if only this machine can. */
    hosts: string[];
  };
  /** A peer waits for others and goes on calling; told once until one is there. */
  peers_awaited: {
    /**
     * What is missing: an answer at a given address, peers that are known (of this machine or the
     * last run), anybody on the LAN, or a way to anybody (join).
     */
    lack: 'answer' | 'known' | 'lan' | 'join';
    /** Addresses that were called, of one peer. */
    addresses: string[];
    /** Why they did not answer or cannot be asked; else empty. */
    reason: string;
  };
  /** A server has loaded its certificate, at the start or anew. */
  certificate_loaded: {
    /** Digest of its DER form, in hex with colons: what clients pin and people compare. */
    sha256: string;
    /** Host names and addresses that it covers. */
    names: string[];
    /** End of its validity, ISO 8601. */
    expires: string;
    selfSigned: boolean;
  };
  /** With --hold: everything is loaded, and a line on stdin starts the transfer. */
  held: object;
  /** A peer serves a file or a directory. */
  file_shared: {
    cid: string;
    name: string;
    bytes: number;
    pieces: number;
    /** Bytes of a piece; of a directory, of its longest. */
    pieceLength: number;
    /** Entries that are no part of what is shared (path_left_out); absent if it is whole. */
    leftOut?: number;
  };
  /** What is shared has a link that can be passed on; told again when its addresses change. */
  link_made: {
    cid: string;
    name: string;
    /** `hubswarm:CID?...`, for `hubswarm get`. */
    link: string;
    /** `ipfs://CID`: the same content, without a place to begin. */
    ipfs: string;
  };
  /** A daemon takes commands from other terminals at this socket from now on. */
  daemon_started: { socket: string };
  /** A daemon serves again what it shared before it was started. */
  shares_restored: { shares: number; ms: number };
  /** The files of a share are not what they were, or are that again (shared). */
  share_changed: {
    cid: string;
    name: string;
    path: string;
    state: 'shared' | 'changed' | 'removed' | 'unreadable';
  };
  /** A daemon serves a share no more: it was told so, or a limit was reached. */
  share_ended: {
    cid: string;
    name: string;
    path: string;
    reason: 'unshared' | 'ratio' | 'time';
    /** Length of what was shared. */
    bytes: number;
    sentBytes: number;
    /** Time since it was shared first, also while no daemon ran. */
    ms: number;
  };
  /** A command of another terminal is done; told to that terminal alone, as is the next one. */
  command_completed: { command: string };
  /** A command of another terminal has failed. */
  command_failed: { command: string; code: string; message: string };
  /** An entry of a directory is no part of what is shared, and of its CID. */
  path_left_out: {
    path: string;
    /** What is wrong with it, for a person; begins with the path. */
    message: string;
  };
  /** A peer hashes what it is to share, or an older version of what it fetches, for 2 s or more. */
  hashing_progressed: { name: string; bytes: number; total: number };
  /** Others can find providers of this CID from now on. */
  file_provided: { cid: string; ms: number };
  /** A hub has been through everything below its root and knows the CID of each file. */
  catalogue_completed: { files: number; ms: number };
  /** A hub has stored an upload. */
  file_stored: { path: string; bytes: number; remote: Remote };
  /** An edge holds the whole file from now on. */
  file_cached: { cid: string; bytes: number };
  /** An edge has dropped a file to make room. */
  file_evicted: { cid: string; bytes: number };
  /** A hub has deleted a file as it was asked to. */
  file_deleted: { path: string; remote: Remote };
  /** A hub has made an empty directory as it was asked to. */
  directory_made: { path: string; remote: Remote };
  /** A hub has given up an unfinished upload: nothing came for too long. */
  upload_expired: { bytes: number };
  /** A server has answered a request, or was left before it had. */
  request_completed: {
    method: string;
    path: string;
    status: number;
    /** Bytes of the body that was sent, or of the upload that was taken. */
    bytes: number;
    ms: number;
    remote: Remote;
    /** False if the remote left before the last byte. */
    whole: boolean;
    /** Number of the request; counts up from 1 in each process. */
    request: number;
    /** Subject of the token that came with the request. */
    subject?: string;
    /** This and the next four only where an access log is kept. */
    requestId?: string;
    httpVersion?: string;
    userAgent?: string;
    referer?: string;
    range?: string;
  };
  /** The manifest of a CID is known: it was kept, or a remote gave it. */
  manifest_found: {
    cid: string;
    name: string;
    pieces: number;
    /** Whether it was kept on this machine. */
    kept: boolean;
    ms: number;
  };
  /** A download begins, or an upload. */
  transfer_started: {
    /** Absent if the source is a plain HTTP server. */
    cid?: string;
    name: string;
    bytes: number;
    pieces: number;
    /** Bytes that lay verified on the disk and are not fetched again. */
    resumedBytes: number;
    /** Whether the bytes are verified against a CID. */
    verified: boolean;
    /** The hub has not hashed the file yet; the bytes are verified when it has. */
    pending?: true;
    /** Absent for a download. */
    direction?: 'sending';
  };
  /**
   * Pieces were not fetched, since equal ones were at hand: before the download on the disk, at its
   * end in the content itself.
   */
  pieces_reused: {
    cid: string;
    name: string;
    pieces: number;
    bytes: number;
    /** Files that they were copied from, up to 8; none for the content itself. */
    paths: string[];
  };
  /** A piece has come and matches its CID. */
  piece_verified: { cid: string; piece: number; bytes: number; remote: Remote };
  /** A piece has come and does not match its CID; it is fetched again. */
  piece_rejected: { cid: string; piece: number; remote: Remote };
  /** Bytes of one transfer so far; at most every 100 ms, and once at the end. */
  transfer_progressed: { bytes: number; total: number; name: string };
  /** A transfer is over and whole. */
  transfer_completed: {
    /** Absent if the source is a plain HTTP server. */
    cid?: string;
    name: string;
    path: string;
    bytes: number;
    /** Time from the start of the transfer, with discovery and the set-up of connections. */
    ms: number;
    /** The file was here, and the server said that it is still the same: nothing moved. */
    unchanged?: true;
    /** The content lay there already, whole: it was verified, and nothing moved. */
    found?: true;
  };
  /** In a mirrored directory a file is whole and has its name. */
  file_fetched: {
    /** Below the directory, relative, with '/'. */
    path: string;
    bytes: number;
    cid?: string;
  };
  /** In a mirrored directory a file was removed: the hub has nothing, or something else, there. */
  file_removed: { path: string };
  /** A path of a mirrored directory is not as on the hub. */
  path_differed: { path: string; reason: string };
  /** A directory is as on the hub; the last three count files. */
  tree_mirrored: { path: string; fetched: number; unchanged: number; removed: number };
  /** The whole file is here, and the peer goes on serving it. */
  seeding_started: { cid: string };
  /** A transfer has ended without the file. */
  transfer_failed: { code: string; message: string; name: string };
  /** Payload over the link of this process so far; at most 50 ms old, and final at the end. */
  link_counted: { sentBytes: number; receivedBytes: number };
  /** The caps of the link changed while it ran; null for no cap. */
  link_limited: {
    uplinkBytesPerSecond: number | null;
    downlinkBytesPerSecond: number | null;
    /** Whether the uplink's rate was measured, not given; told when it has moved by a tenth. */
    auto: boolean;
  };
  /** A source of a download has failed. */
  source_failed: { remote: Remote; reason: string };
  /** A source that failed will be asked again after `delayMs`. */
  source_retried: { remote: Remote; attempt: number; delayMs: number };
  /** A download waits for pieces that none of its neighbours has; told once when that begins. */
  pieces_lacked: {
    cid: string;
    /** Number of missing pieces. */
    pieces: number;
    /** Runs of missing pieces: at most the first 16. */
    ranges: Range[];
    /** Peers connected for this file, perhaps none. */
    neighbours: number;
  };
  /** A peer took back missing pieces, since the files that held them are not what they were; told of the first 8 files. */
  pieces_withdrawn: {
    cid: string;
    /** Name of the content, if it is one file. */
    name?: string;
    remote: Remote;
    /** Number of missing pieces. */
    pieces: number;
    /** Relative paths: at most the first 8; none if the content is one file. */
    paths: string[];
    reason: 'changed' | 'removed' | 'unreadable';
  };
  /** Shared files that were served no more are what they were, and are served again. */
  files_returned: {
    cid: string;
    /** Number of these files. */
    files: number;
    /** Absolute paths: at most the first 8. */
    paths: string[];
  };
  /** The wait of `pieces_lacked` is over: a neighbour has the pieces now. */
  pieces_found: { cid: string };
  /** A peer has joined the exchange of a file; `pieces` is how many it has. */
  neighbour_joined: { cid: string; remote: Remote; pieces: number };
  /** A peer has left the exchange of a file. */
  neighbour_left: { cid: string; remote: Remote; reason: string };
  /** A peer is refused: for `ms` if it asked too much at once, for good if it broke a rule. */
  neighbour_banned: { remote: Remote; reason: string; ms?: number };
  /** A code phrase is valid from now on, and the one before no longer. */
  phrase_made: { phrase: string };
  /** A peer said another code phrase than the valid one. */
  phrase_refused: { remote: Remote };
  /** A peer proved that it knows the code phrase: it may fetch what is shared. */
  receiver_admitted: { remote: Remote };
  /** A receiver said how many bytes it has verified. */
  receiver_progressed: { remote: Remote; name: string; bytes: number; total: number };
  /** A receiver said that it has everything that it wants: so many bytes of the total. */
  receiver_completed: { remote: Remote; name: string; bytes: number; total: number };
  /** A receiver left before it had everything; the same phrase lets it in again. */
  receiver_left: { remote: Remote; reason: string };
  /** The sender of a code phrase was found; it proved that it knows the phrase. */
  sender_met: { remote: Remote; name: string; bytes: number; cid: string };
  /** A connection to a peer is open. */
  peer_connected: { remote: Remote };
  /** The last connection to a peer is closed. */
  peer_disconnected: { remote: Remote };
  /** A peer tried to call this one at its own addresses, and said whether it could. */
  callers_tested: { remote: Remote; callable: boolean };
  /** A relay lets others call this peer over it; `addresses` are those, with /p2p/. */
  relay_reserved: { relay: Remote; addresses: string[] };
  /** Nobody can call this peer over that relay any more; another, or the same, is tried. */
  relay_lost: { relay: Remote; reason: string };
  /** A connection to a peer over a relay is open; a direct one is tried. */
  path_relayed: { remote: Remote; relay: Remote };
  /** A direct connection took the place of the one over a relay, after `ms`. */
  path_direct: { remote: Remote; ms: number };
  /** No direct connection is possible, so the relay carries on within its limits. */
  path_stayed: { remote: Remote; relay: Remote; reason: string };
  /** As a relay: two peers are connected over this one. */
  circuit_opened: { caller: Remote; holder: Remote };
  /** As a relay: that connection is over; `bytes` are those of both directions. */
  circuit_closed: { caller: Remote; holder: Remote; bytes: number; ms: number; reason: string };
  /** Something is not as it should be, and the process goes on. */
  warned: { message: string };
  /** Cost of this process so far; every second and at the end. */
  usage_sampled: {
    cpuMs: number;
    rssBytes: number;
    /** Longest delay of the event loop since the last sample. */
    loopLagMs: number;
  };
  /** A hub was told to end while answers run; subscriptions to its events do not count. */
  drain_started: {
    /** Answers under way. */
    requests: number;
    /** How long the port stays open, for balancers to notice. */
    delayMs: number;
    /** How long running answers may go on after that. */
    graceMs: number;
  };
  /** The process ends. */
  stopped: { reason: string };
}

export type EventName = keyof Events;

export type Event = { [Name in EventName]: { event: Name } & Events[Name] }[EventName];

/** An event as written: `t` is wall-clock milliseconds with a fraction. */
export type Stamped = Event & { t: number };

/** Where a room reports what happened. Must not throw, must not block. */
export type Emit = (event: Event) => void;
