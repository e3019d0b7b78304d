// The build runs this: writes the man page and the completions into the folder that it is given.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createProgram } from '../program.ts';
import { bashCompletions, fishCompletions, zshCompletions } from './completions.ts';
import { manPage } from './man-page.ts';

const FILES = {
  'man/hubswarm.1': manPage,
  'completions/hubswarm.bash': bashCompletions,
  'completions/_hubswarm': zshCompletions,
  'completions/hubswarm.fish': fishCompletions,
};

void writeManual(process.argv[2]!);

async function writeManual(place: string): Promise<void> {
  const program = await createProgram();
  for (const folder of ['man', 'completions']) mkdirSync(join(place, folder), { recursive: true });
  for (const [name, text] of Object.entries(FILES)) writeFileSync(join(place, name), text(program));
}
