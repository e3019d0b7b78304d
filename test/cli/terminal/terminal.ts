// What a person sees: a terminal of so many columns, with all that was printed on it.
import { Terminal } from '@xterm/headless';

export class SeenTerminal {
  readonly isTTY = true;
  readonly columns: number;
  #text = '';

  constructor(columns: number) {
    this.columns = columns;
  }

  write(text: string): void {
    // As a tty driver: a new line begins at its left.
    this.#text += text.replaceAll('\n', '\r\n');
  }

  /** Every line that is not empty, those scrolled away too. */
  async lines(): Promise<string[]> {
    const options = { cols: this.columns, rows: 6, scrollback: 1000, allowProposedApi: true };
    const terminal = new Terminal(options);
    await new Promise<void>((resolve) => terminal.write(this.#text, resolve));
    const { active } = terminal.buffer;
    const lines = Array.from({ length: active.length }, (_, i) =>
      (active.getLine(i)?.translateToString(true) ?? '').trimEnd(),
    );
    terminal.dispose();
    return lines.filter((line) => line !== '');
  }
}
