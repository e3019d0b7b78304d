// `hubswarm swarm-key`: makes the key of a private swarm, for `hubswarm peer --swarm-key`.
import { Command } from 'commander';
import { showText } from '../runtime/shown-text.ts';

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
      process.stderr.write(
        `made a key of a private swarm, ${showText(file)}: copy it to each machine of the swarm, and give --swarm-key FILE there\n`,
      );
    });
}
