// One run's circumstances as a flat record: what an experiment may vary, and nothing
// else. A scenario gives some of it, each of its arms and each point of its sweep some
// more; what is left stands in the profile. Validated, since scenarios may come from files.
import { z } from 'zod';
import { faultSchema } from './fault.ts';

/** One machine that runs more measures itself and not the architectures. */
export const MAX_RECEIVERS = 64;
/** Processes of one run, all roles together. */
export const MAX_NODES = 100;

/**
 * What holds a node's link: its own process (pacer), the kernel between namespaces
 * (netns), or nothing.
 */
export const LINK_KINDS = ['pacer', 'netns', 'none'] as const;
export type LinkKind = (typeof LINK_KINDS)[number];

const ATTACKS = ['poison', 'false-haves', 'slow-loris', 'oversize'] as const;

const positive = z.number().positive();
const count = z.number().int().nonnegative();
const share = z.number().min(0).max(1);

export const settingSchema = z.strictObject({
  receivers: z.number().int().min(1).max(MAX_RECEIVERS),
  fileBytes: z.number().int().positive(),
  /** Null: by the size of the file. */
  pieceLength: z
    .number()
    .int()
    .min(16 * 1024)
    .max(4 * 2 ** 20)
    .nullable(),
  /** Rate of payload; the factors below multiply it. */
  uplinkBytesPerSecond: positive,
  /** Dealt to the receivers in turn. */
  uplinkFactors: z.array(positive).min(1),
  originUplinkFactor: positive,
  /** Downlink of every receiver, as a multiple of the base uplink. */
  downlinkFactor: positive,
  link: z.enum(LINK_KINDS),
  /**
   * Kernel links hand segments on in batches, as between hosts of one machine. A real uplink does
   * not; that costs the CPU time of each segment.
   */
  offloads: z.boolean(),
  /** What peers are told of a link that the kernel holds: its rates, to find out, or nothing. */
  told: z.enum(['nothing', 'caps', 'auto']),
  /** Whether receivers are started and wait for the go, or are started by it. */
  startUp: z.enum(['before the go', 'measured']),
  /** Hubs speak HTTPS in place of HTTP. */
  tls: z.boolean(),
  picker: z.enum(['rarest', 'random', 'sequential']),
  choker: z.enum(['cooperative', 'tit-for-tat']),
  /** Hubs with the same file, each with an uplink of its own unless it is shared out. */
  hubs: z.number().int().min(1).max(8),
  /** The hubs have the uplink of one between them. */
  sharedUplink: z.boolean(),
  /** Where clients of several hubs connect: to each hub, or to a balancer in front. */
  front: z.enum(['mirrors', 'nginx', 'haproxy']),
  /** When the receivers start: at one go, each when the one before is done, or so long apart. */
  arrivals: z.union([
    z.enum(['together', 'one by one']),
    z.strictObject({ apartPasses: positive }),
  ]),
  /** A peer that is complete leaves. */
  leaves: z.boolean(),
  /** Share of the receivers, rounded, that take and never give. */
  riderShare: share,
  /** Number of attackers, in addition to the receivers. */
  attackers: count.max(MAX_RECEIVERS),
  attack: z.enum(ATTACKS),
  /** Every second receiver is killed when it has a share of the file drawn with this mean. */
  lifetimeShare: positive.nullable(),
  /** ... and started again half a pass later, with what it has. */
  rejoin: z.boolean(),
  /** The origin is killed when it has sent so many copies, or when one is safe elsewhere. */
  kill: z.union([positive, z.literal('first copy')]).nullable(),
  /** Each waits for its own moment, in no order; passes count from the step before. */
  faults: z.array(faultSchema),
});

export type Setting = z.infer<typeof settingSchema>;
export type SettingKey = keyof Setting;

export const DEFAULTS: Setting = {
  receivers: 8,
  fileBytes: 4 * 2 ** 20,
  pieceLength: null,
  uplinkBytesPerSecond: 4 * 2 ** 20,
  uplinkFactors: [1],
  originUplinkFactor: 1,
  // An ordinary home line.
  downlinkFactor: 5,
  link: 'pacer',
  offloads: true,
  told: 'nothing',
  startUp: 'before the go',
  tls: false,
  picker: 'rarest',
  choker: 'cooperative',
  hubs: 1,
  sharedUplink: false,
  front: 'mirrors',
  arrivals: 'together',
  leaves: false,
  riderShare: 0,
  attackers: 0,
  attack: 'poison',
  lifetimeShare: null,
  rejoin: false,
  kill: null,
  faults: [],
};

/** Rates of a node under a setting, bytes per second; infinite without rate-limited links. */
export interface Rates {
  readonly uplinkBytesPerSecond: number;
  readonly downlinkBytesPerSecond: number;
}

const held = ({ link }: Setting, rate: number): number =>
  link === 'none' ? Number.POSITIVE_INFINITY : rate;

/** Rates of each hub, or of the peer that first has the file. */
export function originRates(setting: Setting): Rates {
  const { uplinkBytesPerSecond, originUplinkFactor, sharedUplink, hubs } = setting;
  const uplink = uplinkBytesPerSecond * originUplinkFactor;
  return {
    uplinkBytesPerSecond: held(setting, sharedUplink ? uplink / hubs : uplink),
    downlinkBytesPerSecond: held(setting, uplinkBytesPerSecond * setting.downlinkFactor),
  };
}

/** @param index from 0 */
export function receiverRates(setting: Setting, index: number): Rates {
  const { uplinkBytesPerSecond, uplinkFactors, downlinkFactor } = setting;
  return {
    uplinkBytesPerSecond: held(
      setting,
      uplinkBytesPerSecond * uplinkFactors[index % uplinkFactors.length]!,
    ),
    downlinkBytesPerSecond: held(setting, uplinkBytesPerSecond * downlinkFactor),
  };
}

/** Whether clients are told of one address for all hubs. */
export const hasFront = ({ front }: Setting): boolean => front !== 'mirrors';

/** Number of free riders: the last receivers are the riders. */
export const riderCount = ({ receivers, riderShare }: Setting): number =>
  Math.round(receivers * riderShare);

/** How long one copy takes on the base uplink: the unit of a script's time. */
export const passMs = ({ fileBytes, uplinkBytesPerSecond }: Setting): number =>
  (fileBytes / uplinkBytesPerSecond) * 1000;
