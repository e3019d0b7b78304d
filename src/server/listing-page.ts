// A directory as a page: one file, no script, nothing fetched from elsewhere, and
// a policy that forbids all of that, so a name that slips through does nothing.
import { createHash } from 'node:crypto';
import prettyBytes from 'pretty-bytes';
import type { ListedEntry, Listing } from './listing.ts';

const STYLE = `
:root { color-scheme: light dark; --line: #8883; --soft: #767676; --link: #0b57d0 }
@media (prefers-color-scheme: dark) { :root { --soft: #9a9a9a; --link: #8ab4f8 } }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 64rem; margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.25rem; font-weight: 600; overflow-wrap: anywhere }
a { color: var(--link); text-decoration: none } a:hover { text-decoration: underline }
table { width: 100%; border-collapse: collapse }
th { text-align: left; font-weight: 500; color: var(--soft) }
th, td { padding: .35rem .5rem; border-bottom: 1px solid var(--line); vertical-align: top }
td:first-child { overflow-wrap: anywhere }
.number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums }
.date { white-space: nowrap; color: var(--soft) }
code { display: block; font-size: .75rem; color: var(--soft); overflow-wrap: anywhere }
p { color: var(--soft) }
@media (max-width: 40rem) { .date { display: none } }
`;

const STYLE_HASH = createHash('sha256').update(STYLE).digest('base64');

export const PAGE_POLICY = `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;

export function listingPage(listing: Listing): string {
  const title = decodeURIComponent(listing.path);
  const rows = listing.entries.map(row).join('\n');
  const note = listing.truncated
    ? '<p>There are more entries than are shown here.</p>'
    : listing.entries.length === 0
      ? '<p>Nothing here.</p>'
      : '';
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>${STYLE}</style>
<h1>${breadcrumb(listing.path)}</h1>
<table>
<thead><tr><th>Name<th class="number">Size<th class="date">Modified (UTC)</thead>
<tbody>
${rows}
</tbody>
</table>
${note}
</html>
`;
}

function breadcrumb(path: string): string {
  const names = path.split('/').filter((name) => name !== '');
  return names
    .map((name, i) => {
      const href = `/${names.slice(0, i + 1).join('/')}/`;
      return `<a href="${escapeHtml(href)}">${escapeHtml(decodeURIComponent(name))}</a>`;
    })
    .join(' / ');
}

function row({ name, type, url, size, modified, cid }: ListedEntry): string {
  const shown = type === 'directory' ? `${name}/` : name;
  const sizeText = size === undefined ? '' : prettyBytes(size, { binary: true });
  const cidText = cid === undefined ? '' : `<code>${cid}</code>`;
  const date = modified.slice(0, 16).replace('T', ' ');
  return `<tr><td><a href="${escapeHtml(url)}">${escapeHtml(shown)}</a>${cidText}<td class="number">${sizeText}<td class="date">${date}`;
}

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ESCAPES[character]!);
}
