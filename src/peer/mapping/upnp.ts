// UPnP's Internet Gateway Device: the router is asked by multicast where it describes itself (SSDP),
// says there which service maps ports, and is told by SOAP. It must answer from the address of the
// default gateway, and name no other host: otherwise anybody on the LAN could have this machine call
// third hosts.
import type { Socket } from 'node:dgram';
import { isIP } from 'node:net';
import type { Timers } from '../../runtime/clock.ts';
import { HubswarmError } from '../../runtime/errors.ts';
import { attempt } from '../../runtime/linked-abort.ts';
import type { Rng } from '../../runtime/rng.ts';
import type { Gateway } from './gateway.ts';
import { hearDatagrams } from './hear-datagrams.ts';
import { askRouter, type RouterAnswer } from './http-to-router.ts';
import type { Mapped, MapRequest, Router } from './router.ts';
import { textsOf } from './xml.ts';

const GROUP = '239.255.255.250';
const SSDP_PORT = 1900;
/** Time to answer, told to the router in seconds (MX); and a moment more. Chosen. */
const MX_SECONDS = 1;
const DISCOVER_MS = 2500;
/** Longest answer that is read. Chosen: real ones have 300 to 600. */
const MOST_SSDP_BYTES = 2048;
const ASK_MS = 5000;
const MOST_SERVICES = 64;
const SERVICES = /^urn:schemas-upnp-org:service:WAN(IP|PPP)Connection:[12]$/;
/** UPnP's codes: the port is taken; leases are for ever alone. */
const CONFLICT = 718;
const ONLY_PERMANENT = 725;
/** Ports that are tried if the wanted one is taken. Chosen. */
const TRIES = 4;
const FIRST_PORT = 20_000;
const PORTS = 40_000;

interface Service {
  readonly url: URL;
  readonly type: string;
}

export class Upnp implements Router {
  readonly #clock: Timers;
  readonly #gateway: Gateway;
  readonly #rng: Rng;
  #service: Service | undefined;

  constructor(clock: Timers, gateway: Gateway, rng: Rng) {
    this.#clock = clock;
    this.#gateway = gateway;
    this.#rng = rng;
  }

  async map(request: MapRequest, signal: AbortSignal): Promise<Mapped> {
    try {
      this.#service ??= await this.#find(signal);
      const host = await this.#externalAddress(this.#service, signal);
      return { host, ...(await this.#mapPort(this.#service, request, signal)) };
    } catch (error) {
      // It may have been restarted, with another description.
      this.#service = undefined;
      throw error;
    }
  }

  async unmap(_: MapRequest, { port }: Mapped, signal: AbortSignal): Promise<void> {
    if (!this.#service) return;
    const which = { NewRemoteHost: '', NewExternalPort: port, NewProtocol: 'TCP' };
    await this.#tell(this.#service, 'DeletePortMapping', which, signal);
  }

  async #find(signal: AbortSignal): Promise<Service> {
    const place = await this.#discover(signal);
    const { body } = await this.#ask({ url: place }, signal);
    const service = serviceIn(body, place);
    if (service) return service;
    throw new HubswarmError('ERR_REMOTE', 'the router describes nothing that maps ports (UPnP)');
  }

  /** Where the router describes itself. */
  async #discover(signal: AbortSignal): Promise<URL> {
    const { host, router } = this.#gateway;
    let cancel = (): void => {};
    const begin = (socket: Socket, fail: () => void): void => {
      cancel = this.#clock.after(DISCOVER_MS, 'awaiting a router', fail);
      socket.setMulticastInterface(host);
      for (const version of [1, 2]) socket.send(searchFor(version), SSDP_PORT, GROUP);
    };
    const read = (answer: Buffer, sender: string): URL | undefined =>
      sender === router ? locationIn(answer, router) : undefined;
    try {
      return await hearDatagrams({ from: host, begin, read, failure: 'no answer (UPnP)' }, signal);
    } finally {
      cancel();
    }
  }

  async #externalAddress(service: Service, signal: AbortSignal): Promise<string> {
    const { body } = await this.#tell(service, 'GetExternalIPAddress', {}, signal);
    const [address = ''] = textsOf(body, 'NewExternalIPAddress', 1);
    if (isIP(address) === 4) return address;
    throw new HubswarmError('ERR_REMOTE', 'the router names no address of its own (UPnP)');
  }

