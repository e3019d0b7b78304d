// The costs of each architecture: CPU time, memory, and bytes on the wire.
import type { MetricName } from '../../terms/metric.ts';
import type { Markup } from '../drawing/html.ts';
import type { Scene } from '../drawing/scene.ts';
import { metricRowsFigure } from './metric-rows.ts';

const rows =
  (metric: MetricName, title: string, caption: string) =>
  (scene: Scene): Markup[] =>
    metricRowsFigure(scene, { metric, title, caption });

const cpu = rows(
  'cpuSecondsPerGib',
  'How much CPU time for each GiB?',
  'CPU time of all processes after the go, origin included, over the bytes that receivers verified. A swarm that is not the dearer one would surprise us.',
);

const memory = rows(
  'rssPeakBytes',
  'How much memory?',
  'The largest resident set of any process. A figure that grows with the file would mean that a program holds the file in memory.',
);

const wire = rows(
  'wireOverhead',
  'What goes over the wire beside the file?',
  'Bytes on all links as the kernel counts them, headers and acknowledgements included, over those delivered, less one. Below 0 would mean that bytes went unseen.',
);

const vain = rows(
  'duplicateShare',
  'How much is received in vain?',
  'Payload that was received and not needed, over what was verified. What is much above 0 would mean that a receiver asks for what it has.',
);

export const costFigures = (scene: Scene): Markup[] => [...cpu(scene), ...memory(scene)];

export const wireFigures = (scene: Scene): Markup[] => [...wire(scene), ...vain(scene)];
