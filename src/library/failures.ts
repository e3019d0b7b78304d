import { describeError } from '../runtime/errors.ts';
import { hearFailures } from '../runtime/guarded.ts';

/**
 * Failures of callbacks (runtime/guarded.ts) become warnings of the process. A program may hear them
 * by `process.on('warning')`; they never end it.
 */
hearFailures((what, error) => {
  process.emitWarning(`${what} failed: ${describeError(error)}`, 'HubswarmWarning');
});
