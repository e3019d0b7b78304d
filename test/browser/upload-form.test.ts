// The form of a directory's page, as Chromium sends it: files are chosen by its debugging protocol,
// since the page lets no script run.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startHub } from '../server/hub.ts';
import { needs } from '../support/needs.ts';

/** As far as it is read here. */
interface Result {
  readonly targetId?: string;
  readonly sessionId?: string;
  readonly root?: { readonly nodeId: number };
  readonly nodeId?: number;
  readonly result?: { readonly value: unknown };
}

interface Reply {
  readonly id?: number;
  /** Of an event. */
  readonly method?: string;
  readonly result: Result;
}

/** A page of Chromium without a window; killed at the end of the test. */
class Page {
  readonly #out: Writable;
  readonly #waiting = new Map<number | string, (reply: Reply) => void>();
  #session: string | undefined;
  #last = 0;

  private constructor(chromium: ChildProcess) {
    this.#out = chromium.stdio[3] as Writable;
    let text = '';
    (chromium.stdio[4] as Readable).on('data', (chunk) => {
      text += chunk;
      const messages = text.split('\0');
      text = messages.pop()!;
      for (const message of messages) this.#take(JSON.parse(message));
    });
  }

  static async open(): Promise<Page> {
    const profile = await mkdtemp(join(tmpdir(), 'hubswarm-chromium-'));
    const flags = ['--headless', '--no-sandbox', '--disable-gpu', `--user-data-dir=${profile}`];
    const chromium = spawn('chromium', [...flags, '--remote-debugging-pipe'], {
      stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'],
      detached: true,
    });
    onTestFinished(async () => {
      // Its helpers are of its process group.
      const ended = once(chromium, 'exit');
      process.kill(-chromium.pid!, 'SIGKILL');
      await ended;
      await rm(profile, { recursive: true, force: true, maxRetries: 5 });
    });
    const page = new Page(chromium);
    const { targetId } = await page.ask('Target.createTarget', { url: 'about:blank' });
    const attached = await page.ask('Target.attachToTarget', { targetId, flatten: true });
    page.#session = attached.sessionId;
    await page.ask('Page.enable');
    return page;
  }

  ask(method: string, params: object = {}): Promise<Result> {
    const id = ++this.#last;
    const sessionId = this.#session && { sessionId: this.#session };
    this.#out.write(`${JSON.stringify({ id, method, params, ...sessionId })}\0`);
    return new Promise((resolve) => this.#waiting.set(id, ({ result }) => resolve(result)));
  }

  /** The next event of that name. */
  until(event: string): Promise<Reply> {
    return new Promise((resolve) => this.#waiting.set(event, resolve));
  }

  #take(reply: Reply): void {
    const key = reply.id ?? reply.method!;
    this.#waiting.get(key)?.(reply);
    this.#waiting.delete(key);
  }
}

describe('the form of a directory', needs('chromium'), () => {
  it('stores the files that a person chooses, under their names', async () => {
    const hub = await startHub({ writable: true });
    const chosen = await mkdtemp(join(tmpdir(), 'hubswarm-test-'));
    onTestFinished(() => rm(chosen, { recursive: true, force: true }));
    const names = ['a "quoted" name', 'é ü', '100%22 & more.txt'];
    for (const name of names) await writeFile(join(chosen, name), `in ${name}`);
    const page = await Page.open();
    const loaded = page.until('Page.loadEventFired');
    await page.ask('Page.navigate', { url: `http://127.0.0.1:${hub.port}/files/` });
    await loaded;
    const { root } = await page.ask('DOM.getDocument');
    const { nodeId } = await page.ask('DOM.querySelector', {
      nodeId: root!.nodeId,
      selector: 'input[type=file]',
    });
    const files = names.map((name) => join(chosen, name));
    await page.ask('DOM.setFileInputFiles', { nodeId, files });
    const shown = page.until('Page.loadEventFired');
    const expression = "document.querySelector('input[type=file]').form.requestSubmit()";
    await page.ask('Runtime.evaluate', { expression });
    await shown;
    // `100%22` and `100"` look the same in a form.
    const stored = ['100" & more.txt', 'a "quoted" name', 'é ü'];
    expect((await readdir(hub.root)).filter((name) => !name.startsWith('.')).sort()).toEqual(
      stored.sort(),
    );
    expect(await readFile(join(hub.root, 'é ü'), 'utf8')).toBe('in é ü');
    const listed = "[...document.querySelectorAll('tbody a')].length";
    const { result } = await page.ask('Runtime.evaluate', { expression: listed });
    expect(result?.value).toBe(3);
  });
});
