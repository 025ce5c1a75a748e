/** How far each person has read a conversation: pure, without input or output.
 *
 * A position only moves forward. A person has read their own messages, and all before them.
 */

/** @typedef {{read_seq: number, delivered_seq: number}} Position */

/** The server tells the latest 500. */
const MAX_RANGES = 1000;

export class Positions {
  /** The `seq` of the message that I marked as unread, or null. @type {number | null} */
  markedUnread = null;
  /** The position that the server is not known to have yet. */
  #wanted = 0;
  #me;
  /** @type {Map<string, Position>} */
  #positions = new Map();
  /** The `seq`s of deleted and system messages, as ranges `[from, to]`. @type {number[][]} */
  #uncounted = [];

  /** @param {string} me */
  constructor(me) {
    this.#me = me;
  }

  get readSeq() {
    return Math.max(this.#wanted, this.#positions.get(this.#me)?.read_seq ?? 0);
  }

  /** The positions of the others, by user id. */
  get others() {
    return Object.freeze(
      Object.fromEntries([...this.#positions].filter(([userId]) => userId !== this.#me)),
    );
  }

  /** How many messages above the first `seq`, up to the second one, are neither deleted nor of the
   * system. @param {number} after @param {number} upTo */
  counted(after, upTo) {
    let count = Math.max(0, upTo - after);
    for (const [from, to] of this.#uncounted) {
      count -= Math.max(0, Math.min(to, upTo) - Math.max(from - 1, after));
    }
    return count;
  }

  /** @param {string} userId @param {number} readSeq @param {number} [deliveredSeq] */
  moved(userId, readSeq, deliveredSeq = 0) {
    const before = this.#positions.get(userId);
    const after = {
      read_seq: Math.max(readSeq, before?.read_seq ?? 0),
      delivered_seq: Math.max(readSeq, deliveredSeq, before?.delivered_seq ?? 0),
    };
    if (userId === this.#me && after.read_seq > this.readSeq) this.markedUnread = null;
    this.#positions.set(userId, Object.freeze(after));
  }

  /** Shows a position of mine before the server has it. @param {number} seq */
  want(seq) {
    this.markedUnread = null;
    this.#wanted = Math.max(this.#wanted, seq);
  }

  /** The server refused what I wanted. */
  unwant() {
    this.#wanted = 0;
  }

  /** @param {string} userId */
  forget(userId) {
    this.#positions.delete(userId);
  }

  /** Takes the ranges of a conversation object. @param {number[][]} ranges */
  count(ranges) {
    this.#uncounted = [...ranges];
  }

  /** A message was deleted, or is of the system. @param {number} seq */
  uncount(seq) {
    if (this.counted(seq - 1, seq) === 0) return;
    this.#uncounted.push([seq, seq]);
    if (this.#uncounted.length > MAX_RANGES) this.#uncounted.shift();
  }
}
