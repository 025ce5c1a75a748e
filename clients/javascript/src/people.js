/** `chat-client/people`: the names and pictures of people, by user id.
 *
 * A store: `subscribe` and `getSnapshot`. Messages and events name people by id. No event tells of
 * another name, so a profile is loaded again when somebody needs it after ten minutes.
 */

import { Batches } from "./batches.js";
import { pause, repeat, retryDelay } from "./delays.js";
import { ChatError } from "./errors.js";
import { Store } from "./store.js";

/**
 * @typedef {import("../schema/rest.js").components["schemas"]["User"]} Profile
 * @typedef {Readonly<Record<string, Profile>>} PeopleSnapshot by user id
 */

const FRESH = 10 * 60_000;
/** How many profiles are kept. */
const MAX_KEPT = 5000;

export class People {
  /** By user id, the latest last. @type {Map<string, {profile: Profile | null, at: number}>} */
  #kept = new Map();
  /** By user id: how many want them. @type {Map<string, number>} */
  #wanted = new Map();
  #isRepeating = false;
  /** Whether a request for wanted people has failed since they were last asked for. */
  #hasFailed = false;
  #chat;
  #batches;
  /** @type {Store<PeopleSnapshot>} */
  #store = new Store(() => this.#snapshot());
  subscribe = this.#store.subscribe;
  getSnapshot = this.#store.getSnapshot;

  /** @param {import("./client.js").ChatClient} chat */
  constructor(chat) {
    this.#chat = chat;
    this.#batches = new Batches((ids) => this.#ask({ user_ids: ids.join() }, ids));
  }

  /** The name of a person to show: their id, as long as no name is known. @param {string} userId */
  name(userId) {
    return this.#kept.get(userId)?.profile?.name ?? userId;
  }

  /** Loads people, except the people whom a recent answer named. Requests of one step of the event loop
   * become one. @param {readonly string[]} userIds */
  async need(userIds) {
    const now = performance.now();
    const missing = userIds.filter((id) => !(now - (this.#kept.get(id)?.at ?? -Infinity) < FRESH));
    await Promise.all(missing.map((id) => this.#batches.ask(id)));
  }

  /** Loads people as `need` does, and asks again until there is an answer. Returns a function that ends
   * this. @param {readonly string[]} userIds */
  want(userIds) {
    const ids = new Set(userIds);
    for (const id of ids) this.#wanted.set(id, (this.#wanted.get(id) ?? 0) + 1);
    this.need([...ids]).catch((error) => this.#failed(error));
    return () => {
      for (const id of ids) {
        const left = (this.#wanted.get(id) ?? 0) - 1;
        if (left > 0) this.#wanted.set(id, left);
        else this.#wanted.delete(id);
      }
      ids.clear();
    };
  }

  /** Loads the present and former people of a conversation. @param {string} conversationId */
  async ofConversation(conversationId) {
    let cursor = null;
    do {
      const query = { conversation_id: conversationId, cursor, limit: 100 };
      const page = await this.#chat.request("GET", "users", { query });
      this.#keep(page.items);
      cursor = page.next_cursor;
    } while (cursor !== null);
  }

  /** Changes my own name, my picture, or both. @param {{name?: string, picture?: string | null}} changes */
  async change(changes) {
    const { user_id, name, picture } = await this.#chat.request("PATCH", "me", { body: changes });
    this.#keep([{ user_id, name, picture, is_service: false }]);
  }

  /** All that is wanted is asked for together. @param {unknown} error */
  async #failed(error) {
    if (!(error instanceof ChatError)) throw error;
    if (!error.passing) return; // refused: it would be again
    this.#hasFailed = true;
    if (this.#isRepeating) return;
    this.#isRepeating = true;
    while (this.#hasFailed) {
      this.#hasFailed = false;
      await pause(retryDelay(error, 0));
      await repeat(() => this.need([...this.#wanted.keys()]), () => this.#wanted.size > 0).catch(() => {});
    }
    this.#isRepeating = false;
  }

  /** @param {Record<string, unknown>} query @param {string[]} ids */
  async #ask(query, ids) {
    const { items } = await this.#chat.request("GET", "users", { query });
    const found = new Map(items.map((/** @type {Profile} */ one) => [one.user_id, one]));
    // Who shares no conversation with me is not asked for again at once.
    this.#keep(items, ids.filter((id) => !found.has(id)));
    return found;
  }

  /** @param {Profile[]} profiles @param {string[]} [unknown] */
  #keep(profiles, unknown = []) {
    const at = performance.now();
    for (const id of [...unknown, ...profiles.map((one) => one.user_id)]) this.#kept.delete(id);
    for (const id of unknown) this.#kept.set(id, { profile: null, at });
    for (const profile of profiles) this.#kept.set(profile.user_id, { profile: Object.freeze(profile), at });
    for (const [id] of this.#kept) {
      if (this.#kept.size <= MAX_KEPT) break;
      this.#kept.delete(id);
    }
    this.#store.changed();
  }

  #snapshot() {
    /** @type {Record<string, Profile>} */
    const people = {};
    for (const [id, { profile }] of this.#kept) if (profile) people[id] = profile;
    return Object.freeze(people);
  }
}