  async #mapPort(
    service: Service,
    { host, port, wanted, lifetimeSeconds }: MapRequest,
    signal: AbortSignal,
  ): Promise<Omit<Mapped, 'host'>> {
    let lease = lifetimeSeconds;
    let external = wanted;
    for (let left = TRIES; ; left--) {
      const answer = await this.#tell(
        service,
        'AddPortMapping',
        {
          NewRemoteHost: '',
          NewExternalPort: external,
          NewProtocol: 'TCP',
          NewInternalPort: port,
          NewInternalClient: host,
          NewEnabled: 1,
          NewPortMappingDescription: 'hubswarm',
          NewLeaseDuration: lease,
        },
        signal,
      ).catch((error: unknown) => {
        if (!(error instanceof SoapRefusal) || left === 0) throw error;
        return error;
      });
      if (!(answer instanceof SoapRefusal)) {
        return { port: external, lifetimeSeconds: lease === 0 ? Number.POSITIVE_INFINITY : lease };
      }
      if (answer.upnpCode === ONLY_PERMANENT && lease > 0) lease = 0;
      else if (answer.upnpCode === CONFLICT) external = FIRST_PORT + this.#rng.below(PORTS);
      else throw answer;
    }
  }

  async #tell(
    { url, type }: Service,
    action: string,
    values: Readonly<Record<string, string | number>>,
    signal: AbortSignal,
  ): Promise<RouterAnswer> {
    const headers = {
      'content-type': 'text/xml; charset="utf-8"',
      soapaction: `"${type}#${action}"`,
    };
    const post = { body: envelope(type, action, values), headers };
    const answer = await this.#ask({ url, post }, signal);
    if (answer.status === 200) return answer;
    throw new SoapRefusal(Number(textsOf(answer.body, 'errorCode', 1)[0] ?? Number.NaN));
  }

  #ask(asked: Omit<Parameters<typeof askRouter>[0], 'from'>, signal: AbortSignal) {
    return attempt([signal], ASK_MS, (within) =>
      askRouter({ ...asked, from: this.#gateway.host }, within),
    );
  }
}

class SoapRefusal extends HubswarmError {
  readonly upnpCode: number;

  constructor(upnpCode: number) {
    const code = Number.isInteger(upnpCode) ? `, code ${upnpCode}` : '';
    super('ERR_REMOTE', `the router refuses (UPnP${code})`);
    this.upnpCode = upnpCode;
  }
}

const searchFor = (version: number): string =>
  [
    'M-SEARCH * HTTP/1.1',
    `HOST: ${GROUP}:${SSDP_PORT}`,
    'MAN: "ssdp:discover"',
    `MX: ${MX_SECONDS}`,
    `ST: urn:schemas-upnp-org:device:InternetGatewayDevice:${version}`,
    '',
    '',
  ].join('\r\n');

/** The place that an answer names, if it is on the router itself. */
export function locationIn(answer: Buffer, router: string): URL | undefined {
  if (answer.length > MOST_SSDP_BYTES) return undefined;
  const lines = answer.toString('latin1').split('\r\n');
  if (!lines[0]?.startsWith('HTTP/1.1 200')) return undefined;
  const line = lines.find((each) => /^location:/i.test(each)) ?? '';
  return urlOn(line.slice('location:'.length).trim(), undefined, router);
}

/** The service that maps ports, if the description places it on the router itself. */
export function serviceIn(description: string, place: URL): Service | undefined {
  const [base] = textsOf(description, 'URLBase', 1);
  const from = base === undefined ? place : (urlOn(base, place, place.hostname) ?? place);
  for (const service of textsOf(description, 'service', MOST_SERVICES)) {
    const [type = ''] = textsOf(service, 'serviceType', 1);
    const [control = ''] = textsOf(service, 'controlURL', 1);
    if (!SERVICES.test(type) || control === '') continue;
    const url = urlOn(control, from, place.hostname);
    if (url) return { url, type };
  }
  return undefined;
}

/** An address of the router, by number, with no credentials. */
function urlOn(text: string, base: URL | undefined, router: string): URL | undefined {
  if (!URL.canParse(text, base?.href)) return undefined;
  const url = new URL(text, base);
  const isPlain = url.protocol === 'http:' && url.username === '' && url.password === '';
  return isPlain && url.hostname === router ? url : undefined;
}

/** Values are numbers, addresses and names of this file: nothing to be escaped. */
function envelope(
  type: string,
  action: string,
  values: Readonly<Record<string, string | number>>,
): string {
  const inner = Object.entries(values).map(([name, value]) => `<${name}>${value}</${name}>`);
  return `<?xml version="1.0"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" s:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/"><s:Body><u:${action} xmlns:u="${type}">${inner.join('')}</u:${action}></s:Body></s:Envelope>`;
}
