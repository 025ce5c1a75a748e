/** The pinned messages of a conversation: a button with their number, and a dialog that lists them. */

import { el } from "../parts/dom.js";
import { fullTime } from "../parts/words.js";

const byId = (id) => document.getElementById(id);

export class Pins {
  #names;
  #list;
  #reveal;

  /** `list()` loads the pinned messages of the open conversation; `reveal(message)` shows one. */
  constructor({ names, list, reveal }) {
    this.#names = names;
    this.#list = list;
    this.#reveal = reveal;
  }

  render({ pinned_count: count }) {
    const button = byId("pins");
    button.hidden = count === 0;
    button.textContent = `📌 ${count}`;
    button.setAttribute("aria-label", `Pinned messages: ${count}`);
  }

  /** Opens the list. */
  async open() {
    const pinned = await this.#list();
    byId("pin-list").replaceChildren(...pinned.map((message) => this.#item(message)));
    byId("pins-dialog").showModal();
  }

  #item(message) {
    const click = () => {
      byId("pins-dialog").close();
      this.#reveal(message);
    };
    return el(
      "li",
      {},
      el(
        "button",
        { type: "button", class: "choice pinned", "data-testid": "pinned-message", on: { click } },
        el("span", { class: "quote-who" }, this.#names.here(message.sender_id)),
        el("span", { class: "quote-text", dir: "auto" }, this.#names.said(message)),
        el("time", { class: "role", datetime: message.created_at }, fullTime(message.created_at)),
      ),
    );
  }
}
