// Decides which names of a root can be served. Pure.

/** The hub's own directory in a root: unfinished uploads and handovers. */
export const OWN_DIRECTORY = '.hubswarm';

/** Whether a name is hidden, and so not served. Partial uploads have hidden names. */
export function isHidden(name: string): boolean {
  return name.startsWith('.');
}

/** Whether a URL can carry the name: U+FFFD stands for bytes that are not UTF-8. */
export function isNameable(name: string): boolean {
  return name !== '' && !isHidden(name) && !/[\\\ufffd]/.test(name);
}
