// `hubswarm swarm-key`: makes the key of a private swarm, for `hubswarm peer --swarm-key`.
import { Command } from 'commander';

export function swarmKeyCommand(): Command {
  return new Command('swarm-key')
    .description('Make a key for a private swarm (peer --swarm-key).')
    .argument(
      '<file>',
      'file for it, which must not be there; copy it to each machine of the swarm',
    )
    .action(async (file: string) => {
      const { makeSwarmKey } = await import('../peer/private/swarm-key.ts');
      await makeSwarmKey(file);
    });
}
