// Tells whether a file is the one that a CID names: node verify.mjs FILE CID [PIECE_LENGTH]
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { cidBytes, importFile } from 'hubswarm/content';

const [file, cid, pieceLength] = process.argv.slice(2);
if (cid === undefined) {
  console.error('usage: node verify.mjs FILE CID [PIECE_LENGTH]');
  process.exit(2);
}
try {
  // One CID may be written in several ways: compare the bytes.
  const wanted = Buffer.from(cidBytes(cid));
  const { size } = await stat(file);
  const { manifest } = await importFile(createReadStream(file), {
    length: size,
    // Other pieces give another CID. Without a length they are cut as `hubswarm cid` does.
    ...(pieceLength && { pieceLength: Number(pieceLength) }),
  });
  if (wanted.equals(cidBytes(manifest.cid))) {
    console.log(`${file} is ${cid}`);
  } else {
    console.error(`${file} is not ${cid}: it is ${manifest.cid}`);
    process.exitCode = 1;
  }
} catch (error) {
  console.error(`${error.code}: ${error.message}`);
  process.exitCode = 1;
}
