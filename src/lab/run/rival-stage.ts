// The stage of a run of a rival: what it prepares, its helper, its origin, then its receivers,
// held until the go.
import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describeError, HubswarmError } from '../../runtime/errors.ts';
import { fill, type Placeholder, type Rival, type Sign } from '../terms/rival.ts';
import { receives } from '../terms/trace.ts';
import type { Member } from './cast.ts';
import { Foreign } from './foreign.ts';
import { freePort } from './free-port.ts';
import { READY_MS, Stage } from './stage.ts';

/** Bytes of what a preparation prints that are kept. */
const MAX_OUTPUT = 2 ** 20;
const MIB = 2 ** 20;
const KIB = 1024;

type Values = Readonly<Record<Placeholder, string>>;

export class RivalStage extends Stage {
  readonly #ports = new Map<Member, number>();

  protected override async gather(): Promise<void> {
    for (const member of this.cast) this.#ports.set(member, await freePort());
    await mkdir(this.#shared);
    await this.#prepare();
    const of = (role: Member['role']) =>
      this.participants.filter(({ member }) => member.role === role);
    for (const role of ['helper', 'origin', 'receiver'] as const) {
      await Promise.all(of(role).map((each) => each.boot()));
    }
  }

  protected override async start(member: Member): Promise<Foreign> {
    const { file, plan, signal } = this.init;
    const { command, files, sign } = this.#partOf(member);
    const values = this.#valuesOf(member);
    const dir = this.dirOf(member);
    for (const [name, text] of Object.entries(files)) {
      await writeFile(join(dir, name), fill(text, values));
    }
    const held = receives(member);
    const foreign = this.keep(
      new Foreign(member.id, {
        command: command.map((text) => fill(text, values)),
        wrapper: this.wrapper(member),
        dir,
        held,
        sign,
        port: this.#ports.get(member)!,
        file: { path: values.out, bytes: plan.setting.fileBytes, sha256: file.sha256 },
      }),
    );
    if (!held) await foreign.ready(READY_MS, signal);
    return foreign;
  }

  get #rival(): Rival {
    return this.init.plan.rival!;
  }

  get #shared(): string {
    return join(this.init.dir, 'shared');
  }

  #partOf({
    role,
  }: Member): Pick<Rival['origin'], 'command' | 'files'> & { sign?: Sign | undefined } {
    const { origin, helper, receiver } = this.#rival;
    if (role === 'receiver') return { ...receiver, sign: receiver.done };
    const part = role === 'helper' ? helper! : origin;
    return { ...part, sign: part.ready };
  }

  /** Where nothing is to be limited by a program, its rate is 0. */
  #valuesOf(member: Member): Values {
    const { file, plan } = this.init;
    const { fileBytes, receivers, pieceLength } = plan.setting;
    const held = this.cast.filter(receives);
    const origin = this.cast[0]!;
    const place = held.indexOf(member);
    const helper = this.cast.find(({ role }) => role === 'helper');
    const caps = this.capsOf(member);
    const dir = this.dirOf(member);
    const pieceBytes = pieceLength ?? fileBytes;
    return {
      file: join(file.fileDir, file.fileName),
      fileDir: file.fileDir,
      fileName: file.fileName,
      bytes: `${fileBytes}`,
      pieceBytes: `${pieceBytes}`,
      pieceKiB: `${Math.ceil(pieceBytes / KIB)}`,
      out: join(dir, file.fileName),
      dir,
      shared: this.#shared,
      ...this.#place('', member),
      ...this.#place('origin', origin),
      ...this.#place('helper', helper ?? origin),
      ...this.#place('previous', held[place - 1] ?? origin),
      peers: held.map((each) => this.#socketOf(each)).join(','),
      index: `${place + 1}`,
      receivers: `${receivers}`,
      ...rates('uplink', limit(caps?.uplinkBytesPerSecond)),
      ...rates('uplinkShare', Math.floor(limit(caps?.uplinkBytesPerSecond) / receivers)),
      ...rates('downlink', limit(caps?.downlinkBytesPerSecond)),
      node: process.execPath,
    } as Values;
  }

  #socketOf(member: Member): string {
    return `${this.addressOf(member)}:${this.#ports.get(member)}`;
  }

  #place(name: '' | 'origin' | 'helper' | 'previous', member: Member): Record<string, string> {
    const [address, port] = [this.addressOf(member), `${this.#ports.get(member)}`];
    return name === ''
      ? { address, port }
      : { [name]: `${address}:${port}`, [`${name}Address`]: address, [`${name}Port`]: port };
  }

  async #prepare(): Promise<void> {
    const origin = this.cast[0]!;
    const values = this.#valuesOf(origin);
    for (const command of this.#rival.prepare) {
      const [program, ...args] = [...this.wrapper(origin), ...command].map((text) =>
        fill(text, values),
      );
      const { signal } = this.init;
      const options = { signal, timeout: READY_MS, maxBuffer: MAX_OUTPUT, cwd: values.dir };
      await promisify(execFile)(program!, args, options).catch((error: unknown) => {
        signal.throwIfAborted();
        const { stderr = '' } = error as { stderr?: string };
        const words = stderr.trim().split('\n').at(-1) || describeError(error);
        throw new HubswarmError('ERR_MEASUREMENT', `preparation '${program}': ${words}`, {
          cause: error,
        });
      });
    }
  }
}

const limit = (rate: number | undefined): number =>
  rate === undefined || !Number.isFinite(rate) ? 0 : Math.round(rate);

const rates = (
  way: 'uplink' | 'uplinkShare' | 'downlink',
  bytes: number,
): Record<string, string> => ({
  [`${way}Bytes`]: `${bytes}`,
  [`${way}KiB`]: `${Math.round(bytes / KIB)}`,
  [`${way}MiB`]: `${bytes / MIB}`,
});
