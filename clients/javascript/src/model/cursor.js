/** The place of a client in the stream of one conversation: pure, without input or output.
 *
 * `position` is the version up to which every change was applied; null until the conversation is
 * loaded. Only events and answers to a sync move it.
 */

/**
 * @typedef {object} DurableEvent
 * @property {string} type
 * @property {number} version
 * @property {string} at
 * @property {any} data
 */

/** Beyond these, a sync brings what is dropped here. */
const MAX_HELD = 1000;

export class Cursor {
  /** @type {number | null} */
  position = null;
  /** The version that the server has named, without an event that leads to it. */
  #announced = 0;
  /** The latest held event when the latest sync was sent. */
  #askedFor = 0;
  /** Events ahead of the position, by ascending version. @type {DurableEvent[]} */
  #held = [];

  /** Whether a change is missing that only a sync brings. */
  get isBehind() {
    return this.position !== null && (this.#held.length > 0 || this.#announced > this.position);
  }

  /** Notes that the server has this version. `Infinity` asks for a sync in any case.
   * @param {number} version */
  announce(version) {
    this.#announced = Math.max(this.#announced, version);
  }

  /** Keeps an event until its turn comes. @param {DurableEvent} event */
  hold(event) {
    if (this.position !== null && event.version <= this.position) return;
    if (this.#held.length >= MAX_HELD) return this.announce(event.version);
    this.#held.push(event);
    this.#held.sort((one, other) => one.version - other.version);
  }

  /** Takes the event that covers the next version, and moves on to its version.
   * @returns {DurableEvent | null} null if there is none */
  next() {
    const position = this.position;
    if (position === null) return null;
    while (this.#held.length > 0 && this.#held[0].version <= position) this.#held.shift();
    const index = this.#held.findIndex((event) => since(event) <= position);
    if (index === -1) return null;
    const [event] = this.#held.splice(index, 1);
    this.position = event.version;
    return event;
  }

  /** Moves to the version of an answer to a sync, or of a loaded conversation: never back.
   * @param {number} version */
  reach(version) {
    this.position = Math.max(this.position ?? 0, version);
  }

  /** A sync is sent: its answer covers all that was announced until now. */
  asking() {
    this.#announced = 0;
    this.#askedFor = this.#held.at(-1)?.version ?? 0;
  }

  /** The last answer to a sync was applied. An event that was there before the sync, and that does
   * not follow its answer, is of no change that the store has: another sync would not bring it. */
  answered() {
    this.#held = this.#held.filter((event) => event.version > this.#askedFor);
  }

  /** Drops the held events: the next `hello` shows whether anything is missing. */
  forget() {
    this.#held = [];
  }
}

/** The version that an event follows: `conversation.changes` covers several.
 * @param {DurableEvent} event */
function since({ data, version }) {
  return data.since ?? version - 1;
}
