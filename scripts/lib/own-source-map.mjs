// Source maps of what dist/ holds lead to our sources alone.
import { decode, encode } from '@jridgewell/sourcemap-codec';

/**
 * The map of our sources, with their texts if it has texts. Those of packages are named only, for the
 * notices: their texts and places would take five times the room.
 */
export function withOwnSources(text) {
  const map = JSON.parse(text);
  const isOwn = map.sources.map((source) => !source.includes('node_modules/'));
  map.sourcesContent = map.sourcesContent?.map((content, at) => (isOwn[at] ? content : null));
  map.mappings = encode(decode(map.mappings).map((line) => ownSegments(line, isOwn)));
  return JSON.stringify(map);
}

/** A run of segments of packages becomes one that leads nowhere: a column alone. */
function ownSegments(line, isOwn) {
  const kept = [];
  for (const segment of line) {
    if (isOwn[segment[1]]) kept.push(segment);
    else if (kept.length === 0 || kept.at(-1).length > 1) kept.push([segment[0]]);
  }
  return kept;
}
