/** `chat-client/history`: the messages of a conversation from any place on, in both directions.
 *
 * A store: `subscribe` and `getSnapshot`. It shows the latest messages, as the conversation does, until
 * `jump` shows a stretch around another message. `loadNewer` brings the stretch back to the latest
 * messages. All messages that are shown stay at the state of the store.
 */

import { conversationPath } from "../connection/rest.js";
import { ChatError } from "../errors.js";
import { Store } from "../store.js";
import { Stretch } from "./stretch.js";
import { firstUnread, isUnread } from "./unread.js";

/**
 * @typedef {import("../model/conversation.js").Message} Message
 * @typedef {import("./stretch.js").Page} Page
 *
 * @typedef {object} HistorySnapshot
 * @property {readonly Message[]} messages ascending by `seq`, without holes
 * @property {readonly import("../outbox.js").Pending[]} pending my messages that are not stored yet:
 *   show them at the end. Empty if there are newer messages
 * @property {number | null} unreadFrom the `seq` of the first message that was unread at
 *   `jumpToFirstUnread`: show a line above it
 * @property {boolean} isLoaded
 * @property {boolean} isLoading whether a page is on its way
 * @property {boolean} hasOlder whether `loadOlder` brings more
 * @property {boolean} hasNewer whether `loadNewer` brings more
 * @property {ChatError | null} error why the last page is not here
 *
 * @typedef {object} Load a page on its way
 * @property {Map<number, Message>} changes what may have overtaken it, by `seq`
 */

const PAGE = 50;
/** How many messages a stretch has at most. */
const MAX_MESSAGES = 500;
/** How many changes are held while a page is on its way. After more, the page is loaded again. */
const MAX_CHANGES = 1000;
/** How many messages one request may name. */
const MAX_IDS = 100;

export class History {
  #chat;
  /** @type {Promise<void> | null} */
  #opening = null;
  #opened = () => {};
  /** @type {(() => void)[]} */
  #stops = [];
  /** Null: the latest messages are shown. @type {Stretch | null} */
  #stretch = null;
  /** Whether changes of the stretch were missed: the conversation was loaded anew. */
  #isStale = false;
  /** @type {Load | null} */
  #load = null;
  /** @type {number | null} */
  #unreadFrom = null;
  /** @type {ChatError | null} */
  #error = null;
  /** @type {Store<HistorySnapshot>} */
  #store = new Store(() => this.#snapshot());
  subscribe = this.#store.subscribe;
  getSnapshot = this.#store.getSnapshot;

  /** @param {import("../client.js").ChatClient} chat @param {string} conversationId */
  constructor(chat, conversationId) {
    this.#chat = chat;
    this.id = conversationId;
  }

  /** Shows the conversation until `close`. The promise resolves when its latest messages are here, or
   * at `close`: when the session ends, it waits for the next one. It rejects if the server refuses the
   * conversation, and need not be awaited. Call it again after that. */
  open() {
    if (!this.#opening) {
      this.#opening = this.#open();
      this.#opening.catch(() => {});
    }
    return this.#opening;
  }

