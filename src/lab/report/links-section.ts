// What held the links, in words and tables: what the programs were told, what a rate
// means, and whether both kinds that hold one give the same figures.
import type { Result } from '../result.ts';
import { type LinkKind, ratesOf } from '../scenario.ts';
import { percentText, rangeText, rateText, secondsText } from '../words.ts';
import { html, type Markup, table } from './html.ts';
import { calibrationTable } from './tables.ts';

type Parameters = Result['parameters'];

/** `everybody sends at most 4.00 MiB/s and takes at most 20.00 MiB/s` */
export function linkWords(parameters: Parameters): string {
  if (parameters.link === 'none') return 'nothing holds the links';
  const { uplinkBytesPerSecond, downlinkBytesPerSecond } = ratesOf(parameters);
  return `everybody sends at most ${rateText(uplinkBytesPerSecond)} and takes at most ${rateText(downlinkBytesPerSecond)}`;
}

const HELD: Record<LinkKind, string> = {
  pacer: 'held by the same code in both programs',
  netns: 'held by the kernel, of which the programs were told nothing',
  none: '',
};

/** What is the same for both arms. */
export function fairLinks(parameters: Parameters): string {
  if (parameters.link === 'none') return 'No rate is held, by anybody: this machine decides.';
  const { uplinkBytesPerSecond, downlinkBytesPerSecond } = ratesOf(parameters);
  return `The same origin uplink (${rateText(uplinkBytesPerSecond)}) and the same downlink for each receiver (${rateText(downlinkBytesPerSecond)}), ${HELD[parameters.link]}.`;
}

/** Whether one may look at the rates and believe them. */
export function linksSection(result: Result): Markup {
  if (result.parameters.link === 'none') {
    return html`<h2>Were the links held?</h2>
<p>No: they were not to be (--link none). There are no bounds, and the figures are of this machine.</p>`;
  }
  return html`<h2>Were the links held?</h2>
${calibrationTable(result)}
${result.parameters.link === 'netns' ? kernelLinks(result) : html`<p class="note">Held by the programs (--link pacer). On Linux, root can have the kernel hold them, and both kinds compared: --link netns.</p>`}`;
}

function kernelLinks({ agreements }: Result): Markup {
  const rows = table(
    [
      'the same, with either kind of link',
      'N',
      'programs: seconds',
      'kernel: seconds',
      'kernel / programs',
    ],
    agreements.map(({ arm, receivers, pacerMs, netnsMs, ratio }) => [
      html`<span class="${arm}">${arm}</span>`,
      receivers,
      rangeText(pacerMs, secondsText),
      rangeText(netnsMs, secondsText),
      ratio === null ? '-' : percentText(ratio),
    ]),
  );
  return html`<p class="note">Held by the kernel (--link netns): each process in a network namespace of its own, on a bridge, with a tbf queue both ways.
A rate is one of payload: the kernel's is higher by 1514/1448, the headers of a full segment, so that bounds and caps mean the same with either kind.
Acknowledgements take up to 2 % of an uplink beside that, and count as the program's.
Sockets keep at most 64 KiB, so that a killed origin has little left in the kernel that goes on without it.</p>
${rows}<p class="note">Medians [min max] of the runs called agreement, in which the kinds alternate. More than 10 % apart is a failed claim.</p>`;
}
