// The commands that a daemon takes, one a line: a word, and behind it a path, a link or a rate, or an
// object of JSON where there is more to say. What terminals send is checked as what strangers send is.
//
//     uplink RATE · downlink RATE
//     share PATH · share {"path":...}
//     unshare PATH-OR-CID
//     get {"thing":...,"out":...}
//     status
import { isAbsolute } from 'node:path';
import { z } from 'zod';
import { LINK_CHOICES } from '../disk/import/scan.ts';
import { linkTo } from '../hybrid/links/link-to.ts';
import { ipfsLink } from '../hybrid/links/share-link.ts';
import { obeyRate, RATE_COMMANDS } from '../link/rate-command.ts';
import type { Peer } from '../peer/peer.ts';
import { HubswarmError } from '../runtime/errors.ts';
import type { Answer } from './conversation.ts';
import type { Shares } from './shares.ts';
import type { Transfers } from './transfers.ts';
import type { View } from './view.ts';

/** What commands work on. */
export interface Commanded {
  readonly peer: Peer;
  /** Hubs that it joins through: links name them. */
  readonly hubs: readonly URL[];
  readonly shares: Shares;
  readonly transfers: Transfers;
  readonly view: View;
}

const absolute = z.string().max(4096).refine(isAbsolute, 'is not an absolute path');

const shareSchema = z.object({
  path: absolute,
  preserve: z.boolean().optional(),
  check: z.boolean().optional(),
  links: z.enum(LINK_CHOICES).optional(),
});
const getSchema = z.object({
  thing: z.string().max(8192),
  out: absolute,
  force: z.boolean().default(false),
  timeout: z.number().positive().max(2_000_000).optional(),
  joins: z.array(z.string().max(512)).max(16).default([]),
});
const unshareSchema = z.object({ what: z.string().max(4096) });

export type ShareCommand = z.input<typeof shareSchema>;
export type GetCommand = z.input<typeof getSchema>;
export type UnshareCommand = z.input<typeof unshareSchema>;

type Act = (argument: string, answer: Answer, commanded: Commanded) => Promise<void>;

const ACTS: Readonly<Record<string, Act>> = {
  share: async (argument, answer, { peer, hubs, shares }) => {
    const { path, ...choice } = parse('share', shareSchema, argument, (text) => ({ path: text }));
    const { signal, emit } = answer;
    const onLeftOut = (): void => {};
    const share = await shares.share(path, { ...choice, signal, onLeftOut }, emit);
    const { cid, name } = share;
    const link = linkTo(share, peer.addresses, hubs);
    emit({ event: 'link_made', cid: cid.toString(), name, link, ipfs: ipfsLink(cid) });
  },
  unshare: async (argument, { emit }, { shares }) => {
    const { what } = parse('unshare', unshareSchema, argument, (text) => ({ what: text }));
    const found = shares.of(what);
    if (found.length === 0) {
      throw new HubswarmError(
        'ERR_NOT_FOUND',
        `${what}: is not shared; 'hubswarm status' lists what is`,
      );
    }
    for (const share of found) {
      const ended = await shares.unshare(share);
      if (ended) emit(ended);
    }
  },
  get: async (argument, answer, { transfers }) => {
    const request = parse('get', getSchema, argument);
    await transfers.get(request, answer);
  },
  status: async (_, { write, signal }, { view }) => {
    for (const part of view.parts()) {
      if (signal.aborted) return;
      await write(part);
    }
  },
};

const KNOWN = `${Object.keys(ACTS).join(', ')}, ${RATE_COMMANDS}`;

/** @throws HubswarmError ERR_USAGE for what is no command; what the command throws */
export async function obey(line: string, answer: Answer, commanded: Commanded): Promise<void> {
  const [, word = '', argument = ''] = /^(\S+)\s*(.*)$/s.exec(line) ?? [];
  const act = Object.hasOwn(ACTS, word) ? ACTS[word] : undefined;
  if (act) return act(argument, answer, commanded);
  if (obeyRate(line, commanded.peer)) return;
  throw new HubswarmError('ERR_USAGE', `'${line.slice(0, 80)}' is not a command; give ${KNOWN}`);
}

/** @param plain what an argument that is no JSON stands for, if anything */
function parse<T>(
  word: string,
  schema: z.ZodType<T>,
  argument: string,
  plain?: (text: string) => unknown,
): T {
  const isJson = argument.startsWith('{') || !plain;
  const value = isJson ? tryJson(argument) : plain(argument);
  const { data, error } = schema.safeParse(value);
  if (data !== undefined) return data;
  const [issue] = error?.issues ?? [];
  const where = issue?.path.join('.') ?? '';
  throw new HubswarmError('ERR_USAGE', `${word}: ${where === '' ? 'it' : where} ${issue?.message}`);
}

function tryJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
