// How an upload becomes a file, by whichever protocol it came, and what a deletion waits for: for
// each name one at a time, each against what is there at that moment, so the last one wins unless
// it asked not to. Between two processes that share a root only "must not exist" is decided by the
// file system (link()); any other condition is a check and then a rename there, with nothing held
// in between.
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

/** What a change of a name needs of its hub. */
export interface ChangingHub {
  readonly root: Root;
  readonly catalogue: Catalogue;
  readonly uploads: Uploads;
  readonly emit: Emit;
}

export interface Publication {
  readonly segments: Segments;
  readonly draft: Pick<Draft, 'place' | 'publish'>;
  /** Undefined: whatever has the name is replaced. */
  readonly condition: Condition | undefined;
  /** Who uploaded it, for the event. */
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
export async function publish(hub: ChangingHub, publication: Publication): Promise<Published> {
  const { segments, draft, condition, remote, hashed } = publication;
  const { place } = draft;
  const { there, version } = await changeName(hub.root, place, async () => {
    const replaced = await checkTarget(hub, segments, condition);
    return { there: replaced, version: await draft.publish(ifMatchOf(condition, replaced)) };
  });
  hub.uploads.quota.handleChange(version.size - (there?.size ?? 0));
  hub.emit({ event: 'file_stored', path: segments.join('/'), bytes: version.size, remote });
  // Replaced already: then there is no CID to give.
  const entry = await hub.catalogue.learn({ place, version }, hashed).catch(() => undefined);
  return { replaced: there !== undefined, entry };
}

/** What was held against a condition must be the same still. */
function ifMatchOf(condition: Condition | undefined, there: Version | undefined): IfMatch {
  if (!condition) return undefined;
  return there ? { stamp: there.stamp } : 'absent';
}

/**
 * Holds what has the name against the condition. Resolves to its version, undefined when there is
 * nothing.
 *
 * @throws Refusal ERR_NOT_PERMITTED, ERR_CONFLICT for a directory, ERR_PRECONDITION
 */
export async function checkTarget(
  hub: Pick<ChangingHub, 'root' | 'catalogue'>,
  segments: Segments,
  condition: Condition | undefined,
): Promise<Version | undefined> {
  const existing = await openIfAny(hub.root, segments);
  try {
    if (existing?.kind === 'directory')
      throw new Refusal('ERR_CONFLICT', 'a directory has this name');
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
  // Hashing what will be replaced is only worth it when a CID is compared.
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
