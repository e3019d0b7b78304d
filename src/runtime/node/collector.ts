// V8's collector works with helper threads that its main thread waits for. A hub
// that receives makes garbage as fast as bytes come (64 KiB a read), and shares its
// cores with the senders and with the threads that write: there the helpers cost
// more than they take over. Measured, 1 GiB by PUT on two busy cores: 2.0 s of CPU
// without them, 2.4 s with; small files are as fast either way.
import { setFlagsFromString } from 'node:v8';

const FLAGS = ['--no-concurrent-marking', '--no-concurrent-sweeping', '--no-parallel-scavenge'];
/** Node 20's. A flag that V8 does not know is complained of, and later ones differ. */
const KNOWS_FLAGS = process.versions.v8.startsWith('11.');

/** Call when the program is loaded: V8 refuses code caches that were made with other flags. */
export function collectAlone(): void {
  if (KNOWS_FLAGS) for (const flag of FLAGS) setFlagsFromString(flag);
}
