// The built binary as a process with events: what the benchmarks and the build start.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import './plain-environment.mjs';

export const BINARY = resolve(import.meta.dirname, '../../dist/cli.js');

/** A command that runs with --json. */
export class Running {
  child;
  events = [];
  /** Called with each event as it comes. */
  onEvent = () => {};
  #waiting = new Set();
  #ended;

  /**
   * @param options cli: another binary; env: more environment variables; node: options of node;
   * through: a command that becomes it, as `ip netns exec NAME`
   */
  constructor(args, { cli = BINARY, env = {}, node = [], through = [] } = {}) {
    const [command, ...rest] = [...through, process.execPath, ...node, cli, ...args, '--json'];
    this.child = spawn(command, rest, {
      env: { ...process.env, ...env },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.#ended = once(this.child, 'exit');
    const lines = createInterface({ input: this.child.stdout });
    lines.on('line', (line) => this.#take(JSON.parse(line)));
    lines.once('close', () => {
      for (const { reject } of this.#waiting) reject(new Error(`'${args.join(' ')}' ended`));
    });
  }

  /** The first event of this name (that `matches`), be it past or to come. */
  until(name, matches = () => true) {
    const found = this.events.find((event) => event.event === name && matches(event));
    if (found) return Promise.resolve(found);
    return new Promise((resolve, reject) => this.#waiting.add({ name, matches, resolve, reject }));
  }

  /** The last event of this name so far. */
  last(name) {
    return this.events.findLast((event) => event.event === name);
  }

  /** Lets a command that was started with --hold go. */
  go() {
    this.child.stdin.write('\n');
  }

  /** CPU seconds so far; Linux only. */
  get cpuSeconds() {
    const fields = readFileSync(`/proc/${this.child.pid}/stat`, 'utf8').split(') ')[1].split(' ');
    return (Number(fields[11]) + Number(fields[12])) / 100;
  }

  /** The memory it has, and the most that it has had, in MiB; Linux only. */
  get mebibytes() {
    return this.#memory('VmRSS');
  }

  get peakMebibytes() {
    return this.#memory('VmHWM');
  }

  #memory(field) {
    const status = readFileSync(`/proc/${this.child.pid}/status`, 'utf8');
    return Number(new RegExp(`${field}:\\s+(\\d+)`).exec(status)[1]) / 1024;
  }

  /** Ends it and waits until it has ended; resolves to the exit code or the signal's name. */
  async stop(signal = 'SIGTERM') {
    this.child.kill(signal);
    const [code, name] = await this.#ended;
    return code ?? name;
  }

  async ended() {
    const [code] = await this.#ended;
    return code;
  }

  #take(event) {
    this.events.push(event);
    this.onEvent(event);
    for (const wait of this.#waiting) {
      if (wait.name !== event.event || !wait.matches(event)) continue;
      this.#waiting.delete(wait);
      wait.resolve(event);
    }
  }
}
