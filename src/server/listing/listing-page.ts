// A directory as an HTML page: one file, no script, nothing fetched from elsewhere, and a policy
// that forbids all of that, so a harmful name does nothing. Its links lead to what is in the
// directory, to its other pages and up, so a crawler fetches all there is and nothing twice. Filter,
// order and archives are forms, which no crawler sends. All works without a script.
import { createHash } from 'node:crypto';
import prettyBytes from 'pretty-bytes';
import type { ListedEntry, Listing } from '../../api/listing.ts';
import { showText } from '../../runtime/shown-text.ts';
import { formatListingQuery, type ListingQuery } from './listing-query.ts';
import type { ListingReferences } from './references.ts';

const STYLE = `
:root { color-scheme: light dark; --line: #8883; --soft: #6b6b6b; --link: #0b57d0; --row: #8881 }
@media (prefers-color-scheme: dark) { :root { --soft: #9a9a9a; --link: #8ab4f8 } }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 64rem; margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.25rem; font-weight: 600; overflow-wrap: anywhere; margin: 0 }
a { color: var(--link); text-decoration: none } a:hover, button:hover { text-decoration: underline }
button { font: inherit; color: var(--link); background: none; border: 0; padding: 0; cursor: pointer }
header, footer { display: flex; flex-wrap: wrap; gap: .5rem 1.5rem; align-items: center; margin: 1rem 0 }
header h1 { flex: 1 1 16rem }
footer { color: var(--soft) } footer nav { margin-left: auto } nav > * { margin-left: .75rem }
input { font: inherit; padding: .2rem .5rem; border: 1px solid var(--line); border-radius: .4rem; background: none; color: inherit }
table { width: 100%; border-collapse: collapse }
th { text-align: left; font-weight: 500; white-space: nowrap } th button { color: var(--soft) }
th, td { padding: .35rem .5rem; border-bottom: 1px solid var(--line); vertical-align: top }
tbody tr:hover { background: var(--row) }
td:first-child { overflow-wrap: anywhere }
.number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums }
.date { white-space: nowrap; color: var(--soft) }
code { display: block; font-size: .75rem; color: var(--soft); overflow-wrap: anywhere }
@media (max-width: 40rem) { .date { display: none } }
`;

const STYLE_HASH = createHash('sha256').update(STYLE).digest('base64');

export const PAGE_POLICY = `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'`;

/** A browser that tells no page of itself would not tell the hub either that a form is its own. */
const OWN_FORMS = '<meta name="referrer" content="same-origin">\n';
const UPLOAD =
  '<form method="post" enctype="multipart/form-data"><input type="file" name="file" multiple required aria-label="Files"> <button>Upload</button></form>\n';

export function listingPage(
  listing: Listing,
  query: ListingQuery,
  references: ListingReferences,
  takesFiles: boolean,
): string {
  const title = decodeURIComponent(listing.path);
  const none = query.q === '' ? 'Nothing here.' : 'No name here holds that.';
  const rows = listing.entries.map(row).join('\n') || `<tr><td colspan="3">${none}`;
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${shown(title)}</title>
${takesFiles ? OWN_FORMS : ''}<style>${STYLE}</style>
<header>
<h1>${breadcrumb(listing.path, references)}</h1>
<form role="search">${hiddenFields({ ...query, q: '', page: 1 })}<input type="search" name="q" value="${shown(query.q)}" placeholder="Filter names" aria-label="Filter names"></form>
</header>
<table>
<thead><tr><th>${sortButton('Name', 'name', query)}<th class="number">${sortButton('Size', 'size', query)}<th class="date">${sortButton('Modified (UTC)', 'modified', query)}</thead>
<tbody>
${rows}
</tbody>
</table>
${takesFiles ? UPLOAD : ''}<footer>
<span>${listing.total === 1 ? '1 entry' : `${listing.total} entries`}</span>
<form>Download all as <button name="archive" value="zip">zip</button> or <button name="archive" value="tar">tar</button></form>
${pager(listing, references)}
</footer>
</html>
`;
}

function breadcrumb(path: string, references: ListingReferences): string {
  const names = path.split('/').filter((name) => name !== '');
  return names
    .map((name, i) => {
      const href = references.above(names.length - 1 - i);
      return `<a href="${escapeHtml(href)}">${shown(decodeURIComponent(name))}</a>`;
    })
    .join(' / ');
}

/** What a form keeps of a query. A new filter or order starts on the first page. */
function hiddenFields(query: ListingQuery): string {
  const kept = new URLSearchParams(formatListingQuery(query));
  return [...kept]
    .map(([name, value]) => `<input type="hidden" name="${name}" value="${exact(value)}">`)
    .join('');
}

function sortButton(label: string, sort: ListingQuery['sort'], query: ListingQuery): string {
  const current = query.sort === sort;
  const order = current && query.order === 'asc' ? 'desc' : 'asc';
  const arrow = current ? (query.order === 'asc' ? ' \u2191' : ' \u2193') : '';
  const fields = hiddenFields({ ...query, sort, order, page: 1 });
  return `<form>${fields}<button>${label}${arrow}</button></form>`;
}

function pager({ page, pages }: Listing, references: ListingReferences): string {
  if (pages === 1) return '';
  const link = (label: string, to: number, rel: string): string =>
    to < 1 || to > pages || to === page
      ? `<span>${label}</span>`
      : `<a rel="${rel}" href="${escapeHtml(references.with({ page: to }))}">${label}</a>`;
  const links = [
    link('First', 1, 'first'),
    link('Previous', page - 1, 'prev'),
    `<span>Page ${page} of ${pages}</span>`,
    link('Next', page + 1, 'next'),
    link('Last', pages, 'last'),
  ];
  return `<nav>${links.join('')}</nav>`;
}

function row({ name, type, url, size, modified, cid }: ListedEntry): string {
  const text = type === 'directory' ? `${name}/` : name;
  const sizeText = size === undefined ? '' : prettyBytes(size, { binary: true });
  const cidText = cid === undefined ? '' : `<code>${cid}</code>`;
  const date = modified.slice(0, 16).replace('T', ' ');
  return `<tr><td><a href="${escapeHtml(url)}">${shown(text)}</a>${cidText}<td class="number">${sizeText}<td class="date">${date}`;
}

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text of a remote. */
const shown = (text: string): string => escapeHtml(showText(text));

/** Text that goes back as it came, and stands in the page without what is not seen. */
const exact = (text: string): string =>
  escapeHtml(text).replace(/[^\x20-\x7e]/gu, (char) => `&#${char.codePointAt(0)};`);

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ESCAPES[character]!);
}
