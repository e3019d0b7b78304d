// Which media types gain from compression: text. Compressing packed data (images, video, archives)
// only costs time.

const TEXT =
  /^(?:text\/|application\/(?:javascript|json|ld\+json|manifest\+json|sql|toml|wasm|x-sh|xml|yaml)$|image\/(?:bmp|svg\+xml)$|font\/(?:otf|ttf)$|[a-z]+\/[a-z0-9.-]+\+(?:json|xml|text)$)/;

/** @param type with or without parameters */
export function isCompressible(type: string): boolean {
  return TEXT.test(type.replace(/;.*$/s, '').trim().toLowerCase());
}
