// Dates in header fields (RFC 9110 section 5.6.7): all three forms are read, one is written. Pure.
// Anything else is no date, and its field is ignored.

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const MONTH = `(?<month>${MONTHS.join('|')})`;
const DAY_NAME = '(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)';
const LONG_DAY_NAME = '(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day';
const TIME = '(?<hour>[01]\\d|2[0-3]):(?<minute>[0-5]\\d):(?<second>[0-5]\\d|60)';
const IMF_FIXDATE = `${DAY_NAME}, (?<day>\\d\\d) ${MONTH} (?<year>\\d{4}) ${TIME} GMT`;
const RFC_850 = `${LONG_DAY_NAME}, (?<day>\\d\\d)-${MONTH}-(?<year>\\d\\d) ${TIME} GMT`;
const ASCTIME = `${DAY_NAME} ${MONTH} (?<day>[ \\d]\\d) ${TIME} (?<year>\\d{4})`;
const FORMS = [IMF_FIXDATE, RFC_850, ASCTIME].map((form) => new RegExp(`^${form}$`));

/** Milliseconds since the epoch; undefined if it is no HTTP date. */
export function parseHttpDate(text: string | undefined, nowMs = Date.now()): number | undefined {
  if (text === undefined) return undefined;
  const found = FORMS.map((form) => form.exec(text)?.groups).find((groups) => groups);
  if (!found) return undefined;
  const { month, day, year, hour, minute, second } = found as Record<string, string>;
  const date = new Date(0);
  date.setUTCFullYear(Number(year), MONTHS.indexOf(month!), Number(day));
  if (date.getUTCDate() !== Number(day)) return undefined;
  // Date knows no leap seconds.
  date.setUTCHours(Number(hour), Number(minute), Math.min(Number(second), 59));
  if (year!.length === 2) toNearestCentury(date, nowMs);
  return date.getTime();
}

export function formatHttpDate(ms: number): string {
  return new Date(ms).toUTCString();
}

/**
 * A year of two digits is in this century, unless that is more than 50 years ahead: then in the
 * last.
 */
function toNearestCentury(date: Date, nowMs: number): void {
  const now = new Date(nowMs);
  const century = Math.floor(now.getUTCFullYear() / 100) * 100;
  date.setUTCFullYear(century + date.getUTCFullYear());
  const horizon = new Date(nowMs).setUTCFullYear(now.getUTCFullYear() + 50);
  if (date.getTime() > horizon) date.setUTCFullYear(date.getUTCFullYear() - 100);
}
