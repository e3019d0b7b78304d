import { readFile } from 'node:fs/promises';

/** Names this run of the machine; '' where that is not told, which equals no other. */
export const bootId: Promise<string> = readFile('/proc/sys/kernel/random/boot_id', 'utf8').then(
  (text) => text.trim(),
  () => '',
);
