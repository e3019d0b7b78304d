/**
 * Ends the process on a programmer's error (an uncaught throw). Never for input,
 * files or remotes: those have errors and violations of their own.
 */
export function invariant(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`invariant violated: ${message}`);
}
