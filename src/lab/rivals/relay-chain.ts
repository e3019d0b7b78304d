// The cheapest possible forwarder: each receiver takes the file from the one before it and
// writes it to the next while it comes. No encryption, no verification, no choice of anything;
// whoever dies takes all those behind it along. What a distribution costs at least.
import type { RivalText } from '../terms/rival.ts';

const SCRIPT = `
import { closeSync, createReadStream, openSync, writeSync } from 'node:fs';
import { connect, createServer } from 'node:net';

const [, , from, bytes, out, address, port, rate] = process.argv;
const chunks = [];
let wake = () => {};
let ended = false;

function take(source, then) {
  source.on('data', (chunk) => {
    then?.(chunk);
    chunks.push(chunk);
    wake();
  });
  source.on('end', () => {
    ended = true;
    wake();
  });
}

/** To the next one, from the first byte on; memory holds what it lacks. */
async function forward(socket) {
  socket.on('error', () => socket.destroy());
  const startedAt = performance.now();
  for (let sent = 0; ; ) {
    if (chunks.length === 0) {
      if (ended) return socket.end();
      await new Promise((resolve) => (wake = resolve));
      continue;
    }
    const chunk = chunks.shift();
    sent += chunk.length;
    if (Number(rate) > 0) {
      const waitMs = startedAt + (sent / Number(rate)) * 1000 - performance.now();
      if (waitMs > 1) await new Promise((resolve) => setTimeout(resolve, waitMs));
    }
    if (!socket.write(chunk)) await new Promise((resolve) => socket.once('drain', resolve));
  }
}

createServer({ noDelay: true }, forward).listen(Number(port), address);
if (out === '-') take(createReadStream(from, { highWaterMark: 65536 }));
else call();

function call() {
  const [host, at] = from.split(':');
  const socket = connect({ host, port: Number(at) });
  socket.once('error', () => setTimeout(call, 10));
  socket.once('connect', () => {
    socket.removeAllListeners('error');
    socket.on('error', (error) => {
      console.error(error.message);
      process.exit(1);
    });
    const file = openSync(out, 'w');
    let written = 0;
    take(socket, (chunk) => {
      writeSync(file, chunk);
      written += chunk.length;
    });
    socket.on('end', () => {
      closeSync(file);
      console.log(written === Number(bytes) ? 'complete' : 'cut off');
    });
  });
}
`;

const FILES = { 'relay.mjs': SCRIPT };

export const RELAY_CHAIN: RivalText = {
  id: 'relay-chain',
  text: 'relay chain',
  note: 'Each receiver forwards to the next while it writes: neither encryption nor verification, and none survives one before it.',
  receiversServe: true,
  origin: {
    files: FILES,
    command: [
      '{node}',
      '{dir}/relay.mjs',
      '{file}',
      '{bytes}',
      '-',
      '{address}',
      '{port}',
      '{uplinkBytes}',
    ],
    ready: 'port',
  },
  receiver: {
    files: FILES,
    command: [
      '{node}',
      '{dir}/relay.mjs',
      '{previous}',
      '{bytes}',
      '{out}',
      '{address}',
      '{port}',
      '{uplinkBytes}',
    ],
    done: { line: '^complete$' },
  },
};
