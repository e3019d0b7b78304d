// Port: what a change is bound to, judged against what has the name at that moment. A face of the
// hub makes it of what it was asked with (HTTP: server/uploads/condition-of.ts). A condition that
// holds while nothing has the name lets the change only create: the root sees to it in one step.
import type { Version } from '../../root/root.ts';

/** What has a name. */
export interface Current {
  readonly version: Version;
  /** Known where the condition compares CIDs, and only of a file. */
  readonly cid: string | undefined;
}

export interface Condition {
  /** Whether `holds` looks at the CID. A file that has none yet is hashed for it. */
  readonly comparesCid: boolean;
  /** @param current undefined if nothing has the name */
  holds(current: Current | undefined): boolean;
}
