// Works through the arguments of a command as cp and rm do: one that fails does not stop the others.
// A server that gives no answer at all is asked for no further argument.
import { HubswarmError } from '../../runtime/errors.ts';
import { SeveralFailures } from '../common/run.ts';

interface Job {
  /** Where the argument leads. */
  readonly url: URL;
  readonly run: () => Promise<void>;
}

/** @throws the failure, or SeveralFailures, once all others are done; the signal's reason at once */
export async function runEach(signal: AbortSignal, jobs: readonly Job[]): Promise<void> {
  const failures: unknown[] = [];
  /** By origin without an answer: arguments that were passed over. */
  const silent = new Map<string, number>();
  for (const { url, run } of jobs) {
    const passedOver = silent.get(url.origin);
    if (passedOver !== undefined) {
      silent.set(url.origin, passedOver + 1);
      continue;
    }
    try {
      await run();
    } catch (error) {
      signal.throwIfAborted();
      failures.push(error);
      const { isUnanswered } = await import('../../client/http/source-failure.ts');
      if (isUnanswered(error)) silent.set(url.origin, 0);
    }
  }
  for (const [origin, count] of silent) {
    if (count === 0) continue;
    const message = `${origin}: not asked for the other arguments: ${count}`;
    failures.push(new HubswarmError('ERR_REMOTE', message));
  }
  if (failures.length > 1) throw new SeveralFailures(failures);
  if (failures.length === 1) throw failures[0];
}
