// Opens the port. A failure is one line that says what to give instead.
import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { HubswarmError, systemCode } from '../../runtime/errors.ts';

/** @throws HubswarmError ERR_LISTEN. @returns `address:port`, as it stands in a URL */
export async function listen(server: Server, host: string, port: number): Promise<string> {
  try {
    server.listen({ host, port });
    await once(server, 'listening');
  } catch (error) {
    throw listenError(error, host, port);
  }
  const { address, family, port: given } = server.address() as AddressInfo;
  return `${family === 'IPv6' ? `[${address}]` : address}:${given}`;
}

function listenError(cause: unknown, host: string, port: number): unknown {
  const reasons: Record<string, string> = {
    EADDRINUSE: `port ${port} on ${host} is in use; give another with --port, or 0 for any`,
    EADDRNOTAVAIL: `--host: ${host} is not an address of this machine`,
    ENOTFOUND: `--host: ${host} is not a known name or address`,
    EAI_AGAIN: `--host: ${host} cannot be looked up now`,
    EACCES: `port ${port} needs more rights; give one above 1023`,
    EINVAL: `--host: ${host} is not an address that can be listened on`,
  };
  const reason = reasons[systemCode(cause) ?? ''];
  return reason ? new HubswarmError('ERR_LISTEN', reason, { cause }) : cause;
}
