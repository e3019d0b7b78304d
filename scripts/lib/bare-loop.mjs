// What a wire costs at least: a file over a socket in frames of 64 KiB behind their length, each
// encrypted with ChaCha20-Poly1305, verified with sha256 and written. No layers, no protocol.
// Each end is a process, and tells its CPU time when it is done.

import { execFile, spawn } from 'node:child_process';
import { createCipheriv, createDecipheriv, createHash } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { promisify } from 'node:util';

const FRAME = 65_536;
const TAG = 16;
const KEY = Buffer.alloc(32, 1);
const OPTIONS = { authTagLength: TAG };

/** @returns {Promise<number>} CPU time of both ends, milliseconds */
export async function bareLoopMs(path, into) {
  const command = [import.meta.filename, 'send', path];
  const sender = spawn(process.execPath, command, { stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  sender.stdout.on('data', (chunk) => {
    said += chunk;
  });
  while (!said.includes('\n')) await once(sender.stdout, 'data');
  const ended = once(sender, 'close');
  const [port] = said.split('\n');
  const args = [import.meta.filename, 'receive', port, into];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  await ended;
  return JSON.parse(said.split('\n')[1]).cpuMs + JSON.parse(stdout).cpuMs;
}

const nonce = Buffer.alloc(12);
const next = () => {
  nonce.writeBigUInt64LE(nonce.readBigUInt64LE(4) + 1n, 4);
  return nonce;
};
const tell = () => {
  const { user, system } = process.cpuUsage();
  process.stdout.write(`${JSON.stringify({ cpuMs: (user + system) / 1000 })}\n`);
};

function send(path) {
  const file = openSync(path, 'r');
  const plain = Buffer.allocUnsafe(FRAME);
  const server = createServer({ noDelay: true }, async (socket) => {
    for (;;) {
      const length = readSync(file, plain, 0, FRAME, null);
      if (length === 0) break;
      const cipher = createCipheriv('chacha20-poly1305', KEY, next(), OPTIONS);
      const head = Buffer.allocUnsafe(4);
      head.writeUInt32BE(length + TAG);
      const body = cipher.update(plain.subarray(0, length));
      cipher.final();
      socket.cork();
      socket.write(head);
      socket.write(body);
      const isFull = !socket.write(cipher.getAuthTag());
      socket.uncork();
      if (isFull) await new Promise((resolve) => socket.once('drain', resolve));
    }
    socket.end();
    socket.once('close', () => {
      closeSync(file);
      server.close();
      tell();
    });
  });
  server.listen(0, '127.0.0.1', () => process.stdout.write(`${server.address().port}\n`));
}

function receive(port, path) {
  const file = openSync(path, 'w');
  const hash = createHash('sha256');
  const frame = Buffer.allocUnsafe(4 + FRAME + TAG);
  let filled = 0;
  const onread = {
    buffer: Buffer.allocUnsafe(4 * FRAME),
    callback(length, buffer) {
      for (let at = 0; at < length; ) {
        const wanted = filled < 4 ? 4 : 4 + frame.readUInt32BE(0);
        const taken = Math.min(wanted - filled, length - at);
        buffer.copy(frame, filled, at, at + taken);
        filled += taken;
        at += taken;
        if (filled < 4 || filled < 4 + frame.readUInt32BE(0)) continue;
        const end = filled - TAG;
        const decipher = createDecipheriv('chacha20-poly1305', KEY, next(), OPTIONS);
        decipher.setAuthTag(frame.subarray(end, filled));
        const plain = decipher.update(frame.subarray(4, end));
        decipher.final();
        hash.update(plain);
        writeSync(file, plain);
        filled = 0;
      }
      return true;
    },
  };
  connect({ port, host: '127.0.0.1', onread }).once('close', () => {
    closeSync(file);
    hash.digest();
    tell();
  });
}

if (process.argv[1] === import.meta.filename) {
  const [, , role, first, second] = process.argv;
  if (role === 'send') send(first);
  else receive(Number(first), second);
}
