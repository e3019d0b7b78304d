// One event a line. The reader is tolerant: a line that is not an event is
// handed back as text, since a child process may print anything when it dies.
import type { Event, Stamped } from './event.ts';

/** Stamps and writes events to a stream; `--json` of every command. */
export function createNdjsonWriter(out: { write(text: string): unknown }): (event: Event) => void {
  return (event) => {
    out.write(`${JSON.stringify({ t: performance.timeOrigin + performance.now(), ...event })}\n`);
  };
}

/** A line as an event, or undefined when it is not one. */
export function parseEvent(line: string): Stamped | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    const value: unknown = JSON.parse(line);
    const record = value as { t?: unknown; event?: unknown };
    return typeof record.t === 'number' && typeof record.event === 'string'
      ? (value as Stamped)
      : undefined;
  } catch {
    return undefined;
  }
}
