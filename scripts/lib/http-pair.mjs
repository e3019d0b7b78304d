// A file over node:http into sha256 and a file, each end in a thread of its own, since a process
// has one event loop.
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { createServer, get } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';

/** @returns {Promise<number>} seconds */
export async function httpSeconds(path, into) {
  const server = new Worker(new URL(import.meta.url), { workerData: { path } });
  const port = await new Promise((resolve) => server.once('message', resolve));
  const startedAt = performance.now();
  await new Promise((resolve, reject) => {
    const hash = createHash('sha256');
    get({ port, host: '127.0.0.1' }, (response) => {
      response.on('data', (chunk) => hash.update(chunk));
      pipeline(response, createWriteStream(into)).then(resolve, reject);
    });
  });
  const seconds = (performance.now() - startedAt) / 1000;
  await server.terminate();
  return seconds;
}

function serve({ path }) {
  const server = createServer((_, response) => createReadStream(path).pipe(response));
  server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port));
}

if (!isMainThread) serve(workerData);
