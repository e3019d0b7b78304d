// Loaded into a peer by `node --require`: counts what passes its TCP sockets, and at the end of the
// process appends { bytes, writes, reads, messages } (all but reads: sent) as a line to the file
// that HUBSWARM_WIRE_COUNTS names.
const { appendFileSync } = require('node:fs');
const net = require('node:net');

/** The handshakes of multistream-select before Noise: /multistream/1.0.0 and /noise. */
const PREAMBLE_BYTES = 28;

const counts = { bytes: 0, writes: 0, reads: 0, messages: 0 };

/** Counts Noise messages in a stream of bytes: u16 length and so many bytes. */
class Messages {
  left = PREAMBLE_BYTES;
  head = [];

  take(bytes) {
    for (let at = 0; at < bytes.length; ) {
      if (this.left > 0) {
        const step = Math.min(this.left, bytes.length - at);
        this.left -= step;
        at += step;
      } else if (this.head.push(bytes[at++]) === 2) {
        this.left = 256 * this.head[0] + this.head[1];
        this.head = [];
        counts.messages++;
      }
    }
  }
}

function watch(socket) {
  const { _handle: handle } = socket;
  const messages = new Messages();
  const note = (buffers) => {
    counts.writes++;
    for (const buffer of buffers) {
      counts.bytes += buffer.length;
      messages.take(buffer);
    }
  };
  const { onread, writeBuffer, writev } = handle;
  handle.onread = function (...args) {
    counts.reads++;
    return onread.apply(this, args);
  };
  handle.writeBuffer = function (request, buffer) {
    note([buffer]);
    return writeBuffer.call(this, request, buffer);
  };
  handle.writev = function (request, chunks, allBuffers) {
    note(
      allBuffers ? chunks : chunks.filter((_, i) => i % 2 === 0).map((each) => Buffer.from(each)),
    );
    return writev.call(this, request, chunks, allBuffers);
  };
}

const { emit } = net.Socket.prototype;
net.Socket.prototype.emit = function (name, ...args) {
  if (name === 'connect') watch(this);
  return emit.call(this, name, ...args);
};
const { emit: emitServer } = net.Server.prototype;
net.Server.prototype.emit = function (name, ...args) {
  if (name === 'connection') watch(args[0]);
  return emitServer.call(this, name, ...args);
};

process.on('exit', () => {
  if (counts.bytes > 0)
    appendFileSync(process.env.HUBSWARM_WIRE_COUNTS, `${JSON.stringify(counts)}\n`);
});
