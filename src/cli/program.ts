// The command table: what `hubswarm` can do, for the program itself, its man page and its completions.
import { Command } from 'commander';
import metadata from '../../package.json' with { type: 'json' };
import { attackCommand } from './attack.ts';
import { balancerCommand } from './balancer.ts';
import { cidCommand } from './cid.ts';
import { clientCommand } from './client/client.ts';
import { strict } from './common/strict.ts';
import { compareCommand } from './compare/compare.ts';
import { peerCommand } from './peer.ts';
import { serverCommand } from './server/server.ts';
import { simulateCommand } from './simulate.ts';
import { tokenCommand } from './token.ts';

export function createProgram(): Command {
  const program = new Command('hubswarm')
    .description('One file to many machines: from a central server, or through a swarm of peers.')
    .version(metadata.version)
    .showSuggestionAfterError(true);
  for (const command of [
    serverCommand,
    clientCommand,
    peerCommand,
    compareCommand,
    simulateCommand,
    attackCommand,
    cidCommand,
    balancerCommand,
    tokenCommand,
  ]) {
    program.addCommand(command());
  }
  strict(program);
  return program;
}
