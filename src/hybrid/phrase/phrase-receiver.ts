// The receiver's end of a code phrase.
import { HubswarmError } from '../../runtime/errors.ts';
import { guarded } from '../../runtime/guarded.ts';
import type { Wire } from '../../swarm/wire.ts';
import { type CodePhrase, stretch } from './code-phrase.ts';
import { decodeOffer, MOST_OFFER_BYTES, type Offer } from './offer.ts';
import { decodeStatus, encodeOpening, encodeReport, type Status } from './protocol.ts';
import { CONFIRMATION_LENGTH, SHARE_LENGTH, Spake2 } from './spake2.ts';
import { WireReader } from './wire-reader.ts';

/** A sender that proved that it knows the phrase. */
export interface Met {
  readonly kind: 'met';
  readonly sender: string;
  readonly offer: Offer;
  /** Tells the sender how many bytes are verified here, or that all are. */
  report(bytes: number | 'complete'): void;
  /** Resolves when the stream has ended: the sender ends it once everything was reported. */
  readonly ended: Promise<void>;
  /** Ends the stream; the sender takes it for a break. */
  close(): void;
}

/** What came of saying the phrase to a peer. */
export type Outcome =
  | Met
  /** It has no share of that number, as it says. */
  | { readonly kind: 'unknown' }
  /** It is the sender, and others have all places at the moment. */
  | { readonly kind: 'taken' }
  /** It had a guess, and did not prove the phrase. */
  | { readonly kind: 'unproven' };

export class PhraseReceiver {
  readonly phrase: CodePhrase;
  readonly #self: string;
  readonly #password: Promise<Buffer>;

  /** @param self the PeerId of this end */
  constructor(phrase: CodePhrase, self: string) {
    this.phrase = phrase;
    this.#self = self;
    this.#password = stretch(phrase);
  }

  /**
   * Says the phrase to the peer at the other end of a stream of PHRASE_PROTOCOL. Call it as soon as
   * the stream is there.
   *
   * @throws HubswarmError ERR_MANIFEST when the sender makes no sense, ERR_REMOTE when a peer ends the
   * stream, or makes no sense, before it had a guess; the signal's reason
   */
  async meet(wire: Wire, signal: AbortSignal): Promise<Outcome> {
    const stop = guarded('hanging up', () => wire.abort('no answer in time'));
    signal.addEventListener('abort', stop);
    const reader = new WireReader(wire);
    try {
      const outcome = await this.#meet(wire, reader);
      if (outcome.kind !== 'met') wire.close();
      return outcome;
    } catch (error) {
      wire.abort('made no sense');
      signal.throwIfAborted();
      throw error;
    } finally {
      signal.removeEventListener('abort', stop);
    }
  }

  async #meet(wire: Wire, reader: WireReader): Promise<Outcome> {
    const spake = new Spake2({
      side: 'a',
      identities: { a: Buffer.from(this.#self), b: Buffer.from(wire.remote) },
      password: await this.#password,
    });
    wire.send(encodeOpening(this.phrase.number, spake.share));
    const known = await readStatus(reader);
    if (known !== 'ok') return { kind: 'unknown' };
    const agreement = spake.agree(await reader.read(SHARE_LENGTH));
    if (!agreement) throw new HubswarmError('ERR_REMOTE', 'no point of the curve');
    wire.send([agreement.confirmation]);
    // From here on the peer has what it can check one guess against.
    const judged = await readProof(reader).catch(() => undefined);
    if (!judged || !agreement.confirms(judged.confirmation)) return { kind: 'unproven' };
    if (judged.status === 'taken') return { kind: 'taken' };
    const length = (await reader.read(2)).readUInt16BE();
    if (length > MOST_OFFER_BYTES) throw new HubswarmError('ERR_MANIFEST', 'too long an offer');
    const offer = decodeOffer(await reader.read(length));
    return {
      kind: 'met',
      sender: wire.remote,
      offer,
      report: (bytes) => wire.send([encodeReport(bytes)]),
      ended: new Promise((resolve) => wire.onEnd(() => resolve())),
      close: () => wire.close(),
    };
  }
}

async function readStatus(reader: WireReader): Promise<Status> {
  const status = decodeStatus(await reader.read(1));
  if (status === undefined) throw new HubswarmError('ERR_REMOTE', 'an unknown status');
  return status;
}

async function readProof(
  reader: WireReader,
): Promise<{ status: Status; confirmation: Uint8Array } | undefined> {
  const status = await readStatus(reader);
  if (status !== 'ok' && status !== 'taken') return undefined;
  return { status, confirmation: await reader.read(CONFIRMATION_LENGTH) };
}
