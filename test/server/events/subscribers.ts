// Subscribers of a hub's events as users have them: a stream read line by line.
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { onTestFinished } from 'vitest';
import type { Hub } from '../hub.ts';

export interface Told {
  readonly id?: string;
  readonly event: string;
  readonly path?: string;
  readonly [field: string]: unknown;
}

export interface Stream {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  /** As it came. */
  text(): string;
  /** The events that came, oldest first. */
  told(): Told[];
  /** As names and paths, progress left out: `file_added /a`. */
  files(): string[];
  /** The last id, in an event or alone. */
  position(): string | undefined;
  /** Resolves when the server has ended it. */
  readonly ended: Promise<void>;
  isOpen(): boolean;
  close(): void;
  pause(): void;
}

/** Resolves with the head of the answer. */
export function openStream(hub: Hub, query = '', headers = {}): Promise<Stream> {
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port: hub.port, path: `/events${query}`, headers };
    const sent: ClientRequest = request({ ...options, agent: false }, (response) => {
      let text = '';
      response.on('data', (chunk) => {
        text += chunk;
      });
      response.on('error', () => undefined);
      const ended = new Promise<void>((done) => response.once('close', done));
      const told = (): Told[] =>
        [...text.matchAll(/^data: (.*)$/gm)].map((match) => JSON.parse(match[1]!));
      resolve({
        status: response.statusCode ?? 0,
        headers: response.headers,
        text: () => text,
        told,
        files: () => told().flatMap(fileOf),
        position: () => [...text.matchAll(/^id: (.*)$/gm)].at(-1)?.[1],
        ended,
        isOpen: () => !response.closed,
        close: () => void sent.destroy(),
        pause: () => void response.pause(),
      });
    });
    sent.on('error', reject);
    onTestFinished(() => void sent.destroy());
    sent.end();
  });
}

export const fileOf = ({ event, path }: Told): string[] =>
  event.startsWith('transfer_') ? [] : [path === undefined ? event : `${event} ${path}`];
