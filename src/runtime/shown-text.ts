// Text of a remote as a person sees it: a file's name in a listing, a log, a terminal, on a disk. A
// character that is not seen, or that changes how others are read, is replaced: controls (C0, DEL,
// C1), line and paragraph separators, bidirectional controls (Unicode Standard Annex 9), zero-width
// and other ignorable ones, lone surrogates. Such a character stays where writing needs it: joiners
// inside an emoji and inside a word of a script that has them, the variant of a character, the tags
// of a flag.

/** Visible though of the category Cf: signs of Arabic, Syriac and Kaithi before numbers. */
const SIGNS = '[\\u0600-\\u0605\\u06dd\\u070f\\u0890\\u0891\\u08e2\\u{110bd}\\u{110cd}]';
/** Letters and marks of scripts whose words have joiners (RFC 5892 appendix A, Unicode 15). */
const JOINING = `[${[
  ...['Arabic', 'Syriac', 'Nko', 'Mandaic', 'Mongolian', 'Phags_Pa', 'Thaana'],
  ...['Devanagari', 'Bengali', 'Gurmukhi', 'Gujarati', 'Oriya', 'Tamil', 'Telugu', 'Kannada'],
  ...['Malayalam', 'Sinhala', 'Khmer', 'Myanmar', 'Tibetan', 'Javanese', 'Balinese'],
]
  .map((script) => `\\p{Script=${script}}`)
  .join('')}]`;

/** Where a character of these stands, it is needed. */
const NEEDED = new RegExp(
  [
    SIGNS,
    '(?<=[\\p{ExtPict}\\p{EMod}\\ufe0f])\\u200d(?=\\p{ExtPict})',
    '(?<=\\p{ExtPict})[\\ufe0e\\ufe0f]',
    '(?<=[0-9#*])\\ufe0f(?=\\u20e3)',
    '(?<=\\u{1f3f4}[\\u{e0020}-\\u{e007e}]{0,6})[\\u{e0020}-\\u{e007f}]',
    `(?<=${JOINING})\\u200c(?=${JOINING})`,
    `(?<=${JOINING})\\u200d`,
    '(?<=[\\p{Script=Han}\\p{Script=Myanmar}\\p{Script=Phags_Pa}\\p{Sm}])[\\ufe00-\\ufe0d]',
    '(?<=\\p{Script=Han})[\\u{e0100}-\\u{e01ef}]',
    '(?<=\\p{Script=Mongolian})[\\u180b-\\u180d\\u180f]',
  ].join('|'),
  'uy',
);

/** U+2800 is a letter of Braille without a dot. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{DI}\u2800]/gu;

/** Most text needs no more than this look. */
const PLAIN = /^[\x20-\x7e]*$/;

/** The text, with a stand-in for each character that is not seen. */
export function showText(text: string, standIn = '?'): string {
  return replaceUnseen(text, () => standIn);
}

/** JSON that no terminal and no reader of lines misreads, and that means the same. */
export function showJson(json: string): string {
  // Below U+0020 only the white space between values is left.
  return replaceUnseen(json, (char) => (char < ' ' ? char : escapeUnits(char)));
}

function replaceUnseen(text: string, replace: (char: string) => string): string {
  if (PLAIN.test(text)) return text;
  return text.replace(UNSEEN, (char, at: number) => {
    if (char < '\x80') return replace(char);
    NEEDED.lastIndex = at;
    return NEEDED.test(text) ? char : replace(char);
  });
}

function escapeUnits(text: string): string {
  let escaped = '';
  for (let i = 0; i < text.length; i++) {
    escaped += `\\u${text.charCodeAt(i).toString(16).padStart(4, '0')}`;
  }
  return escaped;
}
