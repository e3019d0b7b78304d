// Gives an upload its name, by whichever protocol it came, and orders changes: the changes of one
// name go one at a time. Each is judged by the version that has the name at that moment, so the
// last one wins unless its condition forbids it. Between two processes that share a root, the file
// system decides only "must not exist" (link()). Any other condition is there a check and then a
// rename, with no lock between them.

import type { FileAttributes } from '../../content/attributes.ts';
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
import type { Emit } from '../../telemetry/event.ts';
import type { Catalogue, Entry, Hashed } from '../catalogue/catalogue.ts';
import type { Condition } from './condition.ts';
import type { Uploads } from './uploads.ts';

/** The parts of a hub that a change of a name needs. */
export interface ChangingHub {
  readonly root: Root;
  readonly catalogue: Catalogue;
  readonly uploads: Uploads;
  readonly emit: Emit;
}

export interface Publication {
  readonly segments: Segments;
  readonly draft: Pick<Draft, 'place' | 'publish'>;
  /** Condition of the publication; undefined replaces any version. */
  readonly condition: Condition | undefined;
  /** Address of the caller, for the event. */
  readonly remote: string;
  readonly attributes?: FileAttributes | undefined;
  /** Digests that were made on the way. */
  readonly hashed: Hashed;
}

export interface Published {
  readonly replaced: boolean;
  /** Entry of the published file; undefined if another upload has replaced it already. */
  readonly entry: Entry | undefined;
}

const gates = new NamedGates();

/** Makes one change of the name, however it is spelled, at a time, among those of this process. */
export function changeName<T>(
  root: Pick<Root, 'id'>,
  place: Segments,
  body: () => Promise<T>,
): Promise<T> {
  return gates.run(`${root.id}/${place.join('/').normalize('NFC')}`, body);
}

/** @throws Refusal ERR_CONFLICT, ERR_PRECONDITION, ERR_QUOTA and what the file system says */
export async function publish(hub: ChangingHub, publication: Publication): Promise<Published> {
  const { segments, draft, condition, remote, hashed, attributes } = publication;
  const { place } = draft;
  const { there, version } = await changeName(hub.root, place, async () => {
    const replaced = await checkTarget(hub, segments, condition);
    const ifMatch = ifMatchOf(condition, replaced);
    return { there: replaced, version: await draft.publish(ifMatch, attributes) };
  });
  const replacedBytes = there?.kind === 'file' ? there.size : 0;
  hub.uploads.quota.handleChange(version.size - replacedBytes);
  hub.emit({ event: 'file_stored', path: segments.join('/'), bytes: version.size, remote });
  // The file was replaced already: then there is no CID to give.
  const entry = await hub.catalogue.learn({ place, version }, hashed).catch(() => undefined);
  return { replaced: there !== undefined, entry };
}

/** The version that must still have the name: the one that the condition was judged by. */
function ifMatchOf(condition: Condition | undefined, there: Version | undefined): IfMatch {
  if (!condition) return undefined;
  return there ? { stamp: there.stamp } : 'absent';
}

/**
 * Judges the condition by the version that has the name. Resolves to that version; undefined if
 * nothing has the name.
 *
 * @throws Refusal ERR_NOT_PERMITTED, ERR_PRECONDITION, and for a directory as Root.checkGivesWay()
 */
export async function checkTarget(
  hub: Pick<ChangingHub, 'root' | 'catalogue'>,
  segments: Segments,
  condition: Condition | undefined,
): Promise<Version | undefined> {
  const existing = await openIfAny(hub.root, segments);
  try {
    if (existing?.kind === 'directory') await hub.root.checkGivesWay(segments);
    await checkCondition(hub, existing, condition);
    return existing?.version;
  } finally {
    await existing?.close();
  }
}

/** @throws Refusal ERR_PRECONDITION */
export async function checkCondition(
  { catalogue }: Pick<ChangingHub, 'catalogue'>,
  existing: Located | undefined,
  condition: Condition | undefined,
): Promise<void> {
  if (!condition) return;
  const version = existing?.version;
  // Hashes the file that will be replaced only if the condition compares CIDs.
  const named = existing && version?.kind === 'file' && condition.comparesCid;
  const cid = named ? (await catalogue.entryOf(existing)).cid : undefined;
  if (condition.holds(version && { version, cid })) return;
  throw new Refusal('ERR_PRECONDITION', mismatchOf(version));
}

function mismatchOf(version: Version | undefined): string {
  if (!version) return 'there is no such file';
  return version.kind === 'file' ? 'the file is not that version' : 'a directory has no version';
}

async function openIfAny(
  root: Root,
  segments: Segments,
): Promise<OpenFile | OpenDirectory | undefined> {
  try {
    return await root.open(segments);
  } catch (error) {
    if (!hasCode(error, 'ERR_NOT_FOUND')) throw error;
    await root.checkNew(segments);
    return undefined;
  }
}
