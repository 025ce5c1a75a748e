/** How far each person has read a conversation: pure, without input or output.
 *
 * A position only moves forward. A person has read their own messages, and all before them.
 */

/** @typedef {{read_seq: number, delivered_seq: number}} Position */

export class Positions {
  /** The `seq` of the message that I marked as unread, or null. @type {number | null} */
  markedUnread = null;
  /** The position that the server is not known to have yet. */
  #wanted = 0;
  #me;
  /** @type {Map<string, Position>} */
  #positions = new Map();
  /** The `seq`s that count for nobody, as ranges `[from, to]`. @type {number[][]} */
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

  /** The unread messages among the first `seq` ones. @param {number} seq */
  unreadCount(seq) {
    const read = this.readSeq;
    let count = Math.max(0, seq - read);
    for (const [from, to] of this.#uncounted) {
      count -= Math.max(0, Math.min(to, seq) - Math.max(from - 1, read));
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
    if (seq > this.readSeq) this.markedUnread = null;
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
    this.#uncounted = ranges;
  }

  /** A message was deleted. Ranges that I have read count no more. @param {number} seq */
  uncount(seq) {
    if (this.#uncounted.some(([from, to]) => from <= seq && seq <= to)) return;
    const read = this.#positions.get(this.#me)?.read_seq ?? 0;
    this.#uncounted = this.#uncounted.filter(([, to]) => to > read);
    if (seq > read) this.#uncounted.push([seq, seq]);
  }
}
