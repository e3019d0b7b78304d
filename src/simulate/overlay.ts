// The overlay of neighbours, built as swarm/contacts.ts builds it: a newcomer calls the
// origin, through which it found the swarm, and then others drawn at random until it
// has enough neighbours, those that called it counted; whoever loses one while it still
// lacks something calls again. A seed waits to be called. Connections are there at once:
// what they cost is CPU, which a simulation has none of.
import type { Rng } from '../runtime/rng.ts';
import type { SimNode } from './sim-node.ts';
import type { SimSwarm } from './sim-swarm.ts';

/** Draws for each neighbour wanted until a node takes what it has. Chosen. */
const DRAWS = 20;

export class Overlay {
  readonly #swarm: SimSwarm;
  readonly #origin: SimNode;
  readonly #degree: number;
  readonly #rng: Rng;
  /** Nodes that have joined; a dead one is removed when it is drawn. */
  readonly #present: SimNode[] = [];

  /** @param init.degree neighbours called for; Infinity for a full mesh */
  constructor(init: { swarm: SimSwarm; origin: SimNode; degree: number; rng: Rng }) {
    this.#swarm = init.swarm;
    this.#origin = init.origin;
    this.#degree = init.degree;
    this.#rng = init.rng;
    this.#swarm.onLost = (node) => this.#lookSoon(node);
  }

  /** The node is there from now on; it calls once all that join at this instant are. */
  join(node: SimNode): void {
    this.#present.push(node);
    this.#lookSoon(node);
  }

  #lookSoon(node: SimNode): void {
    this.#swarm.at(this.#swarm.now, () => this.#look(node));
  }

  #look(node: SimNode): void {
    if (!node.alive || node.session.isComplete) return;
    this.#swarm.connect(node, this.#origin);
    if (this.#degree >= this.#present.length) {
      for (const other of this.#present) this.#swarm.connect(node, other);
      return;
    }
    for (let draws = DRAWS * this.#degree; draws > 0; draws--) {
      if (node.links.size >= this.#degree) return;
      const other = this.#draw();
      if (other) this.#swarm.connect(node, other);
    }
  }

  #draw(): SimNode | undefined {
    const place = this.#rng.below(this.#present.length);
    const drawn = this.#present[place]!;
    if (drawn.alive) return drawn;
    const last = this.#present.pop()!;
    if (place < this.#present.length) this.#present[place] = last;
    return undefined;
  }
}
