// Joins the short chunks of an answer that is made while it is sent: a thousand small files of an archive make
// three chunks each, and each would be a packet of its own.

/** Chosen: as much as is paced at once. */
const JOINED_BYTES = 64 * 1024;
/** Longest time for which bytes are held, if more come. Chosen. */
const HELD_MS = 100;

export async function* joined(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let held: Uint8Array[] = [];
  let heldBytes = 0;
  let sinceMs = 0;
  for await (const chunk of chunks) {
    if (heldBytes === 0) sinceMs = performance.now();
    held.push(chunk);
    heldBytes += chunk.length;
    if (heldBytes < JOINED_BYTES && performance.now() - sinceMs < HELD_MS) continue;
    // A long chunk is not copied.
    if (chunk.length >= JOINED_BYTES) yield* held;
    else yield Buffer.concat(held);
    held = [];
    heldBytes = 0;
  }
  if (heldBytes > 0) yield Buffer.concat(held);
}
