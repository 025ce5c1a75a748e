/** The words on the page: times, initials, lists. */

const clock = new Intl.DateTimeFormat(undefined, { hour: "numeric", minute: "2-digit" });
const weekday = new Intl.DateTimeFormat(undefined, { weekday: "long" });
const shortDate = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });
const longDate = new Intl.DateTimeFormat(undefined, { dateStyle: "full" });
const graphemes = new Intl.Segmenter();
/** A character that is visible. */
export const VISIBLE = /[\p{L}\p{N}\p{P}\p{S}\p{Co}]/u;
const DAY = 24 * 60 * 60 * 1000;

/** Chooses an avatar colour, always the same for an id. */
export function hue(id) {
  let sum = 0;
  for (const character of id) sum = (sum * 37 + character.codePointAt(0)) % 10007;
  return sum % 8;
}

/** The first visible grapheme of a name. */
export function initial(name) {
  for (const { segment } of graphemes.segment(name)) {
    if (VISIBLE.test(segment)) return segment.toUpperCase();
  }
  return "?";
}

/** Isolates the writing direction of a text inside a sentence. */
export function isolated(text) {
  return `\u2068${text}\u2069`;
}

export function time(iso) {
  return clock.format(new Date(iso));
}

export function fullTime(iso) {
  const date = new Date(iso);
  return `${longDate.format(date)}, ${clock.format(date)}`;
}

/** The day as a heading. */
export function day(iso) {
  const age = daysAgo(iso);
  if (age === 0) return "Today";
  if (age === 1) return "Yesterday";
  return age < 7 ? weekday.format(new Date(iso)) : longDate.format(new Date(iso));
}

/** The time in a short form, for a list. */
export function moment(iso) {
  const age = daysAgo(iso);
  if (age === 0) return time(iso);
  if (age === 1) return "Yesterday";
  return age < 7 ? weekday.format(new Date(iso)) : shortDate.format(new Date(iso));
}

export function sameDay(one, other) {
  return new Date(one).toDateString() === new Date(other).toDateString();
}

function daysAgo(iso) {
  const midnight = (date) => new Date(date).setHours(0, 0, 0, 0);
  return Math.round((midnight(new Date()) - midnight(new Date(iso))) / DAY);
}

/** Joins names to “Alice, Bob and Carol”. */
export function join(names) {
  if (names.length < 2) return names[0] ?? "";
  return `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}

/** Returns a name for the middle of a sentence: “You” becomes “you”. */
export function inSentence(who) {
  return who === "You" ? "you" : who;
}

/** The size of a file. */
export function bytes(size) {
  if (size < 1000) return `${size} B`;
  if (size < 1_000_000) return `${Math.round(size / 1000)} kB`;
  return `${(size / 1_000_000).toFixed(1)} MB`;
}
