/** The search dialog: a field, and the messages that match. */

import { Search } from "chat-client/search";
import { el, keyed } from "../parts/dom.js";
import { moment } from "../parts/words.js";

/** How long the page waits after the last key before it searches, in milliseconds. */
const PAUSE = 200;
/** The server takes 2 to 200 characters. */
const LEAST = 2;

const byId = (id) => document.getElementById(id);

export class SearchView {
  #search;
  #chat;
  #names;
  #rows;
  #onFound;
  /** The open conversation: the search may be limited to it. */
  #hereId = null;
  #timer;

  /** `onFound(message)` is called for the message that the person chooses. */
  constructor({ chat, names, onFound }) {
    this.#chat = chat;
    this.#names = names;
    this.#search = new Search(chat);
    this.#rows = keyed(byId("found"));
    this.#onFound = onFound;
    this.#search.subscribe(() => this.render());
    byId("search-input").addEventListener("input", () => this.#typed());
    byId("search-here").addEventListener("change", () => this.#ask());
    byId("search-more").addEventListener("click", () => this.#search.more());
    byId("search-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#ask();
    });
  }

  /** Opens the search. `hereId`: the open conversation, or null. */
  open(hereId) {
    this.#hereId = hereId;
    byId("search-here-label").hidden = hereId === null;
    byId("search-here").checked = false;
    byId("search-input").select();
    byId("search-dialog").showModal();
    this.#ask();
  }

  render() {
    if (!byId("search-dialog").open) return;
    const { question, items, isLoading, hasMore, error } = this.#search.getSnapshot();
    this.#rows(question ? items.map((item) => this.#row(item)) : []);
    byId("search-more").hidden = !hasMore || isLoading;
    byId("search-state").textContent = error ? error.message : this.#state(question, items, isLoading);
  }

  #state(question, { length }, isLoading) {
    if (!question) return "Type two letters or more.";
    if (isLoading) return "Searching…";
    if (length === 0) return "Nothing was found.";
    return length === 1 ? "One message" : `${length} messages`;
  }

  #typed() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#ask(), PAUSE);
  }

  #ask() {
    clearTimeout(this.#timer);
    const q = byId("search-input").value.trim();
    if ([...q].length < LEAST) {
      this.#search.clear();
      this.render();
      return;
    }
    const isHere = this.#hereId !== null && byId("search-here").checked;
    this.#search.ask({ q, ...(isHere && { conversation_id: this.#hereId }) });
  }

  #row(item) {
    const { message } = item;
    const conversation = this.#chat.conversation(message.conversation_id).getSnapshot().conversation;
    const where = conversation ? this.#names.ofConversation(conversation) : "";
    const who = this.#names.here(message.sender_id);
    return {
      key: message.id,
      parts: [item, where, who],
      build: () => this.#build(item, where, who),
    };
  }

  #build({ message, snippet }, where, who) {
    const click = () => {
      byId("search-dialog").close();
      this.#onFound(message);
    };
    const said = snippet.map(({ text, match }) => (match ? el("mark", {}, text) : text));
    return el(
      "li",
      {},
      el(
        "button",
        { type: "button", class: "choice found-message", "data-testid": "found", on: { click } },
        el("span", { class: "found-where" }, el("span", { dir: "auto" }, where), el("time", { class: "role", datetime: message.created_at }, moment(message.created_at))),
        el("span", { class: "quote-text", dir: "auto" }, `${who}: `, ...said),
      ),
    );
  }
}
