// Asks the daemon of a data directory to do something: the terminal's side of conversation.ts.
import { stat } from 'node:fs/promises';
import { createConnection, type Socket } from 'node:net';
import { type ErrorCode, fileError, HubswarmError, systemCode } from '../runtime/errors.ts';
import { LinkedAbort } from '../runtime/linked-abort.ts';
import { Lines } from './lines.ts';
import { placeIn } from './place.ts';

/** A daemon gives a sign each second. Chosen: one that hashes, or swaps, is late. */
const SILENCE_MS = 30_000;
/** Longest line of an answer. Chosen: a share has its path twice. */
const MAX_ANSWER_LINE = 2 ** 20;

/** A line of an answer: an event, or a part of what was asked for. */
export type AnswerLine = Readonly<Record<string, unknown>>;

/** A connection to a daemon that runs. */
export interface DaemonLine {
  /**
   * Sends one command. Resolves when it is done.
   *
   * @throws HubswarmError as the daemon tells it; ERR_REMOTE if it left, the signal's reason
   */
  command(text: string, signal: AbortSignal, onLine: (line: AnswerLine) => void): Promise<void>;
  close(): void;
}

/**
 * Undefined if no daemon runs there.
 *
 * @throws HubswarmError ERR_NOT_PERMITTED if it belongs to another user
 */
export async function findDaemon(dataDir: string): Promise<DaemonLine | undefined> {
  const { socket: path } = placeIn(dataDir);
  try {
    await checkOwner(path);
    const socket = await connect(path);
    return {
      command: (text, signal, onLine) => converse(socket, text, signal, onLine),
      close: () => socket.destroy(),
    };
  } catch (error) {
    // A daemon that was killed leaves its socket: nobody listens there.
    if (['ENOENT', 'ENOTDIR', 'ECONNREFUSED'].includes(systemCode(error) ?? '')) return undefined;
    throw fileError(error, path);
  }
}

/** What another user put there may be told no paths, and is not believed. */
async function checkOwner(path: string): Promise<void> {
  const { uid } = await stat(path);
  const self = process.getuid?.() ?? uid;
  if (uid === self || self === 0) return;
  throw new HubswarmError('ERR_NOT_PERMITTED', `${path}: that daemon belongs to another user`);
}

function connect(path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = createConnection(path);
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.off('error', reject);
      // What ends it is seen by who reads.
      socket.on('error', () => undefined);
      resolve(socket);
    });
  });
}

async function converse(
  socket: Socket,
  text: string,
  signal: AbortSignal,
  onLine: (line: AnswerLine) => void,
): Promise<void> {
  const silence = new LinkedAbort([signal]);
  const stop = (): void => {
    socket.destroy();
  };
  silence.signal.addEventListener('abort', stop, { once: true });
  socket.setTimeout(SILENCE_MS, () => socket.destroy());
  socket.write(`${text}\n`);
  try {
    for await (const line of linesOf(socket)) {
      if (line.event === 'command_completed') return;
      if (line.event === 'command_failed') {
        throw new HubswarmError(line.code as ErrorCode, String(line.message));
      }
      onLine(line);
    }
  } finally {
    silence.release();
  }
  signal.throwIfAborted();
  throw new HubswarmError('ERR_REMOTE', 'the daemon left before it had answered');
}

async function* linesOf(socket: Socket): AsyncGenerator<AnswerLine> {
  const lines = new Lines();
  try {
    for await (const chunk of socket as AsyncIterable<Uint8Array>) {
      lines.push(chunk);
      for (let line = lines.take(); line !== undefined; line = lines.take()) {
        if (line !== '') yield JSON.parse(line) as AnswerLine;
      }
      if (lines.waiting > MAX_ANSWER_LINE) return;
    }
  } catch {
    // Cut: who asked is told that the answer is not whole.
  }
}
