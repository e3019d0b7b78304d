// What the benchmarks start is not led another way by the user's own settings.
import { execFileSync } from 'node:child_process';
import { devNull } from 'node:os';
import { resolve } from 'node:path';
import { expect, it } from 'vitest';
import { plainEnvironment } from '../../src/runtime/node/plain-environment.ts';

const SCRIPTS = resolve(import.meta.dirname, '../../scripts/lib');

it.each(['binary.mjs', 'rivals.mjs', 'lab-row.mjs'])('is plain once %s is loaded', (name) => {
  const own = {
    ...{ http_proxy: 'http://a:1', HTTPS_PROXY: 'http://b:1', NO_PROXY: '*', NETRC: 'd' },
    ...{
      all_proxy: 'http://c:1',
      SSL_CERT_FILE: 'e',
      HUBSWARM_TOKEN: 'f',
      NODE_USE_ENV_PROXY: '1',
      NODE_EXTRA_CA_CERTS: devNull,
      KEPT: 'g',
    },
    PATH: process.env.PATH,
  };
  const script = `await import(${JSON.stringify(resolve(SCRIPTS, name))}); console.log(JSON.stringify(process.env))`;
  const args = ['--input-type=module', '-e', script];
  const shown = execFileSync(process.execPath, args, { env: own, encoding: 'utf8' });
  expect(JSON.parse(shown)).toEqual(plainEnvironment(own));
  expect(JSON.parse(shown)).not.toHaveProperty('NODE_EXTRA_CA_CERTS');
  expect(JSON.parse(shown)).toMatchObject({ KEPT: 'g', NETRC: devNull });
});
