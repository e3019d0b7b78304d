// The places on servers to which one command has sent something: what comes later overwrites none of
// it, as cp refuses to. A name counts in whatever Unicode spelling (NFC, NFD): a hub finds it under
// each.
import { HubswarmError } from '../../runtime/errors.ts';
import { tryDecode } from '../http/url.ts';
import type { LocalFiles } from './local-files.ts';
import { isAtOrBelow, urlBelow } from './tree-path.ts';

const JUST_SENT = 'another of that name was just sent there';

type Kind = 'file' | 'directory';

export class SentPlaces {
  readonly #kinds = new Map<string, Kind>();

  /** @throws HubswarmError ERR_EXISTS if something is there. Directories are merged. */
  check(path: string, url: URL, kind: Kind): void {
    if (this.#blocks(url, kind))
      throw new HubswarmError('ERR_EXISTS', `${path}: not sent: ${JUST_SENT}`);
  }

  add(url: URL, kind: Kind): void {
    this.#kinds.set(keyOf(url), kind);
  }

  /**
   * Adds a local directory's content.
   *
   * @param url where it is sent; ends in '/'
   * @param onBlocked called with each path that something was sent to; what is returned lacks these
   */
  addTree(
    url: URL,
    local: LocalFiles,
    onBlocked: (path: string, reason: string) => void,
  ): LocalFiles {
    const blocked = new Set<string>();
    const places: [URL, Kind][] = [[url, 'directory']];
    const look = (path: string, kind: Kind): void => {
      if (isAtOrBelow(path, blocked)) return;
      const place = urlBelow(url, path.split('/'));
      if (this.#blocks(place, kind)) blocked.add(path);
      else places.push([place, kind]);
    };
    for (const path of local.directories) look(path, 'directory');
    for (const { segments } of local.files) look(segments.join('/'), 'file');
    // Only now: two spellings of one name in the directory do not block each other.
    for (const [place, kind] of places) this.add(place, kind);
    for (const path of blocked) onBlocked(path, JUST_SENT);
    return {
      files: local.files.filter(({ segments }) => !isAtOrBelow(segments.join('/'), blocked)),
      directories: new Set([...local.directories].filter((path) => !isAtOrBelow(path, blocked))),
      times: local.times,
      leftOut: new Set([...local.leftOut, ...blocked]),
    };
  }

  #blocks(url: URL, kind: Kind): boolean {
    const sent = this.#kinds.get(keyOf(url));
    return sent !== undefined && (sent === 'file' || kind === 'file');
  }
}

function keyOf({ origin, pathname }: URL): string {
  const path = pathname.replace(/\/$/, '');
  return origin + (tryDecode(path) ?? path).normalize('NFC');
}
