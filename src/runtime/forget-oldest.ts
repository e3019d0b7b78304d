/** Bounds a memory of remotes: what was added first is forgotten first. */
export function forgetOldest(memory: Map<string, unknown> | Set<string>, most: number): void {
  for (const key of memory.keys()) {
    if (memory.size <= most) return;
    memory.delete(key);
  }
}
