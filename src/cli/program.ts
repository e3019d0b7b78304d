// The command table: what `hubswarm` can do, for the program itself, its man page and its completions.
import { Command } from 'commander';
import metadata from '../../package.json' with { type: 'json' };
import { strict } from './common/strict.ts';

/** A command is loaded only if it is run, or all are listed: one that runs pays for no other. */
const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  share: async () => (await import('./share.ts')).shareCommand(),
  get: async () => (await import('./get.ts')).getCommand(),
  daemon: async () => (await import('./daemon.ts')).daemonCommand(),
  status: async () => (await import('./status.ts')).statusCommand(),
  unshare: async () => (await import('./unshare.ts')).unshareCommand(),
  ls: async () => (await import('./ls.ts')).listCommand(),
  server: async () => (await import('./server/server.ts')).serverCommand(),
  client: async () => (await import('./client/client.ts')).clientCommand(),
  peer: async () => (await import('./peer.ts')).peerCommand(),
  compare: async () => (await import('./compare/compare.ts')).compareCommand(),
  simulate: async () => (await import('./simulate.ts')).simulateCommand(),
  attack: async () => (await import('./attack.ts')).attackCommand(),
  cid: async () => (await import('./cid.ts')).cidCommand(),
  balancer: async () => (await import('./balancer.ts')).balancerCommand(),
  'swarm-key': async () => (await import('./swarm-key.ts')).swarmKeyCommand(),
  token: async () => (await import('./token.ts')).tokenCommand(),
};

/** @param named the only command that is needed; with any other word, all are there */
export async function createProgram(named?: string): Promise<Command> {
  const program = new Command('hubswarm')
    .description('One file to many machines: from a central server, or through a swarm of peers.')
    .version(metadata.version)
    .showSuggestionAfterError(true);
  const isOne = named !== undefined && Object.hasOwn(COMMANDS, named);
  const loading = isOne ? [COMMANDS[named]!] : Object.values(COMMANDS);
  for (const load of loading) program.addCommand(await load());
  strict(program);
  return program;
}
