// getFile as a command would call it, with its events kept.
import { Writable } from 'node:stream';
import type { CID } from 'multiformats/cid';
import type { DownloadRecords } from '../../src/client/download/download-records.ts';
import { getFile } from '../../src/client/download/get.ts';
import type { Access } from '../../src/client/http/access.ts';
import type { Event, EventName } from '../../src/telemetry/event.ts';

export interface Got {
  readonly error: (Error & { code?: string }) | undefined;
  readonly events: readonly Event[];
  readonly stdout: Buffer;
  all<E extends EventName>(name: E): Extract<Event, { event: E }>[];
}

export async function runGet(
  urls: readonly (URL | string)[],
  options: {
    output?: string;
    cid?: CID;
    force?: boolean;
    timeoutMs?: number;
    minBytesPerSecond?: number;
    stallMs?: number;
    connectionsPerHost?: number;
    followMirrors?: boolean;
    preserve?: boolean;
    records?: DownloadRecords;
    access?: Access;
    downlinkBytesPerSecond?: number;
    signal?: AbortSignal;
    onEvent?: (event: Event) => void;
  },
): Promise<Got> {
  const events: Event[] = [];
  const parts: Buffer[] = [];
  const stdout = new Writable({
    write(part: Buffer, _encoding, done) {
      // A pipe copies as well: what was written may be overwritten afterwards.
      parts.push(Buffer.from(part));
      done();
    },
  });
  let error: Error | undefined;
  try {
    await getFile({
      timeoutMs: 1500,
      signal: new AbortController().signal,
      ...options,
      urls: urls.map((url) => new URL(url)),
      stdout,
      emit: (event) => {
        events.push(event);
        options.onEvent?.(event);
      },
    });
  } catch (cause) {
    error = cause as Error;
  }
  return {
    error,
    events,
    stdout: Buffer.concat(parts),
    all: (name) => events.filter((each) => each.event === name) as never,
  };
}
