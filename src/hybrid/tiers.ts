// What a hub's peer answers for: what anybody may have, and what is given to those that the hub has
// admitted. To all others the second is not there.
import type { CID } from 'multiformats/cid';
import type { LossReason } from '../content/store.ts';
import type { FileEntry } from '../hub/catalogue/catalogue.ts';
import type { Content, OtherContent } from '../peer/on-demand.ts';
import type { Segments } from '../root/root.ts';
import type { HubContent } from './hub-content.ts';

export class Tiers implements OtherContent {
  readonly mostSwarms: number;
  readonly #open: HubContent;
  readonly #guarded: HubContent;
  readonly #admits: (digest: Uint8Array, peer: string) => boolean;

  constructor(
    open: HubContent,
    guarded: HubContent,
    admits: (digest: Uint8Array, peer: string) => boolean,
  ) {
    this.mostSwarms = open.mostSwarms;
    this.#open = open;
    this.#guarded = guarded;
    this.#admits = admits;
  }

  has(digest: Uint8Array): boolean {
    return this.#open.has(digest) || this.#guarded.has(digest);
  }

  find(cid: CID): Content | undefined {
    return this.#open.find(cid) ?? this.#guarded.find(cid);
  }

  isGuarded(digest: Uint8Array): boolean {
    return !this.#open.has(digest) && this.#guarded.has(digest);
  }

  opensTo(digest: Uint8Array, peer: string): boolean {
    return !this.isGuarded(digest) || this.#admits(digest, peer);
  }

  set(entry: FileEntry): void {
    this.#open.set(entry);
    this.#guarded.set(entry);
  }

  remove(segments: Segments, reason: LossReason): void {
    this.#open.remove(segments, reason);
    this.#guarded.remove(segments, reason);
  }
}
