// The options that choose how an exchange picks pieces and neighbours.
import type { Command } from 'commander';
import { CHOKER_NAMES, PICKER_NAMES, type Policy } from '../../swarm/policy.ts';
import { choice } from './options.ts';

export function withPolicyOptions(command: Command): Command {
  return command
    .addOption(
      choice(
        '--picker <policy>',
        'which piece to ask for next: rarest, random or sequential (default: rarest)',
        PICKER_NAMES,
      ),
    )
    .addOption(
      choice(
        '--choker <policy>',
        'whom to serve first: cooperative (the peer with the fewest pieces) or tit-for-tat (the peer that gives most; give it to all peers of a swarm) (default: cooperative)',
        CHOKER_NAMES,
      ),
    );
}

/** Of a command's options those that withPolicyOptions() added. */
export const policyOf = ({ picker, choker }: Policy): Policy => ({
  ...(picker && { picker }),
  ...(choker && { choker }),
});
