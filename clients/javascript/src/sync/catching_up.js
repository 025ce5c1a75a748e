/** After every `hello`: compares it with the cursors, and loads what changed meanwhile. */

/**
 * @typedef {import("../connection/transport.js").Frame} Frame
 * @typedef {import("../parts.js").Parts} Parts
 */

/** The list names the 1,000 latest conversations, as `hello` does. */
const PAGE = 100;
const MAX_PAGES = 10;

export class CatchingUp {
  /** @type {string | null} */
  #epoch = null;
  /** The store's time up to which my own state on other devices is known. @type {string | null} */
  #since = null;
  /** Identifies the present reading of the list. @type {symbol | null} */
  #listing = null;
  /** Conversations that ended since the list was asked for. @type {Set<string>} */
  #ended = new Set();
  #parts;

  /** @param {Parts} parts */
  constructor(parts) {
    this.#parts = parts;
  }

  /** Whether this is the epoch of all that is known here. @param {string} epoch */
  known(epoch) {
    return this.#epoch === null || epoch === this.#epoch;
  }

  /** @param {string} id */
  ended(id) {
    this.#ended.add(id);
  }

  /** Another person signed in. */
  forget() {
    this.#epoch = this.#since = null;
    for (const conversation of this.#parts.conversations.all) this.#parts.following.ended(conversation);
  }

  /** Compares `hello` with what is known. @param {Frame["data"]} hello */
  compare({ conversations, truncated, epoch, at }) {
    const isRestored = epoch !== undefined && !this.known(epoch);
    this.#epoch = epoch ?? this.#epoch;
    if (isRestored) this.#since = null;
    for (const conversation of this.#parts.conversations.all) {
      const named = conversations[conversation.id];
      if (!named && !truncated) {
        this.#parts.following.ended(conversation);
        continue;
      }
      if (isRestored) conversation.begin();
      // A sync makes a conversation live that `hello` does not name.
      conversation.model?.cursor.announce(named ? named.version : Infinity);
      this.#parts.following.changed(conversation);
    }
    for (const id in conversations) {
      if (!this.#parts.conversations.known(id)) this.#parts.conversations.get(id).begin();
    }
    if (isRestored) {
      const { reading, typing, emitter } = this.#parts;
      reading.forget();
      typing.clear();
      emitter.emit({ type: "restored" });
    }
    this.#list();
    this.resume();
    if (this.#since === null) this.#since = at ?? null;
    else this.#syncOwn();
  }

  /** Loads the read positions of the conversations that are shown, because the server never repeats an
   * event about them. Also loads what could not be loaded before. */
  resume() {
    for (const conversation of this.#parts.conversations.all) {
      this.#parts.loading.show(conversation).catch(() => {});
    }
  }

  /** Reads the list, page by page, and loads what it does not name. */
  async #list() {
    const listing = (this.#listing = Symbol());
    const isWanted = () => this.#listing === listing;
    this.#ended.clear();
    const expected = new Map(this.#parts.conversations.all.map(({ model }) => [model, model?.own.changes]));
    try {
      let cursor;
      for (let page = 0; page < MAX_PAGES; page += 1) {
        const query = { limit: PAGE, cursor };
        const answer = await this.#parts.rest.persist("GET", "conversations", { query }, isWanted);
        if (answer === undefined) return;
        const news = answer.items.filter((/** @type {any} */ data) => this.#listed(data, expected));
        const isDone = news.length === 0 && this.#parts.conversations.all.every(({ model }) => model?.data);
        cursor = answer.next_cursor;
        if (!cursor || isDone) break;
      }
      this.#parts.conversations.loaded();
    } catch {
      // Refused: what is missing is loaded one by one.
    }
    for (const conversation of this.#parts.conversations.all) {
      if (!conversation.model?.data) this.#parts.loading.load(conversation).catch(() => {});
    }
  }

  /** Takes an item of the list. Returns whether it was news.
   * @param {any} data @param {Map<unknown, number | undefined>} expected
   *   the models when the list was asked for, with their `own.changes` */
  #listed(data, expected) {
    const conversation = this.#parts.conversations.get(data.id);
    const { model } = conversation;
    if (!model) {
      if (this.#ended.has(data.id)) return false;
    } else if (model.data) {
      const isNews = data.version > model.data.version || data.read_seq > model.positions.readSeq;
      model.merge(data, expected.get(model));
      this.#parts.following.changed(conversation);
      return isNews;
    } else if (!expected.has(model)) {
      return false; // it began anew after the list was asked for
    }
    this.#parts.loading.loaded(conversation, data).catch(() => {});
    return true;
  }

  /** Takes what I read, marked and set on other devices meanwhile. */
  async #syncOwn() {
    try {
      const answer = await this.#parts.session.persist("receipts.sync", () => ({ since: this.#since }));
      if (answer === null) return;
      this.#since = answer.at;
      for (const item of answer.items) {
        const conversation = this.#parts.conversations.known(item.conversation_id);
        conversation?.model?.mergeOwn(item);
        if (conversation) this.#parts.following.changed(conversation);
      }
      if (answer.truncated) this.#list();
    } catch {
      // Refused: the list has the same.
    }
  }
}
