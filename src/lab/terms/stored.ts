// Settings and scenarios as they lie on disk. A directory of results is read for years, so
// what is added to either later is filled in here with what held before it was there. A
// setting or scenario that a person writes now goes through its own schema alone.
import { z } from 'zod';
import { scenarioSchema, TRAITS, type Traits } from './scenario.ts';
import { type Setting, type SettingKey, settingSchema } from './setting.ts';

/** Keys that every stored setting has, from schema 3 on. Frozen: nothing is ever added. */
const FIRST_KEYS = [
  'receivers',
  'fileBytes',
  'pieceLength',
  'uplinkBytesPerSecond',
  'uplinkFactors',
  'originUplinkFactor',
  'downlinkFactor',
  'link',
  'tls',
  'picker',
  'choker',
  'hubs',
  'sharedUplink',
  'front',
  'arrivals',
  'leaves',
  'riderShare',
  'attackers',
  'attack',
  'lifetimeShare',
  'rejoin',
  'kill',
  'faults',
] as const satisfies readonly SettingKey[];

type Later = Exclude<SettingKey, (typeof FIRST_KEYS)[number]>;

/**
 * What held in every run before a key existed. The compiler asks for each key that was
 * added after the first ones. A value is never changed again.
 */
const BEFORE: Readonly<Pick<Setting, Later>> = {
  offloads: true,
  told: 'nothing',
  startUp: 'before the go',
};

/** What scenarios of the catalogue were to the lab while it still went by their ids. Frozen. */
const TRAITS_BY_ID: Readonly<Record<string, Partial<Traits>>> = {
  calibration: { role: 'calibration', figures: ['calibration'] },
  links: { role: 'link kinds', figures: ['links'] },
  scaling: {
    role: 'scaling',
    figures: ['scaling', 'uplinks'],
    exhibits: 'largest',
    simulate: 'growing',
  },
  kill: {
    role: 'kill',
    figures: ['kill', 'availability'],
    exhibits: 'first copy',
    simulate: 'far',
  },
  churn: { figures: ['churn', 'availability'], exhibits: 'each arm', simulate: 'far' },
  'free-riders': { figures: ['free riders'], simulate: 'far' },
  malice: { figures: ['malice'] },
  late: { figures: ['late'] },
  'piece-length': { figures: ['piece length'] },
  unequal: { figures: ['unequal'] },
  replicas: { figures: ['replicas'] },
  'replica-killed': { figures: ['strip', 'reach'], exhibits: 'each arm' },
  'front-killed': { figures: ['strip', 'reach'], exhibits: 'each arm' },
  partition: { figures: ['strip', 'availability'], exhibits: 'each arm' },
  small: { figures: ['break-even'] },
  cost: { role: 'cost', figures: ['cost'] },
  wire: { role: 'cost', figures: ['wire'] },
};

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Adds what is not there. */
const filled = (value: unknown, defaults: object): unknown =>
  isRecord(value) ? { ...defaults, ...value } : value;

/** Reads also what was written before the keys of `before` existed. */
export const storedForm = <T extends z.ZodType>(schema: T, before: object) =>
  z.preprocess((value) => filled(value, before), schema);

export const storedSettingSchema = storedForm(settingSchema, BEFORE);

function withTraits(value: unknown): unknown {
  if (!isRecord(value) || TRAITS.some((trait) => trait in value)) return value;
  return filled(value, TRAITS_BY_ID[String(value.id)] ?? {});
}

export const storedScenarioSchema = z.preprocess(withTraits, scenarioSchema);
