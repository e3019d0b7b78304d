import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { groupCpuMs } from '../../../src/lab/run/cpu.ts';
import { Program, type ProgramOptions } from '../../../src/lab/run/program.ts';
import { LINUX, needs } from '../../support/needs.ts';

const { signal } = new AbortController();

/** Tells what it heard, for a test to wait on. */
class Shell extends Program {
  readonly lines: string[] = [];

  constructor(script: string, options?: ProgramOptions) {
    super('shell', ['sh', '-c', script], options);
    onTestFinished(() => this.kill());
  }

  says(line: string): Promise<void> {
    return this.until(() => this.lines.includes(line), 10_000, signal);
  }

  ends(): Promise<void> {
    return this.until(() => this.over, 10_000, signal);
  }

  protected override take(line: string): void {
    this.lines.push(line);
    this.tell();
  }
}

describe('a process of the lab', () => {
  it('tells how it ended, and with what words', async () => {
    const shell = new Shell('echo one >&2; echo two >&2; exit 3');
    await expect(shell.says('ready')).rejects.toMatchObject({
      code: 'ERR_MEASUREMENT',
      message: 'shell ended before it was ready (exit code 3): two',
    });
    expect(shell.exit).toEqual({ code: 3, signal: null });
  });

  it('that cannot be started is over', async () => {
    const program = new Program('nobody', ['/nowhere/nobody']);
    await expect(program.until(() => false, 10_000, signal)).rejects.toMatchObject({
      code: 'ERR_MEASUREMENT',
      message: expect.stringMatching(/^nobody cannot be started: /),
    });
    expect(program.over).toBe(true);
    await program.stop();
    program.kill();
  });

  it('that is asked to end did not end by itself, but one that was only stopped did', async () => {
    const asked = new Shell('echo ready; read line');
    await asked.says('ready');
    asked.kill('SIGTERM');
    await asked.ends();
    expect(asked.exit).toBe(null);
    const paused = new Shell('echo ready; sleep 0.1; exit 3');
    await paused.says('ready');
    paused.kill('SIGSTOP');
    paused.kill('SIGCONT');
    await paused.ends();
    expect(paused.exit).toEqual({ code: 3, signal: null });
  });

  it('is stopped at once, even one that is paused', async () => {
    const shell = new Shell(
      'trap "echo heard; exit" TERM; echo ready; while :; do sleep 0.05; done',
    );
    await shell.says('ready');
    shell.kill('SIGSTOP');
    await shell.stop();
    expect(shell.lines).toEqual(['ready', 'heard']);
  });

  it('finds no proxy, token, issuer or login of its user', async () => {
    const given = ['http_proxy', 'HTTPS_PROXY', 'All_Proxy', 'no_proxy', 'HUBSWARM_TOKEN'];
    for (const name of [...given, 'SSL_CERT_FILE', 'NETRC']) vi.stubEnv(name, 'users');
    onTestFinished(() => void vi.unstubAllEnvs());
    const shell = new Shell('env; echo end', { env: { kept_proxies: 'x' } });
    await shell.says('end');
    expect(shell.lines.filter((line) => line.includes('users'))).toEqual([]);
    expect(shell.lines).toEqual(expect.arrayContaining(['NETRC=/dev/null', 'kept_proxies=x']));
  });

  it('that is a group ends as a whole', needs(LINUX), async () => {
    const shell = new Shell('sleep 60 & echo ready; wait', { group: true });
    await shell.says('ready');
    expect(shell.cpuMs()).toBeTypeOf('number');
    shell.kill();
    await shell.ends();
    while (groupCpuMs(shell.pid!) !== undefined) await new Promise(setImmediate);
  });
});
