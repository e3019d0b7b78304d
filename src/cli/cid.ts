// `hubswarm cid`: the name that a file or directory gets, without sharing it.
import { Command } from 'commander';
import { checkPieceLength } from '../content/piece-length.ts';
import type { LinkChoice } from '../disk/import/scan.ts';
import { LeftOut } from './common/left-out.ts';
import { linksOption, size } from './common/options.ts';
import { checkSource } from './common/places.ts';
import { runCommand } from './common/run.ts';

interface CidOptions {
  chunkSize?: number;
  preserve?: boolean;
  links?: LinkChoice;
  json?: boolean;
}

export function cidCommand(): Command {
  return new Command('cid')
    .description('Print the root CID of a file or directory (the one an IPFS node gives it).')
    .argument('<path>', 'file or directory')
    .option(
      '--chunk-size <size>',
      'length of a piece, 16KiB to 2MiB (default: by the total size)',
      (text) => checkPieceLength('--chunk-size', size('--chunk-size')(text)),
    )
    .addOption(linksOption())
    .option('--preserve', 'the CID that peer --share --preserve gives it, of modes and times too')
    .option('--json', 'one JSON object instead of the CID')
    .action(printCid);
}

/** As the event schema promises for transfers. */
const PROGRESS_INTERVAL_MS = 100;

async function printCid(path: string, options: CidOptions): Promise<void> {
  checkSource(path, path);
  const { importPath } = await import('../disk/import/import.ts');
  let answer = '';
  const leftOut = new LeftOut();
  await runCommand({ quiet: options.json ?? false }, async ({ emit, signal }) => {
    const started = performance.now();
    let next = started;
    const onProgress = (bytes: number, total: number): void => {
      if (!process.stderr.isTTY || (performance.now() < next && bytes < total)) return;
      next = performance.now() + PROGRESS_INTERVAL_MS;
      emit({ event: 'transfer_progressed', bytes, total, name: path });
    };
    const { manifest } = await importPath(path, {
      ...(options.chunkSize === undefined ? {} : { pieceLength: options.chunkSize }),
      preserve: options.preserve,
      links: options.links,
      onLeftOut: (left, message) => {
        leftOut.note(left, message);
        emit({ event: 'path_left_out', path: left, message });
      },
      signal,
      onProgress,
    });
    const cid = String(manifest.root);
    const { totalLength: bytes, pieceCount: pieces, maxLength: pieceLength } = manifest.geometry;
    const ms = Math.round(performance.now() - started);
    const facts = { cid, bytes, pieces, pieceLength, ms };
    const lack = leftOut.count > 0 ? { leftOut: leftOut.count } : {};
    answer = options.json ? JSON.stringify({ ...facts, ...lack }) : cid;
  });
  // Now that the progress bar has ended its line.
  process.stdout.write(`${answer}\n`);
  leftOut.check();
}
