/** The words on the page: names, times, notices. */

const clock = new Intl.DateTimeFormat(undefined, { hour: "numeric", minute: "2-digit" });
const weekday = new Intl.DateTimeFormat(undefined, { weekday: "long" });
const shortDate = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });
const longDate = new Intl.DateTimeFormat(undefined, { dateStyle: "full" });
const graphemes = new Intl.Segmenter();
const VISIBLE = /[\p{L}\p{N}\p{P}\p{S}\p{Co}]/u;
const DAY = 24 * 60 * 60 * 1000;

/** The names of people, those of the demo at first. People without one are shown by user id. */
export class Names {
  #names;
  #me;

  constructor(people, me) {
    this.#names = new Map(people.map(({ user_id: id, name }) => [id, name]));
    this.#me = me;
  }

  /** Takes the entries of `GET /users`. */
  learn(users) {
    for (const { user_id: id, name } of users) {
      if (name) this.#names.set(id, name);
      else this.#names.delete(id);
    }
  }

  of(userId) {
    return this.#names.get(userId) ?? userId;
  }

  /** Returns “You” for myself. */
  here(userId) {
    return userId === this.#me ? "You" : this.of(userId);
  }

  list(userIds, name = (id) => this.here(id)) {
    return join(userIds.map(name));
  }

  /** The title of a group, the other person of a direct conversation. */
  ofConversation({ kind, title, participants }) {
    if (title) return title;
    const others = (participants ?? []).map((one) => one.user_id).filter((id) => id !== this.#me);
    if (others.length === 0) return kind === "direct" ? "Note to self" : "Only you";
    return this.list(others.slice(0, 4), (id) => this.of(id));
  }

  /** What a system message reports. */
  system({ text, metadata }) {
    const { event, user_ids: people = [], count = people.length, by = null, title, role } = metadata ?? {};
    if (event === "title.changed") return this.notice({ type: "title", title });
    if (event === "conversation.created") return by ? `${this.here(by)} created this group` : "The group was created";
    if (event === "role.changed") return `${this.list(people)}: now ${role}`;
    if (event === "participant.left") return `${this.list(people)} left`;
    if (event !== "participant.added" && event !== "participant.removed") return text || event || "";
    const more = count > people.length ? ` and ${count - people.length} more` : "";
    return `${this.notice({ type: event, people, by })}${more}`;
  }

  /** What a message says on one line: its text, else the name of its file. */
  said(message) {
    if (message.deleted_at) return "Message deleted";
    if (message.kind === "system") return this.system(message);
    return message.text || message.attachments?.[0]?.filename || "File";
  }

  notice({ type, title, people, by }) {
    if (type === "title") return title ? `The title is now “${isolated(title)}”` : "The title was removed";
    const who = this.list(people);
    const was = people.length > 1 || who === "You" ? "were" : "was";
    if (type === "participant.added") {
      return by ? `${this.here(by)} added ${inSentence(who)}` : `${who} ${was} added`;
    }
    if (people.length === 1 && people[0] === by) return `${who} left`;
    return by ? `${this.here(by)} removed ${inSentence(who)}` : `${who} ${was} removed`;
  }

  typing(userIds) {
    if (userIds.length === 0) return "";
    if (userIds.length > 3) return "Several people are typing…";
    return `${this.list(userIds)} ${userIds.length > 1 ? "are" : "is"} typing…`;
  }
}

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

function join(names) {
  if (names.length < 2) return names[0] ?? "";
  return `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}

function inSentence(who) {
  return who === "You" ? "you" : who;
}
