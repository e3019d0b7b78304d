// A relay of js-libp2p as it comes, as a process: node stock-relay.mjs IP. Prints the event `listening`.

// js-libp2p needs it, and Node.js 20 lacks it.
Promise.withResolvers ??= () => {
  const made = {};
  made.promise = new Promise((resolve, reject) => Object.assign(made, { resolve, reject }));
  return made;
};

const { noise } = await import('@chainsafe/libp2p-noise');
const { circuitRelayServer } = await import('@libp2p/circuit-relay-v2');
const { identify } = await import('@libp2p/identify');
const { tcp } = await import('@libp2p/tcp');
const { yamux } = await import('@libp2p/yamux');
const { createLibp2p } = await import('libp2p');

const listen = `/ip4/${process.argv[2]}/tcp/4001`;
const node = await createLibp2p({
  addresses: { listen: [listen] },
  transports: [tcp()],
  connectionEncrypters: [noise()],
  streamMuxers: [yamux()],
  services: { identify: identify(), relay: circuitRelayServer() },
});
const peerId = `${node.peerId}`;
// It names no public address itself until another peer has proved it.
const addresses = [`${listen}/p2p/${peerId}`];
const event = { t: Date.now(), event: 'listening', role: 'peer', addresses, peerId };
process.stdout.write(`${JSON.stringify(event)}\n`);
