// Makes this process's environment plain when it is imported, for it and all that it starts: without
// the user's proxies, issuers, tokens and logins, which would lead measured requests another way. The
// same names as src/runtime/node/plain-environment.ts.
import { devNull } from 'node:os';

const LEADS =
  /^(\w+_proxy|node_use_env_proxy|node_extra_ca_certs|ssl_cert_(file|dir)|hubswarm_(cache_)?token)$/i;

for (const name of Object.keys(process.env)) if (LEADS.test(name)) delete process.env[name];
process.env.NETRC = devNull;
