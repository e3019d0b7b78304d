// aria2 as BitTorrent client, told by a tracker. Its defaults, but for what only costs time on a
// network of the lab's (DHT, IPv6, local discovery) and for what ends its seeding.
import type { RivalText } from '../terms/rival.ts';
import { TORRENT, TRACKED, TRACKERS } from './tracker.ts';

const COMMON = [
  'aria2c',
  '--no-conf',
  ...['--enable-dht=false', '--enable-dht6=false', '--disable-ipv6=true', '--bt-enable-lpd=false'],
  ...['--seed-ratio=0.0', '--file-allocation=none', '--bt-tracker-interval=2'],
  ...['--console-log-level=error', '--summary-interval=0', '--show-console-readout=false'],
  ...['--enable-color=false', '--interface={address}', '--listen-port={port}'],
  ...['--max-overall-upload-limit={uplinkBytes}', '--max-overall-download-limit={downlinkBytes}'],
];

export const ARIA2: RivalText = {
  id: 'aria2',
  text: 'aria2',
  note: 'BitTorrent with a tracker (opentracker); pieces as transmission-create cuts them, verified with SHA-1; plain.',
  programs: ['aria2c', ...TRACKERS],
  receiversServe: true,
  ...TRACKED,
  origin: {
    command: [...COMMON, '--bt-seed-unverified=true', '--dir={fileDir}', TORRENT],
    ready: 'port',
  },
  receiver: {
    // It tells nothing when it has the file and goes on seeding, but calls a program.
    command: [...COMMON, '--on-bt-download-complete=/bin/echo', '--dir={dir}', TORRENT],
    done: { line: '^[0-9a-f]{16} 1 ' },
  },
};
