// Loaded into a peer by `node --require`: counts what its TCP sockets carry, and keeps the counts in
// a file of its own in the directory that HUBSWARM_WIRE_COUNTS names (see wire-counts.mjs):
//   bytes, writes, messages (of Noise)   sent
//   reads                                of sockets
//   frames    of yamux, sent: data, window, ping, goaway
//   streams   data frames sent, by the protocol of their stream
//   exchange  messages of the exchange sent, by type
// What a peer receives is what others send. Keys are those that its own HKDF derives.
const { renameSync, writeFileSync } = require('node:fs');
const crypto = require('node:crypto');
const { syncBuiltinESMExports } = require('node:module');
const net = require('node:net');
const { join } = require('node:path');

/** The handshakes of multistream-select before Noise: /multistream/1.0.0 and /noise. */
const PREAMBLE_BYTES = 28;
const TAG_LENGTH = 16;
const KEY_LENGTH = 32;
/** Outputs of HKDF that are remembered: a handshake makes some twenty. */
const MOST_KEYS = 4096;
const YAMUX_HEADER = 12;
const FRAMES = ['data', 'window', 'ping', 'goaway'];
const EXCHANGE = /^\/hubswarm\/exchange\/1\./;
const TYPES = 'hello have interest grant request decline revoke block cancel peers withdraw'.split(
  ' ',
);

const counts = {
  bytes: 0,
  writes: 0,
  reads: 0,
  messages: 0,
  frames: {},
  streams: {},
  exchange: {},
};
const count = (of, name) => {
  of[name] = (of[name] ?? 0) + 1;
};

/** What may be a key of a connection's transport phase. */
const keys = new Set();
const { createHmac } = crypto;
crypto.createHmac = (...args) => {
  const hmac = createHmac(...args);
  const { digest } = hmac;
  hmac.digest = (...encoding) => {
    const output = digest.apply(hmac, encoding);
    if (output.length === KEY_LENGTH && keys.size < MOST_KEYS) keys.add(output);
    return output;
  };
  return hmac;
};
syncBuiltinESMExports();

/** Cuts a stream of bytes into items: `lengthOf` tells an item's length once its head is there. */
class Cutter {
  #rest = Buffer.alloc(0);
  #lengthOf;
  #take;

  constructor(lengthOf, take) {
    this.#lengthOf = lengthOf;
    this.#take = take;
  }

  push(bytes) {
    let rest = this.#rest.length > 0 ? Buffer.concat([this.#rest, bytes]) : bytes;
    for (;;) {
      const length = this.#lengthOf(rest);
      if (length === undefined || rest.length < length) break;
      this.#take(rest.subarray(0, length));
      rest = rest.subarray(length);
    }
    this.#rest = Buffer.from(rest);
  }
}

/** What is sent on one stream: the names of multistream-select, then what the last one says. */
class Stream {
  #protocol;
  #items = new Cutter(
    (bytes) => this.#lengthOf(bytes),
    (item) => this.#note(item),
  );

  push(payload) {
    this.#items.push(payload);
    count(counts.streams, this.#protocol ?? 'multistream');
  }

  /** Of a protocol other than the exchange nothing is cut. */
  #lengthOf(bytes) {
    if (this.#protocol === undefined) return bytes.length > 0 ? 1 + bytes[0] : undefined;
    if (!EXCHANGE.test(this.#protocol)) return bytes.length || undefined;
    return bytes.length >= 5 ? 4 + bytes.readUInt32BE() : undefined;
  }

  #note(item) {
    if (this.#protocol === undefined) {
      const name = item.toString('utf8', 1).trim();
      if (name.startsWith('/') && !name.startsWith('/multistream')) this.#protocol = name;
    } else if (EXCHANGE.test(this.#protocol)) {
      const type = TYPES[item[4]];
      count(counts.exchange, type === 'interest' && item[5] === 0 ? 'no interest' : type);
    }
  }
}

/** What is sent on one connection. */
class Sent {
  #preamble = PREAMBLE_BYTES;
  #key;
  #nonce = Buffer.alloc(12);
  #streams = new Map();
  #records = new Cutter(
    (bytes) => (bytes.length >= 2 ? 2 + bytes.readUInt16BE() : undefined),
    (record) => this.#noteRecord(record.subarray(2)),
  );
  #frames = new Cutter(
    (bytes) => {
      if (bytes.length < YAMUX_HEADER) return undefined;
      return YAMUX_HEADER + (bytes[1] === 0 ? bytes.readUInt32BE(8) : 0);
    },
    (frame) => this.#noteFrame(frame),
  );

  push(bytes) {
    const skipped = Math.min(this.#preamble, bytes.length);
    this.#preamble -= skipped;
    this.#records.push(bytes.subarray(skipped));
  }

  #noteRecord(record) {
    counts.messages++;
    const plain = this.#key ? open(this.#key, this.#nonce, record) : this.#findKey(record);
    if (!plain) return;
    this.#nonce.writeUInt32LE(this.#nonce.readUInt32LE(4) + 1, 4);
    this.#frames.push(plain);
  }

  #findKey(record) {
    for (const key of keys) {
      const plain = open(key, this.#nonce, record);
      if (!plain) continue;
      keys.delete(key);
      this.#key = key;
      return plain;
    }
    return undefined;
  }

  #noteFrame(frame) {
    count(counts.frames, FRAMES[frame[1]]);
    if (frame[1] !== 0) return;
    const id = frame.readUInt32BE(4);
    if (!this.#streams.has(id)) this.#streams.set(id, new Stream());
    this.#streams.get(id).push(frame.subarray(YAMUX_HEADER));
  }
}

/** Undefined if that is not the key. */
function open(key, nonce, record) {
  if (record.length < TAG_LENGTH) return undefined;
  const options = { authTagLength: TAG_LENGTH };
  const decipher = crypto.createDecipheriv('chacha20-poly1305', key, nonce, options);
  decipher.setAuthTag(record.subarray(-TAG_LENGTH));
  const plain = decipher.update(record.subarray(0, -TAG_LENGTH));
  try {
    decipher.final();
    return plain;
  } catch {
    return undefined;
  }
}

function watch(socket) {
  const { _handle: handle } = socket;
  const sent = new Sent();
  const note = (buffers) => {
    counts.writes++;
    for (const buffer of buffers) {
      counts.bytes += buffer.length;
      sent.push(buffer);
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

/** A peer of an experiment may end by SIGKILL, so that it has no last moment. */
const KEEP_MS = 100;
const file = join(process.env.HUBSWARM_WIRE_COUNTS, `${process.pid}`);
let kept = 0;
function keep() {
  if (counts.messages === kept) return;
  kept = counts.messages;
  writeFileSync(`${file}.new`, JSON.stringify(counts));
  renameSync(`${file}.new`, `${file}.json`);
}
setInterval(keep, KEEP_MS).unref();
process.on('exit', keep);
