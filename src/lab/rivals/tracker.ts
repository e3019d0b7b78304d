// What BitTorrent programs need beside them: a torrent, and a tracker. Debian's opentracker
// serves only torrents that it is told of, and gives up root; it sees no directory but its own.
import type { RivalText } from '../terms/rival.ts';

export const TORRENT = '{shared}/file.torrent';

export const TRACKED = {
  prepare: [
    ['transmission-create', '-o', TORRENT, '-t', 'http://{helper}/announce', '{file}'],
    [
      'sh',
      '-c',
      `transmission-show ${TORRENT} | sed -n 's/^ *Hash: //p' > {shared}/known && chmod 755 {shared}`,
    ],
  ],
  helper: {
    command: [
      'opentracker',
      ...['-i', '{address}', '-p', '{port}', '-P', '{port}'],
      ...['-d', '{shared}', '-w', 'known'],
    ],
    ready: 'port',
  },
} as const satisfies Pick<RivalText, 'prepare' | 'helper'>;

/** Programs of both. */
export const TRACKERS = ['opentracker', 'transmission-create', 'transmission-show'];
