// The absences of nodes by the fault script: from the step that takes one away to the one
// that brings it back. What a run's makespan and bound leave out, and what its pictures
// show as a gap.

/** A step of the script, or what was seen of one. */
interface Step {
  readonly do: string;
  readonly node?: string | null;
}

const BACK: Readonly<Record<string, string>> = {
  kill: 'restart',
  stop: 'continue',
  cut: 'heal',
  split: 'join',
};

const receiverId = (index: number): string => `receiver-${index + 1}`;

/** The second half of the receivers, which a split separates from all other nodes. */
const farHalf = (receivers: number): string[] =>
  Array.from({ length: receivers }, (_, i) => receiverId(i)).slice(Math.ceil(receivers / 2));

const touched = (step: Step, receivers: number): readonly string[] =>
  typeof step.node === 'string' ? [step.node] : farHalf(receivers);

/** Ids of the nodes that are taken away and, when the script is over, still are. */
export function removedBy(steps: readonly Step[], receivers: number): ReadonlySet<string> {
  const open = new Set<string>();
  for (const step of steps) {
    const way = BACK[step.do];
    for (const id of touched(step, receivers)) {
      if (way !== undefined) open.add(`${id} ${way}`);
      else open.delete(`${id} ${step.do}`);
    }
  }
  return new Set([...open].map((entry) => entry.split(' ')[0]!));
}

export interface Absence {
  readonly from: number;
  readonly to: number;
}

/** Absences of one node, to infinity if nothing brings it back. A split leaves it with its half. */
export function absencesOf(
  faults: readonly (Step & { readonly at: number })[],
  id: string,
): Absence[] {
  const own = faults.filter(({ node }) => node === id);
  return own.flatMap(({ do: what, at }, i) => {
    const way = BACK[what];
    if (way === undefined) return [];
    const back = own.slice(i + 1).find((step) => step.do === way);
    return [{ from: at, to: back?.at ?? Number.POSITIVE_INFINITY }];
  });
}
