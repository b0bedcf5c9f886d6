// @ts-check
/** Numbers and times as people read them. */

/** @typedef {{ value: number, low: number, high: number }} Interval */

const whole = new Intl.NumberFormat("en");
const two = new Intl.NumberFormat("en", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const clock = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

/** @param {number} value */
export const count = (value) => whole.format(value);

/** @param {number | null} value */
export const money = (value) => (value === null ? "–" : two.format(value));

/** @param {number | null | undefined} value @param {number} [digits] */
export const decimal = (value, digits = 3) =>
  value === null || value === undefined ? "–" : value.toFixed(digits);

/** @param {number | null} value a share */
export const percent = (value) => (value === null ? "–" : `${Math.round(100 * value)} %`);

/** @param {number} n @param {string} one @param {string} [many] */
export const noun = (n, one, many = `${one}s`) => `${count(n)} ${n === 1 ? one : many}`;

/** @param {Interval | null} found */
export const range = (found) => (found ? `${decimal(found.low)} to ${decimal(found.high)}` : "");

/** @param {number | null} at seconds since 1970 */
export function moment(at) {
  return at === null ? "–" : clock.format(new Date(1000 * at));
}

/** @param {number | null} at seconds since 1970 @param {number} [now] */
export function ago(at, now = Date.now() / 1000) {
  if (at === null) return "–";
  const gone = Math.max(0, now - at);
  if (gone < 45) return "just now";
  if (gone < 3_600) return `${Math.max(1, Math.round(gone / 60))} min ago`;
  if (gone < 86_400) return `${Math.round(gone / 3_600)} h ago`;
  return gone < 14 * 86_400 ? `${Math.round(gone / 86_400)} d ago` : moment(at);
}

/** @param {number} seconds */
export function span(seconds) {
  if (seconds < 10) return `${Number(seconds.toPrecision(2))} s`;
  if (seconds < 60) return `${Math.round(seconds)} s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3_600)} h ${Math.floor((seconds % 3_600) / 60)} min`;
  return `${Math.floor(seconds / 86_400)} d ${Math.floor((seconds % 86_400) / 3_600)} h`;
}
