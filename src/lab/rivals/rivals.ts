// The rivals that the lab ships.
import { type Rival, rivalSchema } from '../terms/rival.ts';
import { ARIA2 } from './aria2.ts';
import { CURL_NGINX } from './curl-nginx.ts';
import { LIBTORRENT } from './libtorrent.ts';
import { RELAY_CHAIN } from './relay-chain.ts';
import { RSYNC } from './rsync.ts';

export const RIVALS: readonly Rival[] = [ARIA2, LIBTORRENT, CURL_NGINX, RSYNC, RELAY_CHAIN].map(
  (text) => rivalSchema.parse(text),
);
