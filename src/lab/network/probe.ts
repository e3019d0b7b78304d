// Whether this machine can make hosts, found by making one of each part in a namespace
// of the probe's own: what a kernel was built with is asked nowhere as well as by use.
import { attempt, attemptAll, type NetworkCommand } from './command.ts';
import { removeLeft, removeWhere } from './namespaces.ts';
import { NOT_LINUX } from './network.ts';
import { batch, HALVES, limit, namespaceOf, planHalves, TCP } from './wiring.ts';

export interface NetworkProbe {
  /** True: makeNetwork works. */
  readonly able: boolean;
  /** Missing abilities in words, with the machine's own reason; empty if none. */
  readonly lacks: readonly string[];
  /** What can do without, in words for a report. */
  readonly notes: readonly string[];
}

/** Whether segmentation can be left to hosts here: what a real uplink asks of them. */
export const canSetOffloads = (): boolean =>
  attempt({ program: 'ethtool', args: ['--version'], lines: [], does: '' }) === undefined;

/** Leaves nothing behind, and a network of this process as it is. */
export function probeNetwork(): NetworkProbe {
  if (process.platform !== 'linux') return { able: false, lacks: [NOT_LINUX], notes: [] };
  const namespace = namespaceOf(process.pid, 'probe');
  const { first, parts, whole, delay } = planProbe(namespace);
  const clean = (): void => removeWhere((name) => name === namespace);
  removeLeft();
  clean();
  try {
    const none = attempt(first);
    // Without a namespace nothing else can be tried, nor need be.
    if (none !== undefined) return { able: false, lacks: [none], notes: [] };
    const missing = parts.flatMap((command) => attempt(command) ?? []);
    const lacks = missing.length > 0 ? missing : [attemptAll(whole) ?? []].flat();
    const noDelay = attempt(delay);
    const notes = noDelay === undefined ? [] : [noDelay];
    return { able: lacks.length === 0, lacks, notes };
  } finally {
    clean();
  }
}

interface ProbePlan {
  readonly first: NetworkCommand;
  /** Commands that do not depend on each other. */
  readonly parts: readonly NetworkCommand[];
  /** Needs all parts. */
  readonly whole: readonly NetworkCommand[];
  readonly delay: NetworkCommand;
}

/** Pure. */
function planProbe(namespace: string): ProbePlan {
  return {
    first: batch('ip', null, 'network namespaces cannot be made', [`netns add ${namespace}`]),
    parts: [
      batch('ip', namespace, 'a bridge cannot be made', [`link add ${HALVES[0]} type bridge`]),
      batch('ip', namespace, 'veth devices cannot be made', [
        'link add wan0 type veth peer name port0',
      ]),
      batch('tc', namespace, 'the tbf queue cannot be made', [limit('lo', 1_000_000)]),
      {
        program: 'ip',
        args: ['netns', 'exec', namespace, 'sh', '-e'],
        lines: TCP,
        does: 'processes in namespaces cannot be started',
      },
    ],
    whole: planHalves(
      namespace,
      [[{ namespace, address: '10.77.0.1', mac: '02:00:0a:4d:00:01', port: 'port0' }], []],
      'a bridge of veth devices cannot be made',
    ),
    delay: batch('tc', namespace, 'delay and loss cannot be emulated: no netem', [
      'qdisc replace dev lo root netem delay 1ms',
    ]),
  };
}
