// How an upload becomes a file, whether it came by PUT or by tus, and what a
// deletion waits for: for each name one at a time, each against what is there at
// that moment, so the last one wins unless it asked not to. Between two processes
// that share a root only "must not exist" is decided by the file system (link());
// If-Match is a check and then a rename there, with nothing held in between.
import type { IncomingHttpHeaders } from 'node:http';
import type { Entry, Hashed } from '../../hub/catalogue/catalogue.ts';
import type {
  Draft,
  IfMatch,
  Located,
  OpenDirectory,
  OpenFile,
  Root,
  Segments,
  Version,
} from '../../root/root.ts';
import { hasCode } from '../../runtime/errors.ts';
import { NamedGates } from '../../runtime/named-gates.ts';
import { Refusal } from '../../runtime/refusal.ts';
import { datedBy } from '../answer/representation.ts';
import { validatorsOf } from '../files/file-response.ts';
import { checkPreconditions } from '../message/preconditions.ts';
import type { UploadsHub } from './uploads-hub.ts';

/** What a method that changes something is held against (RFC 9110 section 13.1). */
export const CONDITIONS = ['if-match', 'if-none-match', 'if-unmodified-since'] as const;

export interface Publication {
  readonly segments: Segments;
  readonly draft: Pick<Draft, 'place' | 'publish'>;
  readonly conditions: IncomingHttpHeaders;
  readonly remote: string;
  /** What was hashed on the way. */
  readonly hashed: Hashed;
}

export interface Published {
  readonly replaced: boolean;
  /** Undefined when another upload has replaced it already. */
  readonly entry: Entry | undefined;
}

const gates = new NamedGates();

/** One change of that name at a time, of those that this process makes. */
export function changeName<T>(
  root: Pick<Root, 'id'>,
  place: Segments,
  body: () => Promise<T>,
): Promise<T> {
  return gates.run(`${root.id}/${place.join('/')}`, body);
}

/** @throws Refusal ERR_CONFLICT, ERR_PRECONDITION, ERR_QUOTA and what the file system says */
export async function publish(hub: UploadsHub, publication: Publication): Promise<Published> {
  const { segments, draft, conditions, remote, hashed } = publication;
  const { place } = draft;
  const { there, version } = await changeName(hub.root, place, async () => {
    const replaced = await checkTarget(hub, segments, conditions);
    const ifMatch = ifMatchOf(conditions, replaced);
    return { there: replaced, version: await draft.publish(ifMatch) };
  });
  hub.uploads.quota.handleChange(version.size - (there?.size ?? 0));
  hub.emit({ event: 'file_stored', path: segments.join('/'), bytes: version.size, remote });
  // Replaced already: then there is no tag to give.
  const entry = await hub.catalogue.learn({ place, version }, hashed).catch(() => undefined);
  return { replaced: there !== undefined, entry };
}

/** Who says what may be replaced has had that judged: it must be the same still. */
function ifMatchOf(conditions: IncomingHttpHeaders, there: Version | undefined): IfMatch {
  if (conditions['if-none-match']?.trim() === '*') return 'absent';
  if (CONDITIONS.every((name) => conditions[name] === undefined)) return undefined;
  return there ? { stamp: there.stamp } : 'absent';
}

/**
 * Holds what has the name against the conditions. Resolves to its version, undefined
 * when there is nothing.
 *
 * @throws Refusal ERR_NOT_PERMITTED, ERR_CONFLICT for a directory, ERR_PRECONDITION
 */
export async function checkTarget(
  hub: UploadsHub,
  segments: readonly string[],
  conditions: IncomingHttpHeaders,
): Promise<Version | undefined> {
  const existing = await openIfAny(hub, segments);
  try {
    if (existing?.kind === 'directory')
      throw new Refusal('ERR_CONFLICT', 'a directory has this name');
    await checkConditions(hub, existing, conditions);
    return existing?.version;
  } finally {
    await existing?.close();
  }
}

/** @throws Refusal ERR_PRECONDITION */
export async function checkConditions(
  { catalogue }: UploadsHub,
  existing: Located | undefined,
  conditions: IncomingHttpHeaders,
): Promise<void> {
  if (CONDITIONS.every((name) => conditions[name] === undefined)) return;
  // Hashing what will be replaced is only worth it when a tag is compared.
  const comparesTags = [conditions['if-match'], conditions['if-none-match']].some(
    (tags) => tags !== undefined && tags.trim() !== '*',
  );
  const current =
    existing &&
    (comparesTags
      ? validatorsOf(existing, await catalogue.entryOf(existing))
      : datedBy(existing.version.modifiedMs));
  if (checkPreconditions('PUT', conditions, current) === 'proceed') return;
  throw new Refusal(
    'ERR_PRECONDITION',
    current ? 'the file is not that version' : 'there is no such file',
  );
}

async function openIfAny(
  hub: UploadsHub,
  segments: readonly string[],
): Promise<OpenFile | OpenDirectory | undefined> {
  try {
    return await hub.root.open(segments);
  } catch (error) {
    if (!hasCode(error, 'ERR_NOT_FOUND')) throw error;
    await hub.root.checkNew(segments);
    return undefined;
  }
}
