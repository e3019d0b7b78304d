// Amounts as people read them.
import prettyBytes from 'pretty-bytes';

/** Powers of 1024: `1.5 MiB`. */
export const bytes = (count: number): string => prettyBytes(count, { binary: true });
