// The name of a download if none is given: from Content-Disposition (RFC 6266, RFC 8187), else from
// the URL's path. A server chooses it, so it is made a safe basename: no directory, not hidden, no
// control character.
import { parse } from 'content-disposition';
import { showText } from '../../runtime/shown-text.ts';

/** NAME_MAX of common file systems is 255 bytes; 55 are left for the partial file's suffix. */
const MAX_NAME_BYTES = 200;
const FALLBACK = 'download';

export function deriveFileName(url: URL, contentDisposition: string | undefined): string {
  return safeName(dispositionName(contentDisposition)) ?? safeName(pathName(url)) ?? FALLBACK;
}

function dispositionName(header: string | undefined): string | undefined {
  if (header === undefined) return undefined;
  try {
    return parse(utf8Of(header)).parameters.filename;
  } catch {
    return undefined;
  }
}

/** Header values are read as Latin-1; many servers send names as UTF-8 all the same. */
function utf8Of(text: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(text, 'latin1'));
  } catch {
    return text;
  }
}

function pathName(url: URL): string | undefined {
  const last = url.pathname.split('/').at(-1);
  try {
    return decodeURIComponent(last ?? '');
  } catch {
    return last;
  }
}

function safeName(name: string | undefined): string | undefined {
  const base = (name ?? '').split(/[/\\]/).at(-1)!;
  const shown = showText(base, '_').trim();
  const visible = shown.replace(/^\.+/, '');
  return visible === '' ? undefined : showText(cutTo(visible, MAX_NAME_BYTES), '_');
}

/** Cuts at a whole character, perhaps within a joined emoji, and keeps a short extension. */
function cutTo(name: string, maxBytes: number): string {
  if (Buffer.byteLength(name) <= maxBytes) return name;
  const extension = /\.[^.]{1,16}$/.exec(name)?.[0] ?? '';
  const room = maxBytes - Buffer.byteLength(extension);
  let stem = '';
  let bytes = 0;
  for (const character of name.slice(0, name.length - extension.length)) {
    bytes += Buffer.byteLength(character);
    if (bytes > room) break;
    stem += character;
  }
  return stem + extension;
}
