// The options that choose how an exchange picks pieces and neighbours.
import type { Command } from 'commander';
import type { Policy } from '../../swarm/policy.ts';
import { oneOf } from './options.ts';

export interface PolicyOptions {
  picker?: string;
  choker?: string;
}

export function withPolicyOptions(command: Command): Command {
  return command
    .option(
      '--picker <policy>',
      'which piece to ask for next: rarest, random or sequential (default: rarest)',
    )
    .option(
      '--choker <policy>',
      'whom to serve first: cooperative (the peer with the fewest pieces) or tit-for-tat (the peer that gives most; give it to all peers of a swarm) (default: cooperative)',
    );
}

/** @throws HubswarmError ERR_USAGE */
export async function parsePolicy({ picker, choker }: PolicyOptions): Promise<Policy> {
  const { PICKER_NAMES, CHOKER_NAMES } = await import('../../swarm/policy.ts');
  return {
    ...(picker === undefined ? {} : { picker: oneOf('--picker', picker, PICKER_NAMES) }),
    ...(choker === undefined ? {} : { choker: oneOf('--choker', choker, CHOKER_NAMES) }),
  };
}
