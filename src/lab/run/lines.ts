// Lines of a program's output. A program may be anybody's: a line that never ends must not
// fill the lab's memory.
import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';

/** Characters of a line that are kept: more than the longest event of the binary under test. */
const MAX_LINE = 2 ** 20;

/** Calls back with each line, without its end; what exceeds the limit is dropped. */
export function onLines(stream: Readable, take: (line: string) => void, limit = MAX_LINE): void {
  const decoder = new StringDecoder('utf8');
  let line = '';
  const read = (text: string): void => {
    const [first = '', ...others] = text.split('\n');
    line += first.slice(0, limit - line.length);
    for (const next of others) {
      take(line.endsWith('\r') ? line.slice(0, -1) : line);
      line = next.slice(0, limit);
    }
  };
  stream.on('data', (chunk: Buffer) => read(decoder.write(chunk)));
  stream.on('end', () => {
    read(decoder.end());
    if (line !== '') take(line);
  });
}
