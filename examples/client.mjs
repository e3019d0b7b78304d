// Sends a file to a hub, lists what is there, and fetches the file again, verified:
// hubswarm server --root DIR --writable, then node client.mjs http://127.0.0.1:8080/ FILE OUT
import { get, list, put } from 'hubswarm/client';

const [hub, file, output] = process.argv.slice(2);
if (output === undefined) {
  console.error('usage: node client.mjs HUB FILE OUT');
  process.exit(2);
}
try {
  const files = new URL('files/', hub);
  const stored = await put(file, files);
  for (const { name, size } of (await list(files)).entries) console.log(`${name} ${size ?? ''}`);
  const { path, bytes, cid } = await get(stored.url, { output });
  console.log(`${path}: ${bytes} bytes of ${cid}`);
} catch (error) {
  // What is wrong is in one line; `error.code` says it to programs.
  console.error(error.message);
  process.exitCode = 1;
}
