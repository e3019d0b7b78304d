// rsync from a daemon: a whole file that nobody had before, so without what it is famous for.
import type { RivalText } from '../terms/rival.ts';

const CONFIG = `
use chroot = no
uid = 0
gid = 0
reverse lookup = no
[file]
path = {fileDir}
read only = yes
`;

export const RSYNC: RivalText = {
  id: 'rsync',
  text: 'rsync',
  note: 'A daemon, whole files, checksummed by rsync, not encrypted. With links held by the programs each connection is limited to an equal share of the uplink.',
  programs: ['rsync'],
  receiversServe: false,
  origin: {
    files: { 'rsyncd.conf': CONFIG },
    command: [
      ...['rsync', '--daemon', '--no-detach', '--config={dir}/rsyncd.conf'],
      ...['--address={address}', '--port={port}', '--bwlimit={uplinkShareKiB}'],
    ],
    ready: 'port',
  },
  receiver: {
    command: ['rsync', '--whole-file', 'rsync://{origin}/file/{fileName}', '{out}'],
    done: 'exit',
  },
};
