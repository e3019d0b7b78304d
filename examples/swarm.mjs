// Downloads content over wires in memory, from two peers at once: node swarm.mjs [BYTES]
// A wire of yours may be a WebSocket, a data channel of WebRTC, a pipe.
import { createMemoryStore, importFile } from 'hubswarm/content';
import { Swarms } from 'hubswarm/swarm';

/** One end of a stream. What one end sends, the other reads in order. */
class MemoryWire {
  congested = false;
  #other;
  #ended;
  #unread = [];
  #read = (chunk) => this.#unread.push(chunk);
  #onEnd = [];

  constructor(remote) {
    this.remote = remote;
  }

  static pair(one, other) {
    const ends = [new MemoryWire(other), new MemoryWire(one)];
    [ends[0].#other, ends[1].#other] = [ends[1], ends[0]];
    return ends;
  }

  onData(handler) {
    this.#read = handler;
    this.#unread.splice(0).forEach(handler);
  }

  onEnd(handler) {
    this.#onEnd.push(handler);
  }

  send(parts) {
    // A copy: its memory is used again once `drained` resolves.
    const chunks = parts.map((part) => part.slice());
    queueMicrotask(() => {
      for (const chunk of chunks) if (!this.#other.#ended) this.#other.#read(chunk);
    });
  }

  async drained() {}

  close(reason = 'closed') {
    queueMicrotask(() => {
      this.#end(reason);
      this.#other.#end('closed');
    });
  }

  abort(reason) {
    this.#end(reason);
    this.#other.#end('reset');
  }

  #end(reason) {
    if (this.#ended) return;
    this.#ended = true;
    for (const tell of this.#onEnd) tell(reason);
  }
}

const peers = new Map();

function startPeer(name) {
  const call = async (peer) => {
    const [mine, theirs] = MemoryWire.pair(name, peer);
    peers.get(peer).answer(theirs);
    return mine;
  };
  const swarms = new Swarms({ network: { self: name, call } });
  peers.set(name, swarms);
  return swarms;
}

const length = Number(process.argv[2] ?? 4_000_000);
if (!(Number.isInteger(length) && length >= 0)) {
  console.error('usage: node swarm.mjs [BYTES]');
  process.exit(2);
}
const bytes = new Uint8Array(length).map((_, at) => at);
const { manifest } = await importFile([bytes], { length: bytes.length });
startPeer('one').share(manifest, createMemoryStore(manifest, bytes));
startPeer('two').share(manifest, createMemoryStore(manifest, bytes));

const store = createMemoryStore(manifest);
await startPeer('receiver').download(manifest, store, {
  peers: [
    { peer: 'one', addresses: [] },
    { peer: 'two', addresses: [] },
  ],
  timeoutMs: 10_000,
});
for (const swarms of peers.values()) swarms.close();
console.log(`${store.bytes.length} bytes of ${manifest.cid}`);
