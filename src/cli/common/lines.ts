// The lines of standard input, for all who read from it: the word that ends --hold,
// and commands after that. Nothing is read before the first line is asked for, so a
// command without these options leaves its input alone.

/** What a longer line is cut to: no command is nearly as long. */
const MAX_LINE_LENGTH = 1000;

/** Lines without their ends; the last may lack one. A failing input ends like one that is over. */
export async function* readLines(input: AsyncIterable<Uint8Array>): AsyncGenerator<string, void> {
  const decoder = new TextDecoder();
  let line = '';
  try {
    for await (const chunk of input) {
      const [first = '', ...more] = decoder.decode(chunk, { stream: true }).split('\n');
      line = cut(line + first);
      for (const part of more) {
        yield line;
        line = cut(part);
      }
    }
  } catch {
    // A terminal that hung up, a directory: there is nothing more to come.
  }
  if (line !== '') yield line;
}

const cut = (line: string): string => line.slice(0, MAX_LINE_LENGTH);
