// A watcher's place in the hub's notifications; ids are `<epoch>-<n>`. A connection may begin a
// little before the place: what was told once is not told again.

const ID = /^(.+)-(\d{1,15})$/;

export class WatchPlace {
  #id: string | undefined;

  constructor(id: string | undefined) {
    this.#id = id;
  }

  get id(): string | undefined {
    return this.#id;
  }

  /** Whether a notification is new; one without an id always is. */
  isNews(id: string | undefined): boolean {
    const [, epoch, n] = ID.exec(id ?? '') ?? [];
    const [, hereEpoch, here] = ID.exec(this.#id ?? '') ?? [];
    return epoch === undefined || epoch !== hereEpoch || Number(n) > Number(here);
  }

  /** The hub starts counting again, perhaps with lower numbers. */
  resetTo(id: string | undefined): void {
    this.#id = id;
  }

  moveTo(id: string): void {
    if (this.isNews(id)) this.#id = id;
  }
}
