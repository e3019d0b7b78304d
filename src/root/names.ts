// Which names a root has for others. Pure.

/** Hidden files are not served: partial uploads are among them. */
export function isHidden(name: string): boolean {
  return name.startsWith('.');
}

/** Whether a URL can give the name back: U+FFFD stands for bytes that are not UTF-8. */
export function isNameable(name: string): boolean {
  return name !== '' && !isHidden(name) && !/[\\\ufffd]/.test(name);
}
