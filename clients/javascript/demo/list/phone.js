/** The lock screen of my phone: the pushes of the server's log backend, and the reason for each. */

import { mirror } from "../chat/notifications.js";
import { askAboutPush, why } from "../chat/pushes.js";
import { registration } from "../chat/service_worker.js";
import { el, keyed } from "../parts/dom.js";
import { avatar } from "../parts/avatar.js";
import { moment } from "../parts/words.js";

const DEVICE = "demo-phone";
const LOOK_EVERY = 2000;
/** Not part of the API. */
const NOTIFICATIONS = "/demo/notifications";

const byId = (id) => document.getElementById(id);

export class Phone {
  #chat;
  #me;
  #names;
  #rows = keyed(byId("phone-list"));
  #onOpen;
  #items = [];
  /** The notifications of the phone that this computer knows; null before the first look. It shows
   * no notification that the phone had before the page was opened. */
  #taken = null;
  #isRegistered = false;
  #isLoading = false;
  /** Why the phone rang, by message id. */
  #reasons = new Map();
  /** The service worker that shows the notifications on this computer.
   * @type {ServiceWorkerRegistration | null} */
  #registration = null;

  constructor({ chat, me, names, onOpen }) {
    this.#chat = chat;
    this.#me = me;
    this.#names = names;
    this.#onOpen = onOpen;
  }

  /** Registers the phone, as an app does at every start, shows it, and polls its notifications. */
  start() {
    const look = () => this.#look();
    setInterval(look, LOOK_EVERY);
    document.addEventListener("visibilitychange", look);
    this.#chat.connection.subscribe(look);
  }

  /** Shows the notifications on this computer too. */
  async mirror(workerUrl) {
    this.#registration = await registration(workerUrl);
  }

  /** Registers the phone if it is not registered, and loads its notifications. The next call repeats what
   * failed. */
  async #look() {
    // A server that has no connection to this page would not answer either.
    if (this.#isLoading || this.#chat.connection.getSnapshot().state !== "live") return;
    this.#isLoading = true;
    try {
      if (!this.#isRegistered) await this.#register();
      // A page that nobody sees has nothing to show, unless this computer shows notifications.
      if (!document.hidden || this.#registration) await this.#load();
    } catch (error) {
      if (error.name !== "ChatError") throw error;
    } finally {
      this.#isLoading = false;
    }
  }

  async #load() {
    const { items } = await this.#chat.request("GET", NOTIFICATIONS);
    this.#items = items;
    this.#render();
    const before = (this.#taken ??= items);
    if (this.#registration) {
      this.#taken = items;
      const isLooking = !document.hidden && document.hasFocus();
      await mirror(this.#registration, this.#me, { before, items, isLooking });
    }
    await this.#explain();
  }

  async #register() {
    const token = `${DEVICE}-${this.#me}`; // an app would have one from Firebase
    await this.#chat.request("PUT", `devices/${DEVICE}`, { body: { token, platform: "web" } });
    this.#isRegistered = true;
    byId("phone").hidden = false;
  }

  #render() {
    byId("phone-quiet").hidden = this.#items.length > 0;
    this.#rows(this.#items.map((item) => this.#row(item)));
  }

  /** Asks why the phone rang, once for each notification. */
  async #explain() {
    const ids = new Set(this.#items.map((one) => one.message_id));
    for (const id of this.#reasons.keys()) if (!ids.has(id)) this.#reasons.delete(id);
    for (const { tag, message_id: id } of this.#items) {
      if (this.#reasons.has(id)) continue;
      const push = await askAboutPush(this.#chat, { conversation_id: tag, message_id: id });
      if (push.verdict !== "pending") this.#reasons.set(id, why(push));
    }
    this.#render();
  }

  #row(item) {
    const reason = this.#reasons.get(item.message_id) ?? "";
    const name = this.#names.of(item.sender_id);
    const { title, body, at } = item;
    const parts = [item.message_id, title, body, at, name, reason];
    return { key: item.tag, parts, build: () => this.#build(item, name, reason) };
  }

  #build({ tag, title, body, sender_id: sender, at }, name, reason) {
    const button = el(
      "button",
      {
        type: "button",
        class: "notification",
        "data-testid": "notification",
        on: { click: () => this.#onOpen(tag) },
      },
      avatar(sender, name, { small: true }),
      el("span", { class: "notification-title", dir: "auto" }, title),
      el("time", { class: "item-time", datetime: at }, moment(at)),
      el("span", { class: "notification-body", dir: "auto" }, body),
      reason ? el("span", { class: "notification-why", "data-testid": "why" }, reason) : null,
    );
    return el("li", {}, button);
  }
}
