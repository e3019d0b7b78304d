// Passes content from one session to another, in memory: node exchange.mjs [BYTES]
// The sessions decide. This program carries out what they decide, and has the clock.
import { cidBytes, createMemoryStore, importFile } from 'hubswarm/content';
import {
  createRng,
  encodeMessage,
  FrameDecoder,
  MAX_BLOCK_LENGTH,
  Session,
} from 'hubswarm/exchange';

const length = Number(process.argv[2] ?? 1_000_000);
if (!(Number.isInteger(length) && length >= 0)) {
  console.error('usage: node exchange.mjs [BYTES]');
  process.exit(2);
}
const bytes = new Uint8Array(length).map((_, at) => at);
const { manifest } = await importFile([bytes], { length: bytes.length });

class Peer {
  constructor(name, store, seed) {
    this.name = name;
    this.store = store;
    this.decoder = new FrameDecoder();
    this.session = new Session({
      file: cidBytes(manifest.cid),
      geometry: manifest.geometry,
      have: store.have,
      rng: createRng(seed),
    });
  }
}

const giver = new Peer('giver', createMemoryStore(manifest, bytes), 1);
const taker = new Peer('taker', createMemoryStore(manifest), 2);
/** What has happened, and no session knows yet: pairs of a peer and an event. */
const events = [
  [giver, { type: 'neighbour_joined', neighbour: taker.name }],
  [taker, { type: 'neighbour_joined', neighbour: giver.name }],
];
let now = 0;

while (!taker.session.isComplete) {
  const [peer, event] = events.shift() ?? nextTick();
  for (const effect of peer.session.step(now, event)) await carryOut(peer, effect);
}
console.log(`${taker.session.have.count} pieces of ${manifest.cid} after ${now} ms`);

async function carryOut(peer, effect) {
  const other = peer === giver ? taker : giver;
  switch (effect.type) {
    case 'send':
      return send(peer, other, effect.message);
    case 'upload': {
      const { piece } = effect;
      const length = manifest.geometry.length(piece);
      for (let begin = 0; begin < length; begin += MAX_BLOCK_LENGTH) {
        const block = await peer.store.read(
          piece,
          begin,
          Math.min(MAX_BLOCK_LENGTH, length - begin),
        );
        send(peer, other, { type: 'block', piece, begin, parts: [block], length: block.length });
      }
      events.push([peer, { type: 'upload_finished', neighbour: other.name, piece }]);
      return;
    }
    case 'store': {
      const { piece, parts } = effect;
      const type = (await peer.store.write(piece, parts)) ? 'piece_stored' : 'piece_refused';
      events.push([peer, { type, piece }]);
    }
  }
}

/** As bytes, like on a wire. */
function send(from, to, message) {
  for (const chunk of encodeMessage(message)) {
    for (const decoded of to.decoder.push(chunk).messages) {
      events.push([to, { type: 'message', neighbour: from.name, message: decoded }]);
    }
  }
}

/** Nothing is under way: time goes on to when a session wants to be called. */
function nextTick() {
  const peer = giver.session.wakeAt < taker.session.wakeAt ? giver : taker;
  now = Math.max(now, peer.session.wakeAt);
  return [peer, { type: 'tick' }];
}
