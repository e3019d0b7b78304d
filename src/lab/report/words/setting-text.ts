// The setting that all arms of a scenario share, in a line: receivers, file, links
// and the script, without what is swept.
import prettyBytes from 'pretty-bytes';
import { rateText } from '../../terms/amount-text.ts';
import { faultText } from '../../terms/fault.ts';
import { DEFAULTS, type LinkKind, type Setting, type SettingKey } from '../../terms/setting.ts';
import { keyAxis } from './point-text.ts';

const HELD: Readonly<Record<LinkKind, string>> = {
  pacer: 'links held by the programs',
  netns: 'links held by the kernel',
  none: 'links that nothing holds',
};

const size = (bytes: number): string => prettyBytes(bytes, { binary: true });

/** Parts of the sentence in order; a part without content is left out. */
const PARTS: readonly [SettingKey, (setting: Setting) => string | null][] = [
  ['receivers', ({ receivers }) => `${receivers} receivers`],
  ['fileBytes', ({ fileBytes }) => size(fileBytes)],
  ['pieceLength', ({ pieceLength }) => (pieceLength ? `pieces of ${size(pieceLength)}` : null)],
  [
    'uplinkBytesPerSecond',
    (setting) =>
      setting.link === 'none' ? null : `uplinks of ${rateText(setting.uplinkBytesPerSecond)}`,
  ],
  [
    'uplinkFactors',
    ({ uplinkFactors }) =>
      uplinkFactors.length > 1 ? `receivers' uplinks ${uplinkFactors.join(' : ')}` : null,
  ],
  [
    'downlinkFactor',
    (setting) =>
      setting.link === 'none'
        ? null
        : `downlinks of ${rateText(setting.uplinkBytesPerSecond * setting.downlinkFactor)}`,
  ],
  ['link', ({ link }) => HELD[link]],
  [
    'offloads',
    ({ link, offloads }) =>
      link === 'netns' ? `segmentation offloads ${offloads ? 'on' : 'off'}` : null,
  ],
  ['faults', ({ faults }) => (faults.length > 0 ? faults.map(faultText).join(', then ') : null)],
];

const SAID = new Set<string>(PARTS.map(([key]) => key));

function plain(value: unknown): string {
  return typeof value === 'object' ? JSON.stringify(value).replaceAll(/["{}[\]]/g, '') : `${value}`;
}

/** @param swept what differs from point to point */
export function settingText(setting: Setting, swept: readonly string[]): string {
  const said = PARTS.flatMap(([key, text]) => (swept.includes(key) ? [] : (text(setting) ?? [])));
  const others = (Object.keys(DEFAULTS) as SettingKey[])
    .filter((key) => !SAID.has(key) && !swept.includes(key))
    .filter((key) => JSON.stringify(setting[key]) !== JSON.stringify(DEFAULTS[key]))
    .map((key) => `${keyAxis(key)} ${plain(setting[key])}`);
  return [...said, ...others].join(', ');
}
