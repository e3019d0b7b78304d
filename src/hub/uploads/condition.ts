// Port: a condition on which a change depends, judged against the version that has the name at that
// moment. A face of the hub makes it from a request (HTTP: server/uploads/condition-of.ts). If a
// condition holds only while nothing has the name, the change may only create; the root ensures
// that in one step.
import type { Version } from '../../root/root.ts';

/** The file or directory that has a name. */
export interface Current {
  readonly version: Version;
  /** Its CID, if it is a file and the condition compares CIDs. */
  readonly cid: string | undefined;
}

export interface Condition {
  /** Whether `holds` looks at the CID. A file that has none yet is hashed for it. */
  readonly comparesCid: boolean;
  /** @param current undefined if nothing has the name */
  holds(current: Current | undefined): boolean;
}
