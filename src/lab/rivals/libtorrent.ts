// libtorrent-rasterbar by its Python binding, as its own examples use it: what most BitTorrent
// programs of today are made of.
import type { RivalText } from '../terms/rival.ts';
import { TORRENT, TRACKED, TRACKERS } from './tracker.ts';

const SCRIPT = `
import sys, libtorrent as lt

torrent, path, address, port, seeds = sys.argv[1:6]
session = lt.session({
    'listen_interfaces': address + ':' + port,
    'enable_dht': False, 'enable_lsd': False, 'enable_upnp': False, 'enable_natpmp': False,
    'allow_multiple_connections_per_ip': True,
    'alert_mask': lt.alert.category_t.status_notification
    | lt.alert.category_t.storage_notification | lt.alert.category_t.error_notification,
})
params = lt.add_torrent_params()
params.ti = lt.torrent_info(torrent)
params.save_path = path
if seeds == 'seed':
    params.flags |= lt.torrent_flags.seed_mode
session.add_torrent(params)
while True:
    session.wait_for_alert(60000)
    for alert in session.pop_alerts():
        if isinstance(alert, lt.torrent_finished_alert):
            # Written, not only received.
            alert.handle.flush_cache()
        elif isinstance(alert, lt.cache_flushed_alert):
            print('complete', flush=True)
        elif alert.category() & lt.alert.category_t.error_notification:
            print(alert.message(), file=sys.stderr, flush=True)
`;

const FILES = { 'peer.py': SCRIPT };
/** Debian's own Python: another one in PATH has not its modules. */
const PYTHON = '/usr/bin/python3';

export const LIBTORRENT: RivalText = {
  id: 'libtorrent',
  text: 'libtorrent',
  note: 'BitTorrent with a tracker (opentracker); pieces as transmission-create cuts them, verified with SHA-1.',
  programs: TRACKERS,
  probe: [PYTHON, '-c', 'import libtorrent'],
  receiversServe: true,
  ...TRACKED,
  origin: {
    files: FILES,
    command: [PYTHON, '{dir}/peer.py', TORRENT, '{fileDir}', '{address}', '{port}', 'seed'],
    ready: 'port',
  },
  receiver: {
    files: FILES,
    command: [PYTHON, '{dir}/peer.py', TORRENT, '{dir}', '{address}', '{port}', 'leech'],
    done: { line: '^complete$' },
  },
};
