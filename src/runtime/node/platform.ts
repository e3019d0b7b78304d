import { createHash, hash } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { guarded } from '../guarded.ts';
import type { Platform } from '../platform.ts';
import { allocAligned } from './aligned-buffer.ts';

export const platform: Platform = {
  sha256: (parts) => {
    // One call costs less than an object of its own, and most have one part.
    if (parts.length === 1) return hash('sha256', parts[0]!, 'buffer');
    const whole = createHash('sha256');
    for (const part of parts) whole.update(part);
    return whole.digest();
  },
  allocate: allocAligned,
  soon: (what, run) => {
    setImmediate(guarded(what, run));
  },
  unref: (timer) => {
    timer.unref();
  },
  allowListeners: (target) => setMaxListeners(0, target),
};
