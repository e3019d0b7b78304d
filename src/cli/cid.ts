// `hubswarm cid`: the name that a file or directory gets, without sharing it.
import { Command } from 'commander';
import { checkPieceLength } from '../content/piece-length.ts';
import { size } from './options.ts';
import { runCommand } from './run.ts';

interface CidOptions {
  chunkSize?: number;
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
    .option('--json', 'one JSON object instead of the CID')
    .action(printCid);
}

/** As the event schema promises for transfers. */
const PROGRESS_INTERVAL_MS = 100;

async function printCid(path: string, options: CidOptions): Promise<void> {
  const { importPath } = await import('../content/import.ts');
  const started = performance.now();
  const { chunkSize: pieceLength, json = false } = options;
  let cid = '';
  let geometry = { totalLength: 0, pieceCount: 0, maxLength: 0 };
  await runCommand({ quiet: json }, async ({ emit, signal }) => {
    let next = started;
    const onProgress = (bytes: number, total: number): void => {
      if (!process.stderr.isTTY || (performance.now() < next && bytes < total)) return;
      next = performance.now() + PROGRESS_INTERVAL_MS;
      emit({ event: 'transfer_progressed', bytes, total, name: path });
    };
    const chosen = pieceLength === undefined ? {} : { pieceLength };
    const { manifest } = await importPath(path, { ...chosen, signal, onProgress });
    cid = String(manifest.root);
    geometry = manifest.geometry;
  });
  // After the command, which takes the progress bar's line with it.
  const { totalLength: bytes, pieceCount: pieces, maxLength } = geometry;
  const ms = Math.round(performance.now() - started);
  const summary = { cid, bytes, pieces, pieceLength: maxLength, ms };
  process.stdout.write(`${json ? JSON.stringify(summary) : cid}\n`);
}