  async #open() {
    for (const stop of this.#stops.splice(0)) stop(); // of one that was refused
    const conversation = this.#conversation;
    const opened = new Promise((resolve) => (this.#opened = () => resolve(undefined)));
    const failed = (/** @type {ChatError} */ error) => {
      if (error.code !== "session_ended") throw error;
      return opened;
    };
    this.#stops = [
      conversation.subscribe(() => this.#conversationChanged()),
      this.#chat.on("message.changed", (event) => this.#changed(event)),
      () => conversation.close(),
    ];
    this.#error = null;
    this.#store.changed();
    try {
      await Promise.race([opened, conversation.open().catch(failed)]);
    } catch (error) {
      this.#opening = null;
      this.#failed(error);
      throw error;
    }
    this.#conversationChanged();
  }

  /** Ends `open`, and forgets the stretch. */
  close() {
    for (const stop of this.#stops.splice(0)) stop();
    this.#opened();
    this.#opening = this.#unreadFrom = null;
    this.latest();
  }

  /** Shows the latest messages. */
  latest() {
    this.#stretch = this.#load = this.#error = null;
    this.#store.changed();
  }

  /** Shows the messages around this one. If the conversation cannot be opened, `error` says why.
   * @param {number} seq */
  async jump(seq) {
    await this.open().catch(() => {});
    if (!this.#opening) return;
    const [first] = this.#conversation.getSnapshot().messages;
    if (!first || seq >= first.seq) {
      this.latest();
      return;
    }
    await this.#around(seq);
  }

  /** Shows the messages around the first one that is unread, or the latest ones if all are read. It
   * reads nothing: call `conversation.read`. Returns the `seq` of that message, or null. */
  async jumpToFirstUnread() {
    await this.open().catch(() => {});
    if (!this.#opening) return null;
    const { conversation } = this.#conversation.getSnapshot();
    const seq = conversation && firstUnread(conversation);
    await this.jump(seq ?? Infinity);
    const unread = this.getSnapshot().messages.find((one) => {
      if (seq === null || one.seq < seq) return false;
      return one.seq === conversation?.marked_unread || isUnread(one, this.#chat.userId);
    });
    this.#unreadFrom = unread?.seq ?? null;
    this.#store.changed();
    return this.#unreadFrom;
  }

  /** Loads the messages before those here. */
  async loadOlder() {
    const stretch = this.#stretch;
    if (!stretch) await this.#conversation.loadOlder().catch((error) => this.#failed(error));
    else if (stretch.hasOlder && !this.#load) {
      await this.#page({ before: stretch.firstSeq }, (page) => stretch.addOlder(page));
    }
  }

  /** Loads the messages after those here. */
  async loadNewer() {
    const stretch = this.#stretch;
    if (stretch && !this.#load && this.getSnapshot().hasNewer) {
      await this.#page({ after: stretch.lastSeq }, (page) => stretch.addNewer(page));
    }
  }

  /** @param {unknown} error */
  #failed(error) {
    if (!(error instanceof ChatError)) throw error;
    this.#error = error;
    this.#store.changed();
  }

  get #conversation() {
    return this.#chat.conversation(this.id);
  }

  /** Begins another stretch. @param {number} seq */
  async #around(seq) {
    const wasStale = this.#isStale;
    this.#isStale = false;
    await this.#page({ around: seq }, (page) => {
      const me = this.#chat.userId ?? "";
      this.#stretch = page.items.length > 0 ? new Stretch(page, me, MAX_MESSAGES) : null;
    });
    if (this.#error) this.#isStale ||= wasStale;
  }

  /** Loads a page, unless another place is shown before it is here.
   * @param {Record<string, number>} query @param {(page: Page) => void} take */
  async #page(query, take) {
    /** @type {Load} */
    const load = (this.#load = { changes: new Map() });
    this.#error = null;
    this.#store.changed();
    try {
      const page = await this.#messages({ ...query, limit: PAGE });
      if (this.#load !== load) return;
      if (load.changes.size > MAX_CHANGES) {
        await this.#page(query, take);
        return;
      }
      take(page);
      for (const message of load.changes.values()) this.#stretch?.keep(message);
    } catch (error) {
      if (!(error instanceof ChatError)) throw error;
      if (this.#load === load) this.#error = error;
    }
    if (this.#load !== load) return;
    this.#load = null;
    this.#store.changed();
    if (this.#error === null) await Promise.all([this.#askForReactions(), this.#mend()]);
  }

  /** Loads the stretch again if changes of it were missed, and drops it if the latest messages, as they
   * are loaded, contain it. */
  async #mend() {
    const stretch = this.#stretch;
    const { messages, isLoaded } = this.#conversation.getSnapshot();
    if (!stretch || !isLoaded || this.#load) return;
    if (messages.length > 0 && messages[0].seq <= stretch.firstSeq) this.#stretch = null;
    else if (this.#isStale) {
      await this.#around(Math.floor((stretch.firstSeq + stretch.lastSeq) / 2));
    }
  }

  /** @param {Record<string, unknown>} query @returns {Promise<Page>} */
  #messages(query) {
    return this.#chat.request("GET", `${conversationPath(this.id)}/messages`, { query });
  }

  /** @param {{conversation_id: string, message: Message}} event */
  #changed({ conversation_id: id, message }) {
    if (id !== this.id) return;
    if (this.#load && this.#load.changes.size <= MAX_CHANGES) {
      this.#load.changes.set(message.seq, message);
    }
    if (!this.#stretch?.keep(message)) return;
    this.#store.changed();
    void this.#askForReactions();
  }

  /** Loads the messages whose reactions of mine no event tells. */
  async #askForReactions() {
    const ids = this.#stretch?.takeUnsure() ?? [];
    try {
      while (ids.length > 0) {
        const { items } = await this.#messages({ ids: ids.splice(0, MAX_IDS).join() });
        for (const message of items) this.#stretch?.keep(message);
        this.#store.changed();
      }
    } catch (error) {
      if (!(error instanceof ChatError)) throw error; // the next change of the message asks again
    }
  }

  #conversationChanged() {
    const { state, isLoaded } = this.#conversation.getSnapshot();
    if (state === "absent") this.latest();
    else if (!isLoaded) this.#isStale = this.#stretch !== null || this.#load !== null;
    else {
      this.#opened();
      void this.#mend();
    }
    this.#store.changed();
  }

  #snapshot() {
    const live = this.#conversation.getSnapshot();
    const stretch = this.#stretch;
    const firstSeq = live.messages[0]?.seq ?? Infinity;
    const isJoined = stretch !== null && stretch.lastSeq >= firstSeq - 1;
    let { messages, hasOlder } = live;
    if (stretch && isJoined) {
      const before = stretch.messages.filter((one) => one.seq < firstSeq);
      messages = Object.freeze([...before, ...messages]);
      ({ hasOlder } = stretch);
    } else if (stretch) ({ messages, hasOlder } = stretch);
    const hasNewer = stretch !== null && !isJoined;
    return Object.freeze({
      messages,
      pending: hasNewer ? NONE : live.pending,
      unreadFrom: this.#unreadFrom,
      isLoaded: stretch !== null || live.isLoaded,
      isLoading: this.#load !== null,
      hasOlder,
      hasNewer,
      error: this.#error,
    });
  }
}

/** @type {readonly never[]} */
const NONE = Object.freeze([]);
