// A rival is a program of somebody else that hands the same file out over the same links, as
// data: commands with placeholders, and what tells that each is ready or done. The lab ships
// some (`rivals/`); a scenario or `--rival-file` names others in the same form.
import { z } from 'zod';
import type { Setting } from './setting.ts';

/** Placeholders of a command or file, as in `{originPort}`, and what stands there in a run. */
const PLACEHOLDERS = {
  file: 'the file to hand out (not for a receiver)',
  fileDir: 'the directory that holds it and nothing else (not for a receiver)',
  fileName: 'its name',
  bytes: 'its size',
  pieceBytes: 'the length of a piece in the other arms',
  pieceKiB: 'the same in KiB',
  out: 'where a receiver leaves its file: {dir}/{fileName}',
  dir: 'a directory of its own, empty at the start',
  shared: 'a directory that all processes of the run see',
  address: 'its own IPv4 address',
  port: 'a free port of its own',
  origin: 'address:port of the origin',
  originAddress: 'address of the origin',
  originPort: 'port of the origin',
  helper: 'address:port of the helper',
  helperAddress: 'address of the helper',
  helperPort: 'port of the helper',
  previous: 'address:port of the receiver before it; of the origin for the first',
  previousAddress: 'address of the same',
  previousPort: 'port of the same',
  peers: 'address:port of every receiver, with commas',
  index: '1 for the first receiver; 0 for all that receive nothing',
  receivers: 'the number of receivers',
  uplinkBytes: 'the most that it may send, in bytes per second; 0: no limit of its own',
  uplinkKiB: 'the same in KiB/s, whole',
  uplinkMiB: 'the same in MiB/s',
  uplinkShareBytes: 'the same divided by the receivers, for a program that limits connections',
  uplinkShareKiB: 'the same in KiB/s, whole',
  downlinkBytes: 'the most that it may take, in bytes per second; 0: no limit of its own',
  downlinkKiB: 'the same in KiB/s, whole',
  downlinkMiB: 'the same in MiB/s',
  node: 'the Node.js that runs the lab',
} as const;

export type Placeholder = keyof typeof PLACEHOLDERS;

const NAMED = /\{([a-zA-Z]+)\}/g;

/** Replaces what it knows; a command has been checked, a file may hold other braces. */
export const fill = (text: string, values: Readonly<Record<Placeholder, string>>): string =>
  text.replaceAll(NAMED, (whole, name: string) => values[name as Placeholder] ?? whole);

const namesIn = (texts: readonly string[]): string[] =>
  texts.flatMap((text) => [...text.matchAll(NAMED)].map(([, name]) => name!));

const isKnown = (name: string): name is Placeholder => Object.hasOwn(PLACEHOLDERS, name);

const argument = z.string().refine((text) => namesIn([text]).every(isKnown), {
  error: ({ input }) =>
    `text without unknown placeholders (there is no {${namesIn([String(input)]).find((name) => !isKnown(name))}})`,
});
const command = z.array(argument).min(1);

const patternSchema = z.string().refine(
  (text) => {
    try {
      new RegExp(text);
      return true;
    } catch {
      return false;
    }
  },
  { error: 'a regular expression' },
);

/**
 * What tells that a process is ready, or done:
 *
 * - `exit`: it ended with code 0.
 * - `port`: something of it listens on `{port}` (TCP).
 * - `file`: `{out}` has its full size, rests, and has the right sha256.
 * - `line`: a line on stdout or stderr matches.
 */
const signSchema = z.union([
  z.enum(['exit', 'port', 'file']),
  z.strictObject({ line: patternSchema }),
]);

/** Files that are written into `{dir}` before it starts, by name: configurations, scripts. */
const filesSchema = z
  .record(z.string().regex(/^[\w.-]+$/, 'a plain file name'), z.string())
  .default({});

const processSchema = z.strictObject({
  command,
  files: filesSchema,
  /** Left out: it is ready as soon as it is started. */
  ready: signSchema.optional(),
});

/** A receiver must not see the file that it is to receive. */
const HIDDEN: readonly string[] = ['file', 'fileDir'];

const receiverSchema = z
  .strictObject({ command, files: filesSchema, done: signSchema })
  .refine(({ command: own, files }) => !namesIn([...own, ...Object.values(files)]).some(hides), {
    error: 'a command without {file} and {fileDir}, which a receiver does not see',
  });

function hides(name: string): boolean {
  return HIDDEN.includes(name);
}

export const rivalSchema = z.strictObject({
  id: z.string().regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'lower case words joined by -'),
  /** For people; as in `curl from nginx`. */
  text: z.string(),
  /** What a reader must know to judge its figures, in a sentence. */
  note: z.string().default(''),
  /** Programs that must be found in PATH, `/usr/sbin` or `/sbin`. */
  programs: z.array(z.string()).default([]),
  /** A command that ends with code 0 where it is installed; without placeholders. */
  probe: z.array(z.string()).min(1).optional(),
  /** Receivers pass on what they have: a swarm's bound, and not a server's. */
  receiversServe: z.boolean(),
  /** Commands on the origin's host before anything starts, in turn; `{dir}` is the origin's. */
  prepare: z.array(command).default([]),
  /** A process beside origin and receivers, such as a tracker, on a host that nothing limits. */
  helper: processSchema.optional(),
  origin: processSchema,
  receiver: receiverSchema,
});

export type Rival = z.infer<typeof rivalSchema>;
/** A rival as it is written down: keys with a default may be left out. */
export type RivalText = z.input<typeof rivalSchema>;
export type Sign = z.infer<typeof signSchema>;
type RivalProcess = Pick<Rival['origin'], 'command' | 'files'>;

const limitsItself = ({ command: own, files }: RivalProcess): boolean =>
  namesIn([...own, ...Object.values(files)]).some((name) => name.startsWith('uplink'));

/** Where each program is to limit its own link: whether all that send can be told to. */
const canPace = ({ origin, receiver, receiversServe }: Rival): boolean =>
  limitsItself(origin) && (!receiversServe || limitsItself(receiver));

/** Why a rival cannot be run at a setting; undefined if it can. */
export function lackAt(rival: Rival, setting: Setting): string | undefined {
  const { kill, faults, lifetimeShare, riderShare, attackers, hubs, leaves, front } = setting;
  if (setting.link === 'pacer' && !canPace(rival)) {
    return 'it cannot limit its own uplink; give --link netns';
  }
  const isDisturbed = kill !== null || faults.length > 0 || lifetimeShare !== null || leaves;
  if (isDisturbed) return 'faults go by events, which it does not tell';
  if (riderShare > 0 || attackers > 0) return 'it has no free riders and attackers';
  if (hubs > 1 || front !== 'mirrors') return 'it has one origin';
  return undefined;
}
