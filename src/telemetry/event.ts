// The one flat event record. Logs, `--json` output, tests, progress bars,
// metrics and pictures are all read from this stream; nothing else reports.
// Names are facts in the past tense. Bytes and milliseconds are numbers in base
// units. Readers ignore events and fields that they do not know.

import type { Range } from '../runtime/ranges.ts';

/** Whose bytes: a mirror's URL, a PeerId, or a client's address. */
type Remote = string;

export type Event =
  /** Ready to serve: the sockets are open, the addresses are final. */
  | {
      event: 'listening';
      role: 'server' | 'peer';
      /** URLs of a server, multiaddrs (with /p2p/) of a peer. */
      addresses: string[];
      peerId?: string;
    }
  /**
   * Who can call this peer, where that is not just what the user said; again when it changes.
   * `because` names what decided: nothing ('default'), where --join or --mdns lead, or --listen,
   * when it keeps out those whom they lead to.
   */
  | {
      event: 'callers_decided';
      because: 'default' | 'join' | 'mdns' | 'listen';
      /** This machine's addresses that others can call; none: only this machine can. */
      hosts: string[];
    }
  /**
   * A peer waits for others, and goes on calling; told once until somebody is there. It lacks
   * an 'answer' at a given address, peers that are 'known' (of this machine or the last run),
   * anybody on the 'lan', or a way to anybody ('join').
   */
  | {
      event: 'peers_awaited';
      lack: 'answer' | 'known' | 'lan' | 'join';
      /** Of one peer, that were called. */
      addresses: string[];
      /** Why they did not answer, or cannot be asked; else empty. */
      reason: string;
    }
  /** What the server proves itself with; at the start and whenever it was read anew. */
  | {
      event: 'certificate_loaded';
      /** Of its DER form, in hex with colons: what clients pin and people compare. */
      sha256: string;
      /** Host names and addresses. */
      names: string[];
      /** ISO 8601. */
      expires: string;
      selfSigned: boolean;
    }
  /** With --hold: everything is loaded, the transfer starts on a line from stdin. */
  | { event: 'held' }
  | {
      event: 'file_shared';
      cid: string;
      name: string;
      bytes: number;
      pieces: number;
      /** Of a directory: the longest piece. */
      pieceLength: number;
    }
  /** Providers for this CID can be found by others from now on. */
  | { event: 'file_provided'; cid: string; ms: number }
  /** A hub has been through everything below its root, and knows the CID of each file. */
  | { event: 'catalogue_completed'; files: number; ms: number }
  | { event: 'file_stored'; path: string; bytes: number; remote: Remote }
  /** An edge has the whole file now ... */
  | { event: 'file_cached'; cid: string; bytes: number }
  /** ... or not any more: room was needed. */
  | { event: 'file_evicted'; cid: string; bytes: number }
  | { event: 'file_deleted'; path: string; remote: Remote }
  /** An unfinished upload was given up: nothing came for too long. */
  | { event: 'upload_expired'; bytes: number }
  | {
      event: 'request_completed';
      method: string;
      path: string;
      status: number;
      bytes: number;
      ms: number;
      remote: Remote;
      /** False when the remote left before the last byte. */
      whole: boolean;
      /** Counts up from 1 in each process. */
      request: number;
      /** Of the token that the request came with. */
      subject?: string;
      /** These only where an access log is kept. */
      requestId?: string;
      httpVersion?: string;
      userAgent?: string;
      referer?: string;
      range?: string;
    }
  /** What a CID stands for is known: it was kept, or a remote gave it. */
  | {
      event: 'manifest_found';
      cid: string;
      name: string;
      pieces: number;
      kept: boolean;
      ms: number;
    }
  | {
      event: 'transfer_started';
      /** Absent when the source is a plain HTTP server. */
      cid?: string;
      name: string;
      bytes: number;
      pieces: number;
      /** Bytes already verified on disk, not fetched again. */
      resumedBytes: number;
      verified: boolean;
      /** The hub has not hashed the file yet: it is verified when it has. */
      pending?: true;
      /** Absent when fetching. */
      direction?: 'sending';
    }
  | { event: 'piece_verified'; cid: string; piece: number; bytes: number; remote: Remote }
  | { event: 'piece_rejected'; cid: string; piece: number; remote: Remote }
  /** Cumulative, of one transfer; at most every 100 ms, and once at the end. */
  | { event: 'transfer_progressed'; bytes: number; total: number; name: string }
  | {
      event: 'transfer_completed';
      cid?: string;
      name: string;
      path: string;
      bytes: number;
      /** From the start of the transfer, discovery and connection set-up included. */
      ms: number;
      /** The file was here, and the server said that it is still the same: nothing moved. */
      unchanged?: true;
      /** The content lay there already, whole: it was verified, and nothing moved. */
      found?: true;
    }
  /** Of a directory that is mirrored: a file is whole and has its name (relative, with '/'). */
  | { event: 'file_fetched'; path: string; bytes: number; cid?: string }
  /** ... what was here was removed, since the hub has nothing, or something else, of that name. */
  | { event: 'file_removed'; path: string }
  /** ... that path (relative, with '/') is not as on the hub, and why. */
  | { event: 'path_differed'; path: string; reason: string }
  /** ... and all of it is as on the hub. Counts of files. */
  | { event: 'tree_mirrored'; path: string; fetched: number; unchanged: number; removed: number }
  /** The whole file is here and goes on being served. */
  | { event: 'seeding_started'; cid: string }
  | { event: 'transfer_failed'; code: string; message: string; name: string }
  /** Cumulative payload over this process' link; at most 10 ms old, and final at the end. */
  | { event: 'link_counted'; sentBytes: number; receivedBytes: number }
  /** The link's caps changed while it ran: bytes per second, null for no cap. */
  | {
      event: 'link_limited';
      uplinkBytesPerSecond: number | null;
      downlinkBytesPerSecond: number | null;
      /** The uplink's rate was found, not commanded; reported when it has moved by a tenth. */
      auto: boolean;
    }
  | { event: 'source_failed'; remote: Remote; reason: string }
  | { event: 'source_retried'; remote: Remote; attempt: number; delayMs: number }
  /** The download waits for pieces that none of its neighbours has; told once when that begins. */
  | {
      event: 'pieces_lacked';
      cid: string;
      /** How many. */
      pieces: number;
      /** Which: at most the first 16 runs of them. */
      ranges: Range[];
      /** Peers connected for this file, perhaps none. */
      neighbours: number;
    }
  /** ... and once when it ends: somebody has them now, or others have come. */
  | { event: 'pieces_found'; cid: string }
  | { event: 'neighbour_joined'; cid: string; remote: Remote; pieces: number }
  | { event: 'neighbour_left'; cid: string; remote: Remote; reason: string }
  /** For so long when it was too much at once; for good when a rule was broken. */
  | { event: 'neighbour_banned'; remote: Remote; reason: string; ms?: number }
  | { event: 'peer_connected'; remote: Remote }
  | { event: 'peer_disconnected'; remote: Remote }
  | { event: 'warned'; message: string }
  /** Cost of this process so far; every second and at the end. */
  | {
      event: 'usage_sampled';
      cpuMs: number;
      rssBytes: number;
      /** The longest delay of the event loop since the last sample. */
      loopLagMs: number;
    }
  /** A hub was told to end while answers run; subscriptions to its events do not count. */
  | {
      event: 'drain_started';
      requests: number;
      /** The port stays open so long, for balancers to notice ... */
      delayMs: number;
      /** ... and running answers may go on so long after that. */
      graceMs: number;
    }
  | { event: 'stopped'; reason: string };

/** An event as written: `t` is wall-clock milliseconds with a fraction. */
export type Stamped = Event & { t: number };

export type EventName = Event['event'];

/** Where a room reports what happened. Must not throw, must not block. */
export type Emit = (event: Event) => void;
