// A point of a sweep as people read it: what was varied, and to which value.
import prettyBytes from 'pretty-bytes';
import type { Point, Scalar } from '../../terms/planned-run.ts';

interface KeyText {
  /** Text on an axis or in a column's head. */
  readonly axis: string;
  readonly value: (value: number) => string;
  /** Text in a sentence. */
  readonly words: (value: string) => string;
}

const bytes = (value: number): string => prettyBytes(value, { binary: true });
const percent = (share: number): string => `${Number((share * 100).toFixed(1))} %`;

const KEYS: Readonly<Record<string, KeyText>> = {
  receivers: { axis: 'receivers N', value: String, words: (value) => `N = ${value}` },
  kill: {
    axis: 'copies sent before the kill',
    value: String,
    words: (value) => (Number.isNaN(Number(value)) ? `k: ${value}` : `k = ${value}`),
  },
  fileBytes: { axis: 'size of the file', value: bytes, words: (value) => `F = ${value}` },
  pieceLength: { axis: 'piece length', value: bytes, words: (value) => `pieces of ${value}` },
  riderShare: { axis: 'free riders', value: percent, words: (value) => `${value} free riders` },
  attackers: {
    axis: 'attackers',
    value: String,
    words: (value) => (value === '1' ? '1 attacker' : `${value} attackers`),
  },
  uplinkBytesPerSecond: {
    axis: 'uplink',
    value: (rate) => `${bytes(rate)}/s`,
    words: (value) => `uplinks of ${value}`,
  },
  lifetimeShare: {
    axis: 'share of the file before a peer vanishes',
    value: percent,
    words: (value) => `vanishing at ${value}`,
  },
  originUplinkFactor: {
    axis: "origin's uplink, of the others'",
    value: (factor) => `${factor}x`,
    words: (value) => `origin ${value}`,
  },
};

/** `lifetimeShare` -> `lifetime share`: a setting that has no words of its own. */
const plainKey = (key: string): string =>
  key.replaceAll(/[A-Z]/g, (letter) => ` ${letter}`).toLowerCase();

/** Name of a swept setting on an axis. */
export const keyAxis = (key: string): string => KEYS[key]?.axis ?? plainKey(key);

/** `64 KiB` for a length of 65536 */
export const scalarText = (key: string, value: Scalar): string =>
  typeof value === 'number' ? (KEYS[key]?.value(value) ?? String(value)) : value;

/** `N = 8, F = 64 KiB`; empty where nothing is swept. */
export const pointText = (point: Point): string =>
  Object.entries(point)
    .map(([key, value]) => {
      const text = scalarText(key, value);
      return KEYS[key]?.words(text) ?? `${plainKey(key)} ${text}`;
    })
    .join(', ');
