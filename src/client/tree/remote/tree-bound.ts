// Bounds what a remote's tree takes in memory. A listing is short where its paths are long, since
// each name stands in it once: so the paths are bounded together.

/** Chosen: a quarter of a GiB of memory, with paths of common length. */
const MAX_ENTRIES = 500_000;
/** UTF-16 units of all paths. Chosen: 128 for each entry. */
const MAX_PATH_UNITS = 64_000_000;

export class TreeBound {
  #entries = 0;
  #pathUnits = 0;

  /** Counts an entry. Returns false if the tree is too large with it. */
  takes(path: string): boolean {
    this.#entries += 1;
    this.#pathUnits += path.length;
    return this.#entries <= MAX_ENTRIES && this.#pathUnits <= MAX_PATH_UNITS;
  }
}
