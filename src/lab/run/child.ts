// One process of the binary under test: a program of the lab that tells events.
import type { Stamped } from '../../telemetry/event.ts';
import { parseEvent } from '../../telemetry/ndjson.ts';
import { Program } from './program.ts';

export interface ChildOptions {
  readonly wrapper?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

export class Child extends Program {
  readonly events: Stamped[] = [];

  /**
   * Starts `node cliPath args...`.
   *
   * @param options.wrapper a command that becomes the one behind it, as `ip netns exec NAME`
   * does: the process id, and with it signals and CPU time, must be the node's own
   * @param options.env beside the lab's own
   */
  constructor(
    id: string,
    cliPath: string,
    args: readonly string[],
    { wrapper = [], env = {} }: ChildOptions = {},
  ) {
    super(id, [...wrapper, process.execPath, cliPath, ...args], { env });
  }

  has(name: Stamped['event']): boolean {
    return this.events.some(({ event }) => event === name);
  }

  /** Resolves when all these events were seen. @throws HubswarmError when it ends or takes too long. */
  async ready(
    names: readonly Stamped['event'][],
    limitMs: number,
    signal: AbortSignal,
  ): Promise<void> {
    await this.until(() => names.every((name) => this.has(name)), limitMs, signal);
  }

  /** The line on stdin that a held process waits for. */
  go(): void {
    this.write('go\n');
  }

  protected override take(line: string): void {
    const event = parseEvent(line);
    if (!event) return;
    this.events.push(event);
    this.tell();
  }

  /** Whether it wrote its last event: what it does after that is not measured. */
  protected override hasLeft(): boolean {
    return this.has('stopped') && this.events.at(-1)?.event === 'usage_sampled';
  }
}
