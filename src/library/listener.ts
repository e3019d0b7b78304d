// The caller's own listener to events. If it throws, or its promise rejects, the process is warned of it,
// and what it was told of goes on.
import { guarded } from '../runtime/guarded.ts';
import type { Emit, Event } from '../telemetry/event.ts';

export const emitTo = (onEvent: ((event: Event) => unknown) | undefined): Emit =>
  onEvent ? guarded('an event listener of the caller', onEvent) : () => undefined;
