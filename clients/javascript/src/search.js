/** `chat-client/search`: messages by their words.
 *
 * A store for one search field: `subscribe` and `getSnapshot`. Only the answer to the latest question
 * counts.
 */

import { ChatError } from "./errors.js";
import { Store } from "./store.js";

/**
 * @typedef {import("../schema/rest.js").components["schemas"]["FoundMessage"]} FoundMessage
 *
 * @typedef {object} Question
 * @property {string} q 2 to 200 characters: all words, `"phrases"`, the beginning of the last word
 * @property {string} [conversation_id]
 * @property {string} [sender_id]
 * @property {string} [before] a time, in the form of `created_at`
 * @property {string} [after]
 * @property {number} [limit] of one page
 *
 * @typedef {object} SearchSnapshot
 * @property {Question | null} question
 * @property {readonly FoundMessage[]} items newest first
 * @property {boolean} isLoading
 * @property {boolean} hasMore whether `more` brings more
 * @property {ChatError | null} error
 */

/** @type {SearchSnapshot} */
const NOTHING = Object.freeze({
  question: null,
  items: Object.freeze([]),
  isLoading: false,
  hasMore: false,
  error: null,
});

export class Search {
  #chat;
  #state = NOTHING;
  /** @type {string | null} */
  #cursor = null;
  /** @type {Store<SearchSnapshot>} */
  #store = new Store(() => this.#state);
  subscribe = this.#store.subscribe;
  getSnapshot = this.#store.getSnapshot;

  /** @param {import("./client.js").ChatClient} chat */
  constructor(chat) {
    this.#chat = chat;
  }

  /** Asks a question; what was found before is shown until there is an answer.
   * @param {Question | string} question */
  async ask(question) {
    this.#cursor = null;
    const wanted = typeof question === "string" ? { q: question } : question;
    this.#become({ ...this.#state, question: wanted, hasMore: false });
    await this.#load(wanted, []);
  }

  /** Loads the next page. */
  async more() {
    const { question, items, isLoading, hasMore } = this.#state;
    if (question && hasMore && !isLoading) await this.#load(question, items);
  }

  /** Shows nothing. */
  clear() {
    this.#become(NOTHING);
  }

  /** A page may be empty and have a next one: goes on until something is found.
   * @param {Question} question @param {readonly FoundMessage[]} before */
  async #load(question, before) {
    this.#become({ ...this.#state, isLoading: true, error: null });
    const isWanted = () => this.#state.question === question;
    try {
      let items = before;
      do {
        const query = { ...question, cursor: this.#cursor };
        const page = await this.#chat.request("GET", "search", { query });
        if (!isWanted()) return;
        this.#cursor = page.next_cursor;
        items = Object.freeze([...items, ...page.items]);
      } while (items.length === before.length && this.#cursor !== null);
      this.#become({ question, items, isLoading: false, hasMore: this.#cursor !== null, error: null });
    } catch (error) {
      if (!(error instanceof ChatError)) throw error;
      if (isWanted()) this.#become({ ...this.#state, isLoading: false, error });
    }
  }

  /** @param {SearchSnapshot} state */
  #become(state) {
    this.#state = Object.freeze(state);
    this.#store.changed();
  }
}
