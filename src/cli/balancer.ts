// hubswarm balancer: the configuration of a program that stands in front of several hubs.
import { Command } from 'commander';
import {
  type Balancer,
  checkConfigPath,
  checkHealthPath,
  checkReplicas,
  POLICIES,
  parseListen,
  parseReplica,
  showAddress,
} from '../balance/balancer.ts';
import type { Program } from '../balance/check-config.ts';
import { haproxyConfig } from '../balance/haproxy-config.ts';
import { nginxConfig } from '../balance/nginx-config.ts';
import { HubswarmError } from '../runtime/errors.ts';
import { choice } from './common/options.ts';
import { runCommand } from './common/run.ts';

interface Flags {
  replica: string[];
  policy: Balancer['policy'];
  listen: string;
  tlsCert?: string;
  tlsKey?: string;
  healthPath: string;
  check: boolean;
  output?: string;
}

const GENERATORS = { nginx: nginxConfig, haproxy: haproxyConfig };
const DEFAULT = { policy: 'round-robin', listen: '127.0.0.1:8080', healthPath: '/readyz' };

export function balancerCommand(): Command {
  return new Command('balancer')
    .description('Write the configuration of nginx or HAProxy in front of several hubs.')
    .addCommand(
      programCommand(
        'nginx',
        'Write a configuration for nginx, which finds dead replicas by failing requests.',
      ),
    )
    .addCommand(
      programCommand(
        'haproxy',
        'Write a configuration for HAProxy, which asks each replica whether it is ready.',
      ),
    );
}

function programCommand(program: Program, description: string): Command {
  return new Command(program)
    .description(description)
    .requiredOption(
      '--replica <url...>',
      'a hub that serves the same root, up to 8 (as in http://10.0.0.1:8080 or 10.0.0.1:8080,weight=2)',
    )
    .addOption(
      choice(
        '--policy <name>',
        `which replica gets a request: ${POLICIES.join(', ')}`,
        POLICIES,
      ).default(DEFAULT.policy),
    )
    .option('--listen <host:port>', 'address at which clients connect', DEFAULT.listen)
    .option('--tls-cert <file>', 'PEM certificates: accept https, and speak http to the replicas')
    .option('--tls-key <file>', 'PEM private key (default: in the file of --tls-cert)')
    .option(
      '--health-path <target>',
      'path that HAProxy asks for; 200 means ready',
      DEFAULT.healthPath,
    )
    .option('--check', `let ${program} itself check the result before it is written`, false)
    .option('-o, --output <file>', 'file for the configuration (default: standard output)')
    .action((flags: Flags) => writeConfig(program, flags));
}

async function writeConfig(program: Program, flags: Flags): Promise<void> {
  const balancer = balancerOf(program, flags);
  const config = GENERATORS[program](balancer, commandOf(program, balancer));
  await runCommand({ quiet: true }, async () => {
    if (flags.check) {
      const { checkConfig } = await import('../balance/check-config.ts');
      await checkConfig(program, config);
    }
    if (flags.output === undefined) process.stdout.write(config);
    else {
      const { putText } = await import('../disk/place/target-place.ts');
      await putText(flags.output, config);
    }
  });
}

function balancerOf(program: Program, flags: Flags): Balancer {
  const { policy } = flags;
  const listen = parseListen(flags.listen);
  const replicas = checkReplicas(flags.replica.map(parseReplica));
  const healthPath = checkHealthPath(flags.healthPath);
  return { listen, replicas, policy, healthPath, tls: tlsOf(program, flags) };
}

function tlsOf(program: Program, { tlsCert, tlsKey }: Flags): Balancer['tls'] {
  if (tlsCert === undefined) {
    if (tlsKey === undefined) return undefined;
    throw new HubswarmError('ERR_USAGE', '--tls-key: is of no use alone; give --tls-cert as well');
  }
  const certificate = checkConfigPath('--tls-cert', tlsCert);
  if (tlsKey === undefined) return { certificate };
  const key = checkConfigPath('--tls-key', tlsKey);
  if (program === 'nginx') return { certificate, key };
  // HAProxy (before 3.0) looks for the key there by itself, and nowhere else.
  if (key === certificate || key === `${certificate}.key`) return { certificate };
  throw new HubswarmError(
    'ERR_USAGE',
    `--tls-key: '${tlsKey}' is not accepted: HAProxy reads the key from the certificate's file or from that name with .key added; put it there`,
  );
}

/** The command that makes this balancer, for whoever finds the file. */
function commandOf(
  program: Program,
  { listen, replicas, policy, tls, healthPath }: Balancer,
): string {
  const words = ['hubswarm', 'balancer', program];
  for (const { weight, ...address } of replicas) {
    words.push(
      '--replica',
      `http://${showAddress(address)}${weight === 1 ? '' : `,weight=${weight}`}`,
    );
  }
  words.push('--policy', policy, '--listen', showAddress(listen));
  if (tls) words.push('--tls-cert', quote(tls.certificate));
  if (tls?.key !== undefined) words.push('--tls-key', quote(tls.key));
  if (healthPath !== DEFAULT.healthPath) words.push('--health-path', healthPath);
  return words.join(' ');
}

/** For a shell; checkConfigPath leaves only spaces (and ~) to care for. */
const quote = (path: string): string => (/[ ~]/.test(path) ? `'${path}'` : path);
