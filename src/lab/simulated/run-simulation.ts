// One `hubswarm simulate` as a process of its own: what it found, or why it did not. The
// process never outlives the call, nor this one.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { z } from 'zod';
import { HubswarmError } from '../../runtime/errors.ts';

/** 10,000 receivers of 48 pieces take 88 s of CPU: a busy machine needs several times that. */
const LIMIT_MS = 480_000;
/** Some 250 bytes a receiver. */
const MAX_OUTPUT_BYTES = 64 * 2 ** 20;

const bound = z.object({ seconds: z.number() }).nullable();

/** The part of SimulationResult (src/simulate/result.ts) that the lab reads. */
const foundSchema = z.object({
  outcome: z.string(),
  completed: z.number(),
  makespanMs: z.number().nullable(),
  freeRidersMs: z.number().nullable(),
  bounds: z.object({ fluid: bound, wholePieces: bound }),
  origin: z.object({ copies: z.number() }),
  receivers: z.array(z.object({ firstPieceMs: z.number().nullable() })).min(1),
  wallMs: z.number(),
});

export interface Found {
  /** Completed over started. */
  readonly reach: number;
  /** Last completion of the nodes that stayed; null if one never completed. */
  readonly makespanMs: number | null;
  readonly firstPieceMs: number | null;
  readonly boundMs: number;
  readonly originCopies: number;
  readonly wallMs: number;
}

/**
 * @throws the signal's reason when it aborts, HubswarmError ERR_MEASUREMENT when the
 * simulation fails or takes too long
 */
export async function runSimulation(
  cliPath: string,
  args: readonly string[],
  signal: AbortSignal,
): Promise<Found> {
  const running = promisify(execFile)(process.execPath, [cliPath, 'simulate', '--json', ...args], {
    signal,
    timeout: LIMIT_MS,
    killSignal: 'SIGKILL',
    maxBuffer: MAX_OUTPUT_BYTES,
  });
  const { child } = running;
  // Waits until the process is gone. A process that could not be started has no end.
  const closed = new Promise((resolve) => child.once('close', resolve));
  const kill = (): unknown => child.kill('SIGKILL');
  process.on('exit', kill);
  try {
    const { stdout } = await running;
    return found(foundSchema.parse(JSON.parse(stdout)));
  } catch (error) {
    // The signal ends it with SIGTERM alone, and it may be too busy to heed that.
    kill();
    if (child.pid !== undefined) await closed;
    signal.throwIfAborted();
    throw new HubswarmError('ERR_MEASUREMENT', whyNot(error), { cause: error });
  } finally {
    process.off('exit', kill);
  }
}

/** The last words of the process, without its name. */
function whyNot(error: unknown): string {
  const { killed, stderr } = error as { killed?: boolean; stderr?: string };
  if (killed) return `not done within ${LIMIT_MS / 1000} s`;
  return (
    stderr
      ?.trim()
      .split('\n')
      .at(-1)
      ?.replace(/^hubswarm: /, '') || 'no answer'
  );
}

function found(seen: z.infer<typeof foundSchema>): Found {
  const { outcome, completed, makespanMs, freeRidersMs, bounds, receivers } = seen;
  const last = Math.max(makespanMs ?? 0, freeRidersMs ?? 0);
  const first = receivers.flatMap(({ firstPieceMs }) => firstPieceMs ?? []);
  const bound = Math.max(bounds.fluid?.seconds ?? 0, bounds.wholePieces?.seconds ?? 0);
  return {
    reach: completed / receivers.length,
    makespanMs: outcome === 'completed' && completed > 0 ? last : null,
    firstPieceMs: first.reduce<number | null>((least, ms) => Math.min(least ?? ms, ms), null),
    boundMs: bound * 1000,
    originCopies: seen.origin.copies,
    wallMs: seen.wallMs,
  };
}
