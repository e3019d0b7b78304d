// What a request below /ipfs/ wants: which content, and in which form. A query beats the Accept field,
// which may still tell of a CAR what the query leaves open. Pure.
// Source: https://specs.ipfs.tech/http-gateways/trustless-gateway/
import type { IncomingHttpHeaders } from 'node:http';
import type { CID } from 'multiformats/cid';
import type { CarWish, EntityBytes } from '../../car/walk.ts';
import { decodeCid } from '../../content/cid.ts';
import { HttpFailure } from '../message/http-failure.ts';
import { targetQuery } from '../message/request-path.ts';

export interface GatewayWish {
  readonly root: CID;
  /** Names from the root down. */
  readonly path: readonly string[];
  /** How a CAR is to be made; undefined for one block. */
  readonly car: CarWish | undefined;
  /** Name that the answer shall be saved under. */
  readonly filename: string | undefined;
  /** Whether nothing may be fetched for it. */
  readonly onlyIfCached: boolean;
}

/** Most names of a path. */
const MOST_NAMES = 128;
/** Most characters of an Accept field that is read. */
const MOST_ACCEPT = 4096;
const IPLD_TYPE = /^application\/vnd\.ipld\.([a-z-]+)$/;

/**
 * @param rest path after `/ipfs/`, without the query
 * @throws HttpFailure 400, 406
 */
export function gatewayWish(
  rest: string,
  target: string,
  headers: IncomingHttpHeaders,
): GatewayWish {
  const [text = '', ...escaped] = rest.replace(/\/$/, '').split('/', MOST_NAMES + 2);
  if (escaped.length > MOST_NAMES) throw malformed(`a path has at most ${MOST_NAMES} names`);
  const query = targetQuery(target);
  return {
    root: rootOf(text),
    path: escaped.map(decodeName),
    car: carOf(query, headers.accept),
    filename: query.get('filename') ?? undefined,
    onlyIfCached: /\bonly-if-cached\b/i.test(headers['cache-control'] ?? ''),
  };
}

function rootOf(text: string): CID {
  const cid = decodeCid(text);
  if (cid) return cid;
  throw malformed('malformed CID; give one as in /ipfs/bafybei...');
}

function decodeName(escaped: string): string {
  try {
    const name = decodeURIComponent(escaped);
    if (name !== '') return name;
  } catch {
    // Told below.
  }
  throw malformed('the path has an empty name, a malformed escape, or is not UTF-8');
}

/** A client that names no format of this kind gets a block; another wish is refused, not ignored. */
function carOf(query: URLSearchParams, accept: string | undefined): CarWish | undefined {
  const accepted = acceptedType(accept);
  const format = query.get('format') ?? accepted?.format ?? 'raw';
  if (format === 'raw') return undefined;
  if (format !== 'car') {
    throw new HttpFailure(406, 'only raw blocks and CARs are served; ask with ?format=raw or car');
  }
  const said = (name: string): string | undefined =>
    query.get(`car-${name}`) ??
    (accepted?.format === 'car' ? accepted.parameters.get(name) : undefined);
  oneOf('car-version', said('version') ?? '1', ['1']);
  oneOf('car-order', said('order') ?? 'dfs', ['dfs', 'unk']);
  const dups = oneOf('car-dups', said('dups') ?? 'n', ['y', 'n']);
  const bytes = bytesOf(query.get('entity-bytes'));
  const scope = oneOf('dag-scope', query.get('dag-scope') ?? (bytes ? 'entity' : 'all'), SCOPES);
  if (bytes && scope !== 'entity') {
    throw malformed(`entity-bytes: not accepted with dag-scope=${scope}; give dag-scope=entity`);
  }
  return { scope, bytes, duplicates: dups === 'y' };
}

const SCOPES = ['block', 'entity', 'all'] as const;

interface Accepted {
  readonly format: string;
  readonly parameters: ReadonlyMap<string, string>;
}

/** The IPLD type that is wanted most; undefined if none is named, or anything will do. */
function acceptedType(accept: string | undefined): Accepted | undefined {
  let best: (Accepted & { readonly weight: number }) | undefined;
  for (const range of (accept ?? '').slice(0, MOST_ACCEPT).split(',')) {
    const [type = '', ...said] = range.split(';').map((part) => part.trim().toLowerCase());
    const format = IPLD_TYPE.exec(type)?.[1] ?? (type === '*/*' ? 'raw' : undefined);
    const parameters = new Map(said.map((each) => pairOf(each)));
    const weight = Number(parameters.get('q') ?? 1);
    if (format === undefined || !(weight > (best?.weight ?? 0))) continue;
    best = { format, parameters, weight };
  }
  return best;
}

function pairOf(parameter: string): [string, string] {
  const at = parameter.indexOf('=');
  return at < 0 ? [parameter, ''] : [parameter.slice(0, at), parameter.slice(at + 1)];
}

function oneOf<T extends string>(name: string, value: string, known: readonly T[]): T {
  const found = known.find((each) => each === value);
  if (found !== undefined) return found;
  throw malformed(`${name}: '${value}' is not known; give ${known.join(' or ')}`);
}

function bytesOf(text: string | null): EntityBytes | undefined {
  if (text === null) return undefined;
  const [, from, to] = /^(-?\d{1,15}):(\*|-?\d{1,15})$/.exec(text) ?? [];
  if (from === undefined) {
    throw malformed(
      `entity-bytes: '${text}' is no range; give FROM:TO as in 0:1023, 512:* or -5:*`,
    );
  }
  return { from: Number(from), to: to === '*' ? undefined : Number(to) };
}

const malformed = (message: string): HttpFailure => new HttpFailure(400, message);
