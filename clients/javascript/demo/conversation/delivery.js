/** The dialog about the delivery of a message: to each of the other people, or to my phone. */

import { askAboutPush, inWords } from "../chat/pushes.js";
import { avatar } from "../parts/avatar.js";
import { el } from "../parts/dom.js";

const STATES = {
  read: "Read",
  delivered: "Delivered",
  notified: "Got a push",
  pending: "Not yet",
};

const byId = (id) => document.getElementById(id);

export class Delivery {
  #chat;
  #names;

  constructor({ chat, names }) {
    this.#chat = chat;
    this.#names = names;
  }

  /** Shows for each of the other people whether my message has reached them. */
  async openOwn({ conversation_id: id, id: messageId }) {
    const [conversation, message] = [id, messageId].map(encodeURIComponent);
    const path = `conversations/${conversation}/messages/${message}/delivery`;
    const { items } = await this.#chat.request("GET", path);
    this.#open("Who has it", items.map((item) => this.#person(item)));
  }

  /** Shows whether my phone rang for a message of somebody else, and why. */
  async openPush({ conversation_id, id }) {
    const push = await askAboutPush(this.#chat, { conversation_id, message_id: id });
    this.#open("Your phone", [el("li", { class: "person", "data-testid": "push-why" }, inWords(push))]);
  }

  #open(title, rows) {
    byId("delivery-title").textContent = title;
    byId("delivery-list").replaceChildren(...rows);
    byId("delivery-dialog").showModal();
  }

  #person({ user_id: id, state }) {
    const name = this.#names.of(id);
    return el(
      "li",
      { class: "person", "data-testid": "delivery-person" },
      avatar(id, name, { small: true }),
      el("span", { class: "person-name", dir: "auto" }, name),
      el("span", { class: "role" }, STATES[state]),
    );
  }
}
