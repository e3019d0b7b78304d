// The Unix socket by which other terminals of the same user command the daemon. Who has its directory
// may put it in place of one that a killed daemon left. Only its user can connect: the directory is
// closed to others, and the socket is.
import { chmod, rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import type { Timers } from '../runtime/clock.ts';
import { fileError } from '../runtime/errors.ts';
import { guarded } from '../runtime/guarded.ts';
import { formatEvent } from '../telemetry/ndjson.ts';
import { Conversation, type Obey } from './conversation.ts';

/** Connections at once. Chosen: a terminal has one for as long as its command runs. */
const MOST_CONNECTIONS = 32;

export class ControlSocket {
  readonly #server: Server;
  readonly #clock: Timers;
  readonly #obey: Obey;
  readonly #open = new Map<Socket, Conversation>();

  private constructor(clock: Timers, obey: Obey) {
    this.#clock = clock;
    this.#obey = obey;
    const meet = guarded('meeting a terminal', (socket: Socket) => this.#meet(socket));
    // What was asked for is answered also if nothing more is asked.
    this.#server = createServer({ allowHalfOpen: true }, meet);
  }

  /** @param path in a directory that this process has for itself. @throws HubswarmError */
  static async open(path: string, clock: Timers, obey: Obey): Promise<ControlSocket> {
    const socket = new ControlSocket(clock, obey);
    await rm(path, { force: true });
    await new Promise<void>((resolve, reject) => {
      const fail = guarded('listening to terminals', (error: unknown) =>
        reject(fileError(error, path)),
      );
      socket.#server.once('error', fail);
      socket.#server.listen(
        path,
        guarded('listening to terminals', () => {
          socket.#server.off('error', fail);
          // EMFILE, say, when a terminal comes: the next one may find room.
          socket.#server.on(
            'error',
            guarded('listening to terminals', () => undefined),
          );
          resolve();
        }),
      );
    });
    await chmod(path, 0o600);
    return socket;
  }

  /** Ends all commands, and removes the socket. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => {
      this.#server.close(guarded('closing the socket', () => resolve()));
    });
    for (const conversation of this.#open.values()) conversation.close();
    await closed;
  }

  #meet(socket: Socket): void {
    if (this.#open.size >= MOST_CONNECTIONS) {
      const code = 'ERR_BUSY';
      const message = `${MOST_CONNECTIONS} terminals have commands under way; try again later`;
      socket.on(
        'error',
        guarded('refusing a terminal', () => undefined),
      );
      socket.end(formatEvent({ event: 'command_failed', command: '', code, message }));
      socket.destroySoon();
      return;
    }
    this.#open.set(socket, new Conversation(socket, this.#clock, this.#obey));
    const forget = guarded('leaving a terminal', () => this.#open.delete(socket));
    socket.on('close', forget);
  }
}
