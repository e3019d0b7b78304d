import { readFile } from 'node:fs/promises';

/**
 * Identifies this boot of the machine; '' if the system does not tell it, which equals no other
 * boot.
 */
export const bootId: Promise<string> = readFile('/proc/sys/kernel/random/boot_id', 'utf8').then(
  (text) => text.trim(),
  () => '',
);
