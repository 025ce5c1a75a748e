/** After every `hello`: compares it with the cursors, and loads what changed meanwhile. */

/**
 * @typedef {import("../followed.js").Followed} Followed
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
  #conversations;
  #on;

  /**
   * @param {Parts} parts
   * @param {import("../conversations.js").Conversations} conversations
   * @param {object} on
   * @param {(conversation: Followed) => void} on.changed
   * @param {(conversation: Followed) => void} on.ended
   * @param {() => void} on.restored
   */
  constructor(parts, conversations, on) {
    this.#parts = parts;
    this.#conversations = conversations;
    this.#on = on;
  }

  /** Whether this is the epoch of all that is known here. @param {string} epoch */
  isPresent(epoch) {
    return this.#epoch === null || epoch === this.#epoch;
  }

  /** @param {string} id */
  ended(id) {
    this.#ended.add(id);
  }

  /** Another person signed in. */
  forget() {
    this.#epoch = this.#since = null;
    for (const conversation of this.#conversations.all) this.#on.ended(conversation);
  }

  /** Compares `hello` with what is known. @param {string} me @param {Frame["data"]} hello */
  compare(me, { conversations, truncated, epoch, at }) {
    const isRestored = epoch !== undefined && !this.isPresent(epoch);
    this.#epoch = epoch ?? this.#epoch;
    if (isRestored) this.#since = null;
    for (const conversation of this.#conversations.all) {
      const named = conversations[conversation.id];
      if (!named && !truncated) {
        this.#on.ended(conversation);
        continue;
      }
      if (isRestored) conversation.begin(me);
      // A sync makes a conversation live that `hello` does not name.
      conversation.model?.cursor.announce(named ? named.version : Infinity);
      this.#on.changed(conversation);
    }
    for (const id of Object.keys(conversations)) {
      if (!this.#conversations.known(id)) this.#conversations.get(id).begin(me);
    }
    if (isRestored) this.#on.restored();
    this.#list(me);
    this.loadReceipts();
    if (this.#since === null) this.#since = at ?? null;
    else this.#syncOwn(me);
  }

  /** Loads the read positions of what is shown: the server never repeats an event of them. */
  loadReceipts() {
    for (const conversation of this.#conversations.shown) {
      if (conversation.model?.data) this.#parts.loading.receipts(conversation).catch(() => {});
    }
  }

  /** Reads the list, page by page, and loads what it does not name. @param {string} me */
  async #list(me) {
    const listing = (this.#listing = Symbol());
    const isWanted = () => this.#listing === listing;
    this.#ended.clear();
    const expected = new Map(this.#conversations.all.map(({ id, model }) => [id, { model, changes: model?.own.changes }]));
    try {
      let cursor;
      for (let page = 0; page < MAX_PAGES; page += 1) {
        const query = { limit: PAGE, cursor };
        const answer = await this.#parts.rest.persist("GET", "conversations", { query }, isWanted);
        if (answer === undefined) return;
        let news = 0;
        for (const data of answer.items) news += Number(this.#listed(me, data, expected));
        const isDone = news === 0 && this.#conversations.all.every(({ model }) => model?.data);
        cursor = answer.next_cursor;
        if (!cursor || isDone) break;
      }
      this.#conversations.loaded();
    } catch {
      // Refused: what is missing is loaded one by one.
    }
    for (const conversation of this.#conversations.all) {
      if (!conversation.model?.data) this.#parts.loading.load(conversation).catch(() => {});
    }
  }

  /** Takes an item of the list. Returns whether it was news.
   * @param {string} me @param {any} data @param {Map<string, {model: unknown, changes?: number}>} expected */
  #listed(me, data, expected) {
    const conversation = this.#conversations.get(data.id);
    const { model } = conversation;
    if (model === null) {
      if (this.#ended.has(data.id)) return false;
      conversation.begin(me);
    } else if (model.data) {
      const isNews = data.version > model.data.version || data.read_seq > model.positions.readSeq;
      model.merge(data, expected.get(data.id)?.changes);
      this.#on.changed(conversation);
      return isNews;
    } else if (model !== expected.get(data.id)?.model) {
      return false; // it began anew after the list was asked for
    }
    this.#parts.loading.loaded(conversation, data).catch(() => {});
    return true;
  }

  /** Takes what I read, marked and set on other devices meanwhile. @param {string} me */
  async #syncOwn(me) {
    try {
      const fields = () => ({ since: this.#since });
      const answer = await this.#parts.session.persist("receipts.sync", fields);
      if (answer === null) return;
      this.#since = answer.at;
      for (const item of answer.items) {
        const conversation = this.#conversations.known(item.conversation_id);
        conversation?.model?.mergeOwn(item);
        if (conversation) this.#on.changed(conversation);
      }
      if (answer.truncated) this.#list(me);
    } catch {
      // Refused: the list has the same.
    }
  }
}
