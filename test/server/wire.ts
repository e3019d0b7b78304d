// Bytes on a socket and the answer that comes back, for what no HTTP client would send.
import type { Socket } from 'node:net';

export interface WireAnswer {
  /** 0 when the connection ended without one. */
  readonly status: number;
  /** Names in lower case; the last of each. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** As it came, chunk sizes among it. */
  readonly text: string;
}

/** Sends and reads until the other side ends the connection. */
export function wireAnswer(socket: Socket, request: string | Buffer): Promise<WireAnswer> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.on('close', () => resolve(parse(Buffer.concat(chunks).toString('latin1'))));
    socket.write(typeof request === 'string' ? Buffer.from(request, 'latin1') : request);
  });
}

function parse(answer: string): WireAnswer {
  const end = answer.indexOf('\r\n\r\n');
  if (end < 0) return { status: 0, headers: {}, text: answer };
  const [first, ...lines] = answer.slice(0, end).split('\r\n');
  const headers = lines.map((line) => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
  });
  return {
    status: Number(/^HTTP\/1\.1 (\d{3})/.exec(first!)?.[1] ?? 0),
    headers: Object.fromEntries(headers),
    text: answer.slice(end + 4),
  };
}
