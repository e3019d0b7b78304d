// Parses a text/event-stream (SSE; https://html.spec.whatwg.org/ section 9.2.6): bytes go in,
// blocks come out. A block with an id and no data is no event, but moves the place. Returns a
// violation's text; never throws.
import { MAX_EVENT_BYTES } from './hub-event.ts';

export interface Block {
  /** The last id at the end of the block. */
  readonly id: string | undefined;
  /** Undefined if the block only moves the place. */
  readonly data: string | undefined;
}

export class EventStreamParser {
  readonly #decoder = new TextDecoder();
  #line = '';
  #id: string | undefined;
  #data: string[] = [];
  #dataLength = 0;
  #sawId = false;
  /** Whether the last line ended in CR: a following LF belongs to it. */
  #afterReturn = false;

  parse(bytes: Uint8Array): Block[] | string {
    let text = this.#decoder.decode(bytes, { stream: true });
    if (this.#afterReturn && text.startsWith('\n')) text = text.slice(1);
    if (text !== '') this.#afterReturn = text.endsWith('\r');
    const lines = text.split(/\r\n|\r|\n/);
    const blocks: Block[] = [];
    for (const [i, line] of lines.entries()) {
      this.#line += line;
      if (this.#line.length + this.#dataLength > MAX_EVENT_BYTES) return 'told an endless event';
      if (i === lines.length - 1) break;
      const block = this.#endLine();
      this.#line = '';
      if (block) blocks.push(block);
    }
    return blocks;
  }

  #endLine(): Block | undefined {
    if (this.#line === '') return this.#endBlock();
    const [, field = '', value = ''] = /^([^:]*)(?::[ ]?(.*))?$/s.exec(this.#line) ?? [];
    if (field === 'data') {
      this.#data.push(value);
      // An empty line costs memory, too.
      this.#dataLength += value.length + 1;
    } else if (field === 'id' && !value.includes('\0')) {
      this.#id = value;
      this.#sawId = true;
    }
    return undefined;
  }

  #endBlock(): Block | undefined {
    const data = this.#data.length > 0 ? this.#data.join('\n') : undefined;
    const tells = data !== undefined || this.#sawId;
    this.#data = [];
    this.#dataLength = 0;
    this.#sawId = false;
    return tells ? { id: this.#id, data } : undefined;
  }
}
