// A real hub on a free port over a directory of its own, and a plain HTTP client
// that sends targets and headers as they are given.

import { mkdtemp, rm } from 'node:fs/promises';
import { type IncomingHttpHeaders, type OutgoingHttpHeaders, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { onTestFinished } from 'vitest';
import type { Caps } from '../../src/link/link.ts';
import { ProcessLink } from '../../src/link/process-link.ts';
import { DiskRoot } from '../../src/root/disk/disk-root.ts';
import {
  type RunningServer,
  type ServerOptions,
  startServer,
} from '../../src/server/hall/start-server.ts';
import type { Event, EventName } from '../../src/telemetry/event.ts';

/** Asks for a listing as programs do. */
export const AS_JSON = { headers: { accept: 'application/json' } };

type Of<N extends EventName> = Extract<Event, { event: N }>;

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly trailers: Readonly<Record<string, string | undefined>>;
  readonly body: Buffer;
  readonly text: string;
}

interface Ask {
  readonly method?: string;
  readonly headers?: OutgoingHttpHeaders;
  readonly body?: Buffer;
}

/** What a test starts a hub with: a directory in place of the root, the caps of its link in place of the link. */
export type HubOptions = Partial<Omit<ServerOptions, 'link' | 'root'>> &
  Caps & { readonly root?: string };

export class Hub {
  readonly root: string;
  readonly link: ProcessLink;
  readonly running: RunningServer;
  readonly events: Event[];
  readonly #listeners: Set<() => void>;

  constructor(
    root: string,
    link: ProcessLink,
    running: RunningServer,
    events: Event[],
    listeners: Set<() => void>,
  ) {
    this.root = root;
    this.link = link;
    this.running = running;
    this.events = events;
    this.#listeners = listeners;
  }

  get port(): number {
    return Number(new URL(this.running.url).port);
  }

  ask(path: string, { method = 'GET', headers = {}, body }: Ask = {}): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const options = { host: '127.0.0.1', port: this.port, path, method, headers, agent: false };
      const sent = request(options, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const whole = Buffer.concat(chunks);
          const { statusCode: status = 0, headers: received, trailers } = response;
          resolve({ status, headers: received, trailers, body: whole, text: whole.toString() });
        });
      });
      sent.on('error', reject);
      sent.end(body);
    });
  }

  /** Resolves when a file has its CID: a long one that was just made is answered without it. */
  async untilNamed(path: string): Promise<void> {
    for (let tries = 0; tries < 1000; tries++) {
      if ((await this.ask(path, { method: 'HEAD' })).headers['x-ipfs-roots']) return;
      await delay(10);
    }
    throw new Error(`${path} gets no CID`);
  }

  /** A connection to write bytes on, destroyed after the test. */
  socket(): Socket {
    const socket = connect(this.port, '127.0.0.1');
    // A reset is part of what is tested.
    socket.on('error', () => undefined);
    onTestFinished(() => void socket.destroy());
    return socket;
  }

  /** The first event of that name for which `where` holds, past or to come. */
  until<N extends EventName>(name: N, where: (event: Of<N>) => boolean = () => true) {
    return new Promise<Of<N>>((resolve) => {
      const look = (): void => {
        const found = this.events.find(
          (event): event is Of<N> => event.event === name && where(event as Of<N>),
        );
        if (!found) return;
        this.#listeners.delete(look);
        resolve(found);
      };
      this.#listeners.add(look);
      look();
    });
  }
}

export async function tempRoot(): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'hubswarm-server-'));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  return root;
}

/** @param root made beforehand with tempRoot() when it must hold something at the start. */
export async function startHub(options: HubOptions = {}): Promise<Hub> {
  const directory = options.root ?? (await tempRoot());
  const root = await DiskRoot.at(directory);
  const events: Event[] = [];
  const listeners = new Set<() => void>();
  const emit = (event: Event): void => {
    events.push(event);
    for (const listener of [...listeners]) listener();
  };
  // What a test writes as Host is its own matter, but where that is tested.
  const access = { allowHosts: ['*'], ...options.access };
  const given = { host: '127.0.0.1', port: 0, writable: false, graceMs: 0, ...options, access };
  const link = new ProcessLink(emit, options);
  const running = await startServer({ ...given, root, link, emit });
  onTestFinished(async () => {
    await running.stop();
    link.close();
  });
  return new Hub(directory, link, running, events, listeners);
}
