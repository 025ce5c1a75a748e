/** The messages of one conversation, by `seq`: pure, without input or output.
 *
 * Until the conversation is opened, only the latest message is kept. Then the history begins with
 * a page of REST, and grows by events at its end and by pages at its beginning, without holes.
 */

/** @typedef {import("./conversation.js").Message} Message */

/** How many messages stay when nobody shows the conversation. */
const KEPT = 50;

export class History {
  hasOlder = false;
  /** The first `seq` of the history without holes; null if no page was loaded.
   * @type {number | null} */
  #first = null;
  /** Whether a page is on its way, so that every message is kept. */
  #growing = false;
  /** @type {Map<number, Message>} */
  #bySeq = new Map();
  #latest = 0;
  /** @type {readonly Message[] | null} */
  #list = null;

  get isOpen() {
    return this.#first !== null;
  }

  get firstSeq() {
    return this.#first;
  }

  /** @returns {Message | null} */
  get latest() {
    return this.#bySeq.get(this.#latest) ?? null;
  }

  /** Ascending, without holes. The list is another one after each change. */
  get messages() {
    const first = this.#first;
    if (first === null) return NONE;
    this.#list ??= Object.freeze(
      [...this.#bySeq.values()]
        .filter((message) => message.seq >= first)
        .sort((one, other) => one.seq - other.seq),
    );
    return this.#list;
  }

  /** @param {number} seq */
  at(seq) {
    return this.#bySeq.get(seq) ?? null;
  }

  /** Puts a message in the place of the one that is held. @param {Message} message */
  replace(message) {
    this.#bySeq.set(message.seq, Object.freeze(message));
    this.#list = null;
  }

  /** Keeps the newer of two states of a message. Returns whether this one is news.
   * @param {Message} message */
  keep(message) {
    const { seq } = message;
    const held = this.#bySeq.get(seq);
    if (held && held.version >= message.version) return false;
    const wanted = held || this.#growing || seq >= Math.min(this.#first ?? Infinity, this.#latest);
    if (!wanted) return false;
    if (this.#first === null && !this.#growing && seq > this.#latest) this.#bySeq.clear();
    this.#bySeq.set(seq, Object.freeze(message));
    this.#latest = Math.max(this.#latest, seq);
    this.#list = null;
    return true;
  }

  /** Call this before a page is requested: a change of its messages may overtake the page. */
  willOpen() {
    this.#growing = true;
  }

  /** The messages of the latest page were kept, or of the one before the messages here.
   * @param {{items: Message[], has_more_before: boolean}} page */
  addPage({ items, has_more_before: hasOlder }) {
    this.#growing = false;
    this.#first = Math.min(this.#first ?? Infinity, items[0]?.seq ?? this.#first ?? 1);
    this.hasOlder = hasOlder;
    this.#list = null;
  }

  /** Forgets all but the latest messages, unless a page is on its way: it would leave a hole.
   * @param {number} [count] */
  trim(count = KEPT) {
    if (this.#growing) return;
    const [oldest] = this.messages.slice(-count);
    if (!oldest || oldest.seq === this.#first) return;
    this.#first = oldest.seq;
    this.hasOlder = true;
    for (const seq of this.#bySeq.keys()) if (seq < oldest.seq) this.#bySeq.delete(seq);
    this.#list = null;
  }
}

/** @type {readonly Message[]} */
const NONE = Object.freeze([]);
