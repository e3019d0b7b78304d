// One process of a rival. It tells no events, so the lab sees by signs that it is ready and that
// it is done: its end, a line, a port, a file (terms/rival.ts).
//
// It runs below a shell of its process group. The shell holds it until the go, as a process of
// ours is held, and lives as long as it does, so that the CPU time of a program that has ended
// is still known; and a guard kills the group when the lab is gone.
import { readFileSync, statSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import type { Sign } from '../terms/rival.ts';
import { groupCpuMs } from './cpu.ts';
import { hashFile } from './file.ts';
import { DAEMONS } from './installed.ts';
import { Program } from './program.ts';

/** Arguments: `held` or `free`, a file for the CPU time, then the command. */
const SHELL = `
if [ "$1" = held ]; then read -r _ || exit; fi
times=$2
shift 2
exec 3<&0 </dev/null
(read -r _ <&3; kill -s KILL 0) >/dev/null 2>&1 &
"$@" 3<&-
code=$?
times >"$times"
exit $code`;

/** How often ports and files are looked at: neither tells of itself. */
const LOOK_MS = 20;
/** How often it is looked whether files grow. */
const MOVE_MS = 500;
/** A file that nobody wrote to for so long is hashed. Its last change is when it was done. */
const REST_MS = 100;
/** Characters of a line that a sign is looked for in. */
const MAX_SIGN_LINE = 4096;
/** Last lines of its output that are kept, and characters of each. */
const LAST_LINES = 3;
const MAX_WORDS = 200;
/** State of a listening socket in /proc/net/tcp (proc(5)). */
const LISTENING = '0A';

export interface ForeignOptions {
  readonly command: readonly string[];
  /** A command that becomes the one behind it, as `ip netns exec NAME`. */
  readonly wrapper: readonly string[];
  /** Its own directory. */
  readonly dir: string;
  /** It waits for {@link Foreign.go}. */
  readonly held: boolean;
  /** What tells that it is ready or, of a receiver, done. */
  readonly sign: Sign | undefined;
  readonly port: number;
  /** What a receiver is to have in the end. */
  readonly file: { readonly path: string; readonly bytes: number; readonly sha256: string };
}

/** A user's PATH need not lead to daemons. */
const WITH_DAEMONS = [process.env.PATH, ...DAEMONS].join(delimiter);

const wallClock = (): number => performance.timeOrigin + performance.now();

export class Foreign extends Program {
  /** When its sign was seen, wall-clock milliseconds. */
  signedAt: number | null = null;
  /** When something below its directory last changed, as far as was looked. */
  movedAt = 0;
  readonly #options: ForeignOptions;
  readonly #pattern: RegExp | undefined;
  readonly #timers: NodeJS.Timeout[] = [];
  readonly #words: string[] = [];
  #hashedAt = 0;
  #hashing = false;
  #state = '';

  constructor(id: string, options: ForeignOptions) {
    const { command, wrapper, dir, held } = options;
    const shell = ['sh', '-c', SHELL, 'sh', held ? 'held' : 'free', cpuPath(dir)];
    // What its user has set up for it elsewhere has no say here.
    const env = { HOME: dir, XDG_CONFIG_HOME: dir, PATH: WITH_DAEMONS };
    super(id, [...wrapper, ...shell, ...command], { group: true, env, cwd: dir });
    this.#options = options;
    const { sign } = options;
    if (typeof sign === 'object') this.#pattern = new RegExp(sign.line);
    if (!held) this.#begin();
  }

  /** Lets a held one begin. */
  go(): void {
    this.#begin();
    this.write('go\n');
  }

  #begin(): void {
    // Nobody would stop looking.
    if (this.over) return;
    const { sign } = this.#options;
    this.movedAt = wallClock();
    if (sign === 'port') this.#every(LOOK_MS, () => this.#lookForPort());
    if (sign === 'file') this.#every(LOOK_MS, () => this.#lookAtFile());
    this.#every(MOVE_MS, () => void this.#lookForMoves());
  }

  /** Resolves when its sign is seen, at once if it has none. @throws as {@link Program.until} */
  async ready(limitMs: number, signal: AbortSignal): Promise<void> {
    const { sign } = this.#options;
    if (sign !== undefined) await this.until(() => this.signedAt !== null, limitMs, signal);
  }

  #every(ms: number, look: () => void): void {
    this.#timers.push(setInterval(look, ms));
  }

  #signed(at: number): void {
    if (this.signedAt !== null) return;
    this.signedAt = at;
    this.tell();
  }

  /** Programs complain on either; of all that they say the last lines are kept. */
  protected override take(line: string): void {
    if (line.trim()) this.hear(line);
  }

  protected override hear(line: string): void {
    this.#words.push(line.trim().slice(0, MAX_WORDS));
    this.#words.splice(0, this.#words.length - LAST_LINES);
    super.hear(this.#words.join(' / '));
    if (this.#pattern?.test(line.slice(0, MAX_SIGN_LINE))) this.#signed(wallClock());
  }

  protected override handleEnd(code: number | null): void {
    for (const timer of this.#timers) clearInterval(timer);
    if (this.#options.sign === 'exit' && code === 0) this.#signed(wallClock());
  }

  protected override readCpuMs(pid: number): number | undefined {
    return cpuMsIn(readText(cpuPath(this.#options.dir))) ?? groupCpuMs(pid);
  }

  /** In the network of its process, where the lab itself need not be. */
  #lookForPort(): void {
    if (this.signedAt !== null || this.pid === undefined) return;
    const port = this.#options.port.toString(16).toUpperCase().padStart(4, '0');
    const sockets = ['tcp', 'tcp6'].map((kind) => readText(`/proc/${this.pid}/net/${kind}`));
    const isThere = sockets
      .join('\n')
      .split('\n')
      .some((line) => {
        const [, local, , state] = line.trim().split(/\s+/);
        return local?.endsWith(`:${port}`) && state === LISTENING;
      });
    if (isThere) this.#signed(wallClock());
  }

  #lookAtFile(): void {
    const { path, bytes, sha256 } = this.#options.file;
    if (this.signedAt !== null || this.#hashing) return;
    const found = statSync(path, { throwIfNoEntry: false });
    if (found?.size !== bytes || found.ctimeMs === this.#hashedAt) return;
    if (wallClock() - found.ctimeMs < REST_MS) return;
    this.#hashing = true;
    this.#hashedAt = found.ctimeMs;
    hashFile(path)
      .then((hash) => {
        if (hash === sha256) this.#signed(found.ctimeMs);
      })
      .catch(() => {})
      .finally(() => {
        this.#hashing = false;
      });
  }

  /** Sizes and times of all that lies there: whatever a program writes to, it changes one. */
  async #lookForMoves(): Promise<void> {
    const { dir } = this.#options;
    try {
      const names = await readdir(dir, { recursive: true });
      const states = await Promise.all(
        names.map(async (name) => {
          const { size, blocks, mtimeMs } = await stat(join(dir, name));
          return `${name} ${size} ${blocks} ${mtimeMs}`;
        }),
      );
      const state = states.sort().join('\n');
      if (state !== this.#state) this.movedAt = wallClock();
      this.#state = state;
    } catch {
      // Renamed or removed between two looks, which is a move.
      this.movedAt = wallClock();
    }
  }
}

/** Beside its directory, which is empty at the start. */
const cpuPath = (dir: string): string => `${dir}.times`;

/** The shell's `times`: user and system time of itself, then of its children. */
function cpuMsIn(times: string): number | undefined {
  const found = [...times.matchAll(/(\d+)m([\d.]+)s/g)];
  if (found.length < 4) return undefined;
  return found.reduce(
    (sum, [, minutes, seconds]) => sum + (Number(minutes) * 60 + Number(seconds)) * 1000,
    0,
  );
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    // Not there yet, or not Linux.
    return '';
  }
}
