// Attacks one file's swarm: answers each peer that calls, calls each peer that it hears of, claims
// every piece on each stream, and hands the neighbours' requests to the conduct. Complete
// neighbours request nothing and are left in peace: they name the others.
import type { Connection, Stream } from '@libp2p/interface';
import type { Multiaddr } from '@multiformats/multiaddr';
import { Bitfield } from '../content/bitfield.ts';
import type { Manifest } from '../content/manifest.ts';
import { FrameDecoder } from '../exchange/wire/codec.ts';
import { EXCHANGE_PROTOCOL, MAX_ADDRESSES, type Message } from '../exchange/wire/message.ts';
import { dialGiven, type Node } from '../peer/node/node.ts';
import { FrameStream } from '../peer/node/stream.ts';
import type { Emit } from '../telemetry/event.ts';
import { CallList } from './call-list.ts';
import type { Conduct } from './conduct.ts';
import { Line } from './line.ts';

const CALL_TIMEOUT_MS = 5000;

export interface AttackInit {
  readonly node: Node;
  readonly manifest: Manifest;
  readonly conduct: Conduct;
  readonly emit: Emit;
}

export class Attack {
  readonly #node: Node;
  readonly #manifest: Manifest;
  readonly #conduct: Conduct;
  readonly #emit: Emit;
  readonly #calls: CallList;
  readonly #lines = new Set<Line>();
  readonly #over = new AbortController();

  constructor(init: AttackInit) {
    this.#node = init.node;
    this.#manifest = init.manifest;
    this.#conduct = init.conduct;
    this.#emit = init.emit;
    this.#calls = new CallList({
      self: init.node.peerId.toString(),
      isOnLine: (peer) => [...this.#lines].some(({ remote }) => remote === peer),
      call: (peer, addresses) => this.#call(peer, addresses),
    });
  }

  /** Begins with the connected peers. Must be called once. */
  async begin(): Promise<void> {
    await this.#node.handle(EXCHANGE_PROTOCOL, (stream: Stream, connection: Connection) => {
      this.#hold(new Line(new FrameStream(stream, connection.remotePeer.toString())));
    });
    // A peer that called us does not listen at that port; it names its own addresses.
    const dialled = this.#node.getConnections().filter(({ direction }) => direction === 'outbound');
    this.#calls.hear(dialled.map(({ remoteAddr }) => remoteAddr.toString()));
  }

  close(): void {
    this.#over.abort();
    this.#calls.close();
    for (const { stream } of this.#lines) stream.close('stopped');
  }

  async #call(peer: string, addresses: Multiaddr[]): Promise<void> {
    const signal = AbortSignal.any([this.#over.signal, AbortSignal.timeout(CALL_TIMEOUT_MS)]);
    // An attack is on own ground, and does not wait.
    const connection = await dialGiven(this.#node, addresses, addresses, { signal });
    const stream = await connection.newStream(EXCHANGE_PROTOCOL, { signal });
    this.#hold(new Line(new FrameStream(stream, peer)));
  }

  #hold(line: Line): void {
    const { stream } = line;
    const decoder = new FrameDecoder();
    this.#lines.add(line);
    stream.onData((chunk) => {
      for (const message of decoder.push(chunk).messages) this.#handle(line, message);
    });
    stream.onEnd((reason) => this.#leave(line, reason));
    line.say({
      type: 'hello',
      file: this.#manifest.root.bytes,
      pieceCount: this.#manifest.geometry.pieceCount,
      addresses: this.#node.getMultiaddrs().slice(0, MAX_ADDRESSES).map(String),
      bitfield: Bitfield.full(this.#manifest.geometry.pieceCount).toBytes(),
    });
  }

  #leave(line: Line, reason: string): void {
    this.#lines.delete(line);
    this.#conduct.handleLeft?.(line);
    if (line.isMet) this.#emit({ event: 'neighbour_left', ...this.#about(line), reason });
  }

  #about({ remote }: Line): { cid: string; remote: string } {
    return { cid: this.#manifest.root.toString(), remote };
  }

  #handle(line: Line, message: Message): void {
    if (message.type === 'hello') return this.#handleHello(line, message);
    if (message.type === 'peers') return this.#calls.hear(message.addresses);
    if (!line.isPrey) return;
    switch (message.type) {
      case 'interest':
        if (message.interested) line.offerGrants();
        return;
      case 'decline':
        return line.handleDeclined();
      case 'request':
        line.handleTaken();
        return this.#conduct.handleRequest(line, message.piece, this.#lengthOf(message.piece));
      case 'cancel':
        return this.#conduct.handleCancel?.(line, message.piece);
    }
  }

  #lengthOf(piece: number): number {
    return this.#manifest.geometry.length(piece);
  }

  #handleHello(line: Line, hello: Extract<Message, { type: 'hello' }>): void {
    const pieces = Bitfield.tryFrom(hello.bitfield, this.#manifest.geometry.pieceCount);
    // The peer may have called for another file.
    if (!pieces) return line.stream.close('unknown file');
    this.#calls.hear(hello.addresses);
    line.isMet = true;
    line.isPrey = !pieces.isFull;
    this.#emit({ event: 'neighbour_joined', ...this.#about(line), pieces: pieces.count });
    if (!line.isPrey) return;
    this.#conduct.handleMet?.(line);
    line.offerGrants();
  }
}
