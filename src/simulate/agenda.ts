// The agenda of a simulation, on a clock that only it advances: events by time, ties in the
// order in which they were added, so that a run is a function of what was added. A
// binary heap with its keys beside it: comparing costs no look into the entries.

export class Agenda {
  readonly #at: number[] = [];
  readonly #order: number[] = [];
  readonly #run: (() => void)[] = [];
  #added = 0;

  get size(): number {
    return this.#at.length;
  }

  /** When the next event is due; Infinity when there is none. */
  get nextAt(): number {
    return this.#at[0] ?? Number.POSITIVE_INFINITY;
  }

  add(at: number, run: () => void): void {
    const order = this.#added++;
    let place = this.#at.length;
    this.#set(place, at, order, run);
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (!this.#isAfter(parent, at, order)) break;
      this.#move(parent, place);
      place = parent;
    }
    this.#set(place, at, order, run);
  }

  /** Takes the next event out; undefined when there is none. */
  next(): (() => void) | undefined {
    const first = this.#run[0];
    const at = this.#at.pop();
    const order = this.#order.pop();
    const run = this.#run.pop();
    const size = this.#at.length;
    if (size === 0) return first;
    let place = 0;
    for (;;) {
      let child = 2 * place + 1;
      if (child >= size) break;
      const right = child + 1;
      if (right < size && this.#isAfter(child, this.#at[right]!, this.#order[right]!))
        child = right;
      if (this.#isAfter(child, at!, order!)) break;
      this.#move(child, place);
      place = child;
    }
    this.#set(place, at!, order!, run!);
    return first;
  }

  /** Whether what is at a place is due after an event of that time and order. */
  #isAfter(place: number, at: number, order: number): boolean {
    const there = this.#at[place]!;
    return there > at || (there === at && this.#order[place]! > order);
  }

  #move(from: number, to: number): void {
    this.#set(to, this.#at[from]!, this.#order[from]!, this.#run[from]!);
  }

  #set(place: number, at: number, order: number, run: () => void): void {
    this.#at[place] = at;
    this.#order[place] = order;
    this.#run[place] = run;
  }
}
