// Tells V8 to take its time before it optimizes.
import { setFlagsFromString } from 'node:v8';

/**
 * Bytecode that a function runs through before V8 compiles it anew; V8's default is
 * 132 KB. A peer lives for seconds, in processes that share cores, and most of what is
 * optimized so early is not run again often enough to pay for it: with the default a
 * swarm of 8 spent a fifth more CPU. Hot loops get there a fraction of a second later.
 */
const INTERRUPT_BUDGET = 2_000_000;

/** To be called before the code that it is about is loaded. */
export function optimizeLater(): void {
  setFlagsFromString(`--interrupt-budget=${INTERRUPT_BUDGET}`);
}
