// Large buffers that the kernel fills at full speed. Node.js places a large allocation at page + 16
// bytes; copies from the page cache into it are 3 to 5 times slower than into a buffer that begins
// on a cache line (measured).

const PAGE = 4096;
/** page + 16 + 48 = page + 64: the next cache line. */
const TO_CACHE_LINE = 48;

/** Uninitialised memory of its own (never pooled by Node.js) for a large read. */
export function allocAligned(bytes: number): Buffer<ArrayBuffer> {
  return Buffer.allocUnsafeSlow(bytes + PAGE).subarray(TO_CACHE_LINE, TO_CACHE_LINE + bytes);
}
