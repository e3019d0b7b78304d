// Where a watcher is in a hub's line of events: ids are `<epoch>-<n>`. What was told
// once is not told again when a connection is taken up a little before its place.

const ID = /^(.+)-(\d{1,15})$/;

export class WatchPlace {
  #id: string | undefined;

  constructor(id: string | undefined) {
    this.#id = id;
  }

  get id(): string | undefined {
    return this.#id;
  }

  /** An event without an id is always news. */
  isNews(id: string | undefined): boolean {
    const [, epoch, n] = ID.exec(id ?? '') ?? [];
    const [, hereEpoch, here] = ID.exec(this.#id ?? '') ?? [];
    return epoch === undefined || epoch !== hereEpoch || Number(n) > Number(here);
  }

  /** The hub begins anew, perhaps with lower numbers. */
  resetTo(id: string | undefined): void {
    this.#id = id;
  }

  moveTo(id: string): void {
    if (this.isNews(id)) this.#id = id;
  }
}
