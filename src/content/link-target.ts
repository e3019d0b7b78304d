// Where a symbolic link of a shared directory may lead: to a name below the directory's root, whatever
// other links are on the way. So nothing that a receiver opens below it lies elsewhere.

/** PATH_MAX of Linux, less the byte that ends it. */
const MAX_TARGET_BYTES = 4095;

/**
 * Whether a link stays inside. Steps up are accepted only at its beginning: behind a name they would
 * start from wherever another link of that name leads.
 *
 * @param path of the link, relative, with '/'
 */
export function staysInside(path: string, target: string): boolean {
  if (target === '' || target.includes('\0')) return false;
  if (new TextEncoder().encode(target).length > MAX_TARGET_BYTES) return false;
  const names = target.split('/');
  const stepsUp = names.findIndex((name) => name !== '..');
  const [up, down] = stepsUp < 0 ? [names.length, []] : [stepsUp, names.slice(stepsUp)];
  if (target.startsWith('/') || down.includes('..')) return false;
  return up <= path.split('/').length - 1;
}
