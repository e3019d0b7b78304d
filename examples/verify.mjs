// Tells whether a file is the one that a CID names: node verify.mjs FILE CID [PIECE_LENGTH]
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { importFile } from 'hubswarm/content';

const [file, cid, pieceLength] = process.argv.slice(2);
const { size } = await stat(file);
const { manifest } = await importFile(createReadStream(file), {
  length: size,
  // Other pieces give another CID. Without a length they are cut as `hubswarm cid` does.
  ...(pieceLength && { pieceLength: Number(pieceLength) }),
});
if (manifest.cid === cid) {
  console.log(`${file} is ${cid}`);
} else {
  console.log(`${file} is ${manifest.cid}`);
  process.exitCode = 1;
}
