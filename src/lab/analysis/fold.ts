// Turns the trace of a run into its figures. Arithmetic only: no opinion on
// whether they can be trusted, which is verdict.ts.

import type { Run } from '../terms/result.ts';
import { receives, type Trace } from '../terms/trace.ts';
import { removedBy } from './absence.ts';
import { boundOfRun } from './bound.ts';
import { foldMetrics } from './fold-metrics.ts';
import { foldNode, sum } from './fold-node.ts';
import { foldSeen, withoutUntold } from './fold-rival.ts';

/** Everything about a run but its verdict. */
export function foldRun(trace: Trace): Omit<Run, 'verdict'> {
  const { plan, goAt } = trace;
  const { setting } = plan;
  const removed = removedBy(trace.faults, setting.receivers);
  const nodes = trace.nodes.map((node) => {
    const told = foldNode(node, trace, removed.has(node.id));
    return plan.rival ? foldSeen(node, trace, told) : told;
  });
  const bound = boundOfRun(plan);
  const boundMs = bound.seconds * 1000;
  const metrics = foldMetrics(trace, nodes, boundMs);
  // A balancer passes on what hubs have sent already.
  const senders = nodes.filter(({ role }) => role !== 'front');
  return {
    id: plan.id,
    scenario: plan.scenario,
    arm: plan.arm,
    architecture: plan.architecture,
    point: { ...plan.point },
    repetition: plan.repetition,
    seed: plan.seed,
    setting,
    goAt,
    endedMs: trace.endedAt - goAt,
    faults: trace.faults.map((fault) => ({
      text: fault.text,
      do: fault.do,
      node: fault.node,
      atMs: fault.at - goAt,
      originCopies: fault.originSentBytes / setting.fileBytes,
    })),
    unmetFaults: [...trace.unmetFaults],
    boundMs,
    boundName: bound.name,
    sentBytes: sum(senders.map(({ sentBytes }) => sentBytes)),
    receivedBytes: sum(nodes.filter(receives).map(({ receivedBytes }) => receivedBytes)),
    foreignCpuShare: trace.foreignCpuShare,
    metrics: plan.rival ? withoutUntold(metrics, nodes) : metrics,
    nodes,
  };
}
