// The Port Control Protocol (RFC 6887), and its forerunner NAT-PMP (RFC 6886), at port 5351 of the
// router. A router that speaks the older one alone says so.
import { randomBytes } from 'node:crypto';
import type { Timers } from '../../runtime/clock.ts';
import { HubswarmError } from '../../runtime/errors.ts';
import { askByDatagram } from './ask-by-datagram.ts';
import type { Gateway } from './gateway.ts';
import type { Mapped, MapRequest, Router } from './router.ts';

const PORT = 5351;
const VERSION = 2;
const MAP = 1;
const ANSWER = 0x80;
const TCP = 6;
const PCP_BYTES = 60;
/** NAT-PMP: its version, and what asks for the address and for a port of TCP. */
const OLD_VERSION = 0;
const OLD_ADDRESS = 0;
const OLD_MAP_TCP = 2;
const ADDRESS_BYTES = 12;
const OLD_MAP_BYTES = 16;

type Answer = { readonly mapped: Mapped } | { readonly refusal: number } | 'older';

export class Pcp implements Router {
  readonly #clock: Timers;
  readonly #gateway: Gateway;
  /** Says that an answer is for this process, and that who removes a mapping made it. */
  readonly #nonce = randomBytes(12);
  #isOlder = false;

  constructor(clock: Timers, gateway: Gateway) {
    this.#clock = clock;
    this.#gateway = gateway;
  }

  async map(request: MapRequest, signal: AbortSignal): Promise<Mapped> {
    if (!this.#isOlder) {
      const bytes = encodeMap(request, this.#nonce);
      const answer = await this.#ask(bytes, (got) => readMap(got, this.#nonce, request), signal);
      if (answer !== 'older') return mappedOf(answer);
      this.#isOlder = true;
    }
    return this.#mapOlder(request, signal);
  }

  async unmap(request: MapRequest, { port }: Mapped, signal: AbortSignal): Promise<void> {
    const gone = { ...request, wanted: this.#isOlder ? 0 : port, lifetimeSeconds: 0 };
    if (this.#isOlder) await this.#ask(encodeOldMap(gone), readOldMap, signal);
    else {
      const read = (got: Buffer) => readMap(got, this.#nonce, request);
      await this.#ask(encodeMap(gone, this.#nonce), read, signal);
    }
  }

  async #mapOlder(request: MapRequest, signal: AbortSignal): Promise<Mapped> {
    const host = await this.#ask(Buffer.of(OLD_VERSION, OLD_ADDRESS), readOldAddress, signal);
    if (typeof host === 'number') throw refused(host);
    const answer = await this.#ask(encodeOldMap(request), readOldMap, signal);
    if (typeof answer === 'number') throw refused(answer);
    // What is left over from another process of this machine.
    if (answer.internal !== request.port) throw refused(undefined);
    return { host, port: answer.port, lifetimeSeconds: answer.lifetimeSeconds };
  }

  #ask<T>(
    bytes: Uint8Array,
    read: (answer: Buffer) => T | undefined,
    signal: AbortSignal,
  ): Promise<T> {
    const { host: from, router: to } = this.#gateway;
    return askByDatagram({ clock: this.#clock, from, to, port: PORT, bytes, read }, signal);
  }
}

function mappedOf(answer: Exclude<Answer, 'older'>): Mapped {
  if ('refusal' in answer) throw refused(answer.refusal);
  return answer.mapped;
}

const refused = (code: number | undefined): HubswarmError =>
  new HubswarmError(
    'ERR_REMOTE',
    `the router refuses${code === undefined ? '' : ` (PCP or NAT-PMP, code ${code})`}`,
  );

/** RFC 6887, figures 2 and 9. */
function encodeMap({ host, port, wanted, lifetimeSeconds }: MapRequest, nonce: Uint8Array): Buffer {
  const bytes = Buffer.alloc(PCP_BYTES);
  bytes[0] = VERSION;
  bytes[1] = MAP;
  bytes.writeUInt32BE(lifetimeSeconds, 4);
  writeMapped(bytes, 8, host);
  bytes.set(nonce, 24);
  bytes[36] = TCP;
  bytes.writeUInt16BE(port, 40);
  bytes.writeUInt16BE(wanted, 42);
  writeMapped(bytes, 44, '0.0.0.0');
  return bytes;
}

/** An IPv4 address as one of IPv6. */
function writeMapped(bytes: Buffer, at: number, address: string): void {
  bytes.writeUInt16BE(0xffff, at + 10);
  bytes.set(address.split('.').map(Number), at + 12);
}

/** RFC 6887, figures 3 and 10. */
export function readMap(
  bytes: Buffer,
  nonce: Uint8Array,
  { port }: Pick<MapRequest, 'port'>,
): Answer | undefined {
  // NAT-PMP answers a version that it does not know with its own, and code 1.
  if (bytes.length >= 4 && bytes[0] === OLD_VERSION) return 'older';
  if (bytes.length < 24 || bytes[0] !== VERSION || bytes[1] !== (ANSWER | MAP)) return undefined;
  if (bytes[3] !== 0) return { refusal: bytes[3]! };
  if (bytes.length < PCP_BYTES || Buffer.compare(bytes.subarray(24, 36), nonce) !== 0) return;
  if (bytes[36] !== TCP || bytes.readUInt16BE(40) !== port) return undefined;
  const isV4 =
    bytes.subarray(44, 54).every((byte) => byte === 0) && bytes.readUInt16BE(54) === 0xffff;
  if (!isV4) return undefined;
  const host = bytes.subarray(56, 60).join('.');
  const lifetimeSeconds = bytes.readUInt32BE(4);
  return { mapped: { host, port: bytes.readUInt16BE(42), lifetimeSeconds } };
}

/** RFC 6886 section 3.3. */
function encodeOldMap({ port, wanted, lifetimeSeconds }: MapRequest): Buffer {
  const bytes = Buffer.alloc(12);
  bytes[1] = OLD_MAP_TCP;
  bytes.writeUInt16BE(port, 4);
  bytes.writeUInt16BE(wanted, 6);
  bytes.writeUInt32BE(lifetimeSeconds, 8);
  return bytes;
}

/** RFC 6886 section 3.2: the router's address, or why not. */
export function readOldAddress(bytes: Buffer): string | number | undefined {
  if (!isOldAnswer(bytes, OLD_ADDRESS)) return undefined;
  const code = bytes.readUInt16BE(2);
  if (code !== 0) return code;
  return bytes.length < ADDRESS_BYTES ? undefined : bytes.subarray(8, ADDRESS_BYTES).join('.');
}

interface OldMapped {
  readonly internal: number;
  readonly port: number;
  readonly lifetimeSeconds: number;
}

export function readOldMap(bytes: Buffer): OldMapped | number | undefined {
  if (!isOldAnswer(bytes, OLD_MAP_TCP)) return undefined;
  const code = bytes.readUInt16BE(2);
  if (code !== 0) return code;
  if (bytes.length < OLD_MAP_BYTES) return undefined;
  return {
    internal: bytes.readUInt16BE(8),
    port: bytes.readUInt16BE(10),
    lifetimeSeconds: bytes.readUInt32BE(12),
  };
}

const isOldAnswer = (bytes: Buffer, operation: number): boolean =>
  bytes.length >= 8 && bytes[0] === OLD_VERSION && bytes[1] === (ANSWER | operation);
