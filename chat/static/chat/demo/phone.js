/** My phone's lock screen: the pushes of the server's log backend. */

import { el, keyed } from "./dom.js";
import { hue, initial, moment } from "./words.js";

const DEVICE = "demo-phone";
const LOOK_EVERY = 2000;

export class Phone {
  #api;
  #me;
  #names;
  #section;
  #rows;
  #quiet;
  #onOpen;

  constructor({ api, me, names, section, list, quiet, onOpen }) {
    this.#api = api;
    this.#me = me;
    this.#names = names;
    this.#section = section;
    this.#rows = keyed(list);
    this.#quiet = quiet;
    this.#onOpen = onOpen;
  }

  /** Registers the phone, as an app does at every start, and polls its notifications. */
  async start() {
    this.#section.hidden = false;
    const token = `${DEVICE}-${this.#me}`; // an app would have one from Firebase
    await this.#attempt(() => this.#api.registerDevice(DEVICE, { token, platform: "web" }));
    const look = () => document.hidden || this.#look();
    setInterval(look, LOOK_EVERY);
    document.addEventListener("visibilitychange", look);
    look();
  }

  #look() {
    return this.#attempt(async () => {
      const { items } = await this.#api.listDemoNotifications();
      this.#quiet.hidden = items.length > 0;
      this.#rows(items.map((item) => this.#row(item)));
    });
  }

  #row(item) {
    return { key: item.tag, signature: JSON.stringify(item), build: () => this.#build(item) };
  }

  #build({ tag, title, body, sender_id: sender, at }) {
    const who = this.#names.of(sender);
    const button = el(
      "button",
      {
        type: "button",
        class: "notification",
        "data-testid": "notification",
        on: { click: () => this.#onOpen(tag) },
      },
      el("span", { class: `avatar small hue-${hue(sender)}`, "aria-hidden": "true" }, initial(who)),
      el("span", { class: "notification-title", dir: "auto" }, title),
      el("time", { class: "item-time", datetime: at }, moment(at)),
      el("span", { class: "notification-body", dir: "auto" }, body),
    );
    return el("li", {}, button);
  }

  /** If a poll fails, the next one makes up for it. */
  async #attempt(work) {
    try {
      await work();
    } catch (error) {
      if (error.name !== "ChatError") throw error;
    }
  }
}
