// What was seen of a rival, which tells nothing: when each receiver was done, and what the kernel
// counted on the links. A file that is not the one sent is none.
import { PAYLOAD_SHARE } from '../network/wiring.ts';
import type { RunNode } from '../terms/result.ts';
import type { NodeTrace, Trace } from '../terms/trace.ts';
import type { Metrics } from './fold-metrics.ts';

/** @param told the same node, folded as one that tells */
export function foldSeen(
  { lives, file, wire }: NodeTrace,
  { goAt, plan }: Pick<Trace, 'goAt' | 'plan'>,
  told: RunNode,
): RunNode {
  const { fileBytes } = plan.setting;
  const at = lives.at(-1)?.completedAt ?? null;
  const completedMs = at === null || file !== 'same' ? null : at - goAt;
  const payload = (bytes: number | undefined): number => Math.round((bytes ?? 0) * PAYLOAD_SHARE);
  return {
    ...told,
    completedMs,
    verifiedBytes: completedMs === null ? 0 : fileBytes,
    sentBytes: payload(wire?.sentBytes),
    receivedBytes: payload(wire?.receivedBytes),
    progress: completedMs === null ? [] : [[completedMs, fileBytes]],
  };
}

/** It tells of no piece; what it sends is known where the kernel counts it. */
export function withoutUntold(metrics: Metrics, nodes: readonly RunNode[]): Metrics {
  const counted = nodes.every(({ wire }) => wire !== null);
  return {
    ...metrics,
    ...{ duplicateShare: null, refusedPieces: null, outageMs: null },
    ...(counted ? {} : { originCopies: null, uplinkUse: null, fairness: null }),
  };
}
