/** `chat-client/presence`: whether people are there.
 *
 * A store: `subscribe` and `getSnapshot`. Parts of a page watch the people that they show. All
 * parts together watch at most 300 people: the first 300 that they asked for.
 */

import { retryDelay } from "./delays.js";
import { ChatError } from "./errors.js";
import { Store } from "./store.js";

/**
 * @typedef {object} PersonPresence
 * @property {string} user_id
 * @property {"online" | "reachable" | "offline"} status
 * @property {string | null} last_active_at
 *
 * @typedef {Readonly<Record<string, PersonPresence>>} PresenceSnapshot by user id
 */

/** How many people the server lets one person watch, by default. */
const MAX_WATCHED = 300;

export class Presence {
  /** By user id. Who is no longer watched stays until the end of the step of the event loop: the
   * server tells nothing anew of who is watched again at once. @type {Map<string, PersonPresence>} */
  #people = new Map();
  /** By user id: how many watch. @type {Map<string, number>} */
  #watches = new Map();
  #chat;
  /** What the server was asked to watch on this connection. */
  #asked = "";
  #isAsking = false;
  /** @type {(() => void)[]} */
  #stops;
  /** @type {Store<PresenceSnapshot>} */
  #store = new Store(() => this.#snapshot());
  subscribe = this.#store.subscribe;
  getSnapshot = this.#store.getSnapshot;

  /** @param {import("./client.js").ChatClient} chat */
  constructor(chat) {
    this.#chat = chat;
    this.#stops = [
      chat.on("presence.changed", (event) => this.#changed(event)),
      chat.on("connection", () => {
        this.#asked = ""; // a watch belongs to one connection
        this.#ask();
      }),
    ];
  }

  /** Watches these people too. Returns a function that ends this.
   * @param {readonly string[]} userIds */
  watch(userIds) {
    const ids = new Set(userIds);
    for (const id of ids) this.#become(id, (this.#watches.get(id) ?? 0) + 1);
    this.#askSoon();
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      for (const id of ids) this.#become(id, (this.#watches.get(id) ?? 0) - 1);
      this.#askSoon();
    };
  }

  /** Watches nobody any more, and ends the subscription to the client. */
  close() {
    for (const stop of this.#stops.splice(0)) stop();
    this.#watches.clear();
    this.#people.clear();
    this.#store.changed();
    this.#ask();
  }

  /** @param {string} id @param {number} count how many watch */
  #become(id, count) {
    if (count > 0) this.#watches.set(id, count);
    else this.#watches.delete(id);
    if (this.#people.has(id)) this.#store.changed();
  }

  /** What begins and ends in one step of the event loop is one command. */
  #askSoon() {
    queueMicrotask(() => {
      for (const id of this.#people.keys()) if (!this.#watches.has(id)) this.#people.delete(id);
      this.#ask();
    });
  }

  async #ask() {
    if (this.#isAsking) return;
    this.#isAsking = true;
    for (let attempt = 0; this.#isLive; attempt += 1) {
      const userIds = [...this.#watches.keys()].slice(0, MAX_WATCHED);
      const wanted = JSON.stringify([...userIds].sort());
      if (wanted === (this.#asked || "[]")) break;
      this.#asked = wanted;
      try {
        const answer = await this.#chat.command("presence.watch", { user_ids: userIds });
        if (this.#asked === wanted) answer.items.forEach(this.#changed, this);
      } catch (error) {
        if (!(error instanceof ChatError) || !error.passing) break; // refused: it would be again
        if (this.#asked === wanted) this.#asked = "";
        await new Promise((resolve) => setTimeout(resolve, retryDelay(error, attempt)));
      }
    }
    this.#isAsking = false;
  }

  get #isLive() {
    return this.#chat.connection.getSnapshot().state === "live";
  }

  #snapshot() {
    return Object.freeze(Object.fromEntries([...this.#people].filter(([id]) => this.#watches.has(id))));
  }

  /** @param {PersonPresence} person */
  #changed({ user_id, status, last_active_at }) {
    if (!this.#watches.has(user_id)) return;
    this.#people.set(user_id, Object.freeze({ user_id, status, last_active_at }));
    this.#store.changed();
  }
}
