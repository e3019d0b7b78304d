/** Keeps a memory of strangers from growing: what was added first goes first. */
export function forgetOldest(memory: Map<string, unknown> | Set<string>, most: number): void {
  for (const key of memory.keys()) {
    if (memory.size <= most) return;
    memory.delete(key);
  }
}
