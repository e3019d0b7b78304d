// The environment of a process that is measured: the user's own, without what leads its requests
// another way or changes what they carry.
import { devNull } from 'node:os';

/**
 * Proxies, as curl, wget, aria2 and the binary read them in either case; issuers, which Node.js 20
 * reads at each start (38 ms of CPU for a system's bundle); tokens.
 */
const LEADS =
  /^(\w+_proxy|node_use_env_proxy|node_extra_ca_certs|ssl_cert_(file|dir)|hubswarm_(cache_)?token)$/i;

/** Logins are looked for in an empty file. */
export function plainEnvironment(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const kept = Object.entries(environment).filter(([name]) => !LEADS.test(name));
  return { ...Object.fromEntries(kept), NETRC: devNull };
}
