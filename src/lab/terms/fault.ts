// The faults of a run, as a script. A step is triggered by what the protocol has
// come to (bytes sent, pieces passed on, receivers done), so that it hits the same
// moment on any machine; passes (the time that one copy takes on the base uplink) are for
// what has no such moment, as a pause between two steps.
import { z } from 'zod';

/** `origin`, `hub-2`, `front`, `receiver-3`: one node of the run. */
const NODE = /^(origin|front|(hub|receiver|attacker)-[1-9]\d?)$/;
const nodeSchema = z.string().regex(NODE, `text as ${NODE}`);

const whenSchema = z.union([
  /** The origin has sent so many copies of the file, by its own count. */
  z.strictObject({ sentCopies: z.number().positive() }),
  /** One copy has left the origin and, in a swarm, every piece is with some receiver. */
  z.strictObject({ firstCopy: z.literal(true) }),
  /** The receivers together have so much of all that they want. */
  z.strictObject({ verifiedShare: z.number().positive().max(1) }),
  /** This node has so much of the file. */
  z.strictObject({ node: nodeSchema, verifiedShare: z.number().positive().max(1) }),
  /** So many receivers are done. */
  z.strictObject({ completed: z.number().int().positive() }),
  /** So long after the step before, or after the go. */
  z.strictObject({ passes: z.number().nonnegative() }),
]);

export const faultSchema = z.union([
  z.strictObject({
    /**
     * kill is SIGKILL; stop and continue SIGSTOP and SIGCONT; restart begins what was
     * killed again, with what it had; cut and heal the node's link (netns only).
     */
    do: z.enum(['kill', 'stop', 'continue', 'restart', 'cut', 'heal']),
    node: nodeSchema,
    when: whenSchema,
  }),
  /** The second half of the receivers out of everybody else's reach, and back (netns only). */
  z.strictObject({ do: z.enum(['split', 'join']), when: whenSchema }),
]);

export type Fault = z.infer<typeof faultSchema>;
export type When = z.infer<typeof whenSchema>;

export const needsNetwork = (fault: Fault): boolean =>
  ['cut', 'heal', 'split', 'join'].includes(fault.do);

/** `kill origin after 1.25 copies` */
export function faultText(fault: Fault): string {
  const what = 'node' in fault ? `${fault.do} ${fault.node}` : `${fault.do} the network`;
  return `${what} ${whenText(fault.when)}`;
}

function whenText(when: When): string {
  if ('sentCopies' in when) return `after ${when.sentCopies} copies`;
  if ('firstCopy' in when) return 'when one copy is out';
  if ('completed' in when) return `when ${when.completed} are done`;
  if ('passes' in when) return `${when.passes} passes later`;
  const whose = 'node' in when ? when.node : 'all receivers';
  return `when ${whose} ${'node' in when ? 'has' : 'have'} ${Math.round(when.verifiedShare * 100)} %`;
}
