// The licences of everything that a bundle holds.
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** `node_modules/a/node_modules/@b/c/index.js` is of the last package in its path. */
const PACKAGE = /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/;
const LICENCE = /^(licen[cs]e|copying|notice)/i;

/**
 * @param sources as source maps name them: some packages are bundles of others themselves
 * @returns the text of THIRD-PARTY-NOTICES.txt, packages by name
 */
export async function notices(sources) {
  const named = new Set(sources.map((path) => PACKAGE.exec(path)?.[0]).filter(Boolean));
  const places = new Set([...named].map(installedAt));
  const texts = await Promise.all([...places].map(notice));
  const head = 'Hubswarm (MIT) contains these packages, each under its own licence.\n';
  return [head, ...new Set(texts.sort())].join(`\n${'-'.repeat(79)}\n\n`);
}

/** Where npm put it: a bundle names the places of its own build. */
function installedAt(place) {
  return existsSync(place) ? place : place.slice(place.lastIndexOf('node_modules/'));
}

async function notice(place) {
  const { name, version, license, author, repository } = JSON.parse(
    await readFile(join(place, 'package.json'), 'utf8'),
  );
  const files = (await readdir(place)).filter((file) => LICENCE.test(file)).sort();
  const texts = await Promise.all(files.map((file) => readFile(join(place, file), 'utf8')));
  // Some packages ship the name of their licence alone.
  const by = typeof author === 'string' ? author : author?.name;
  const from = typeof repository === 'string' ? repository : repository?.url;
  const told = [`${name} ${version}`, `Licence: ${license}`, by && `Author: ${by}`, from];
  return `${[told.filter(Boolean).join('\n'), ...texts.map((text) => text.trim())].join('\n\n')}\n`;
}
