/** The stored messages of one person, as one page keeps them. */

import { pause } from "../delays.js";
import { Database } from "./database.js";
import { Pages } from "./pages.js";

/**
 * @typedef {import("../outbox.js").Pending} Pending
 * @typedef {import("./database.js").Stored} Stored
 */

/** How long sending and closing wait for the database, in milliseconds. Some browsers never answer. */
export const PATIENCE = 3000;

export class Place {
  #userId;
  #onFailure;
  #database;
  #pages;
  /** What is stored for this page, or will be, by `client_id`. @type {Map<string, Stored>} */
  #stored = new Map();
  #lastOrder = 0;
  #isClosed = false;
  /** Resolves when this page has its lock: nothing is stored before. */
  #locked;
  /** What is being read and written. @type {Set<Promise<void>>} */
  #works = new Set();

  /** @param {string} name of the database @param {string} userId
   * @param {(error: unknown) => void} onFailure */
  constructor(name, userId, onFailure) {
    this.#userId = userId;
    this.#onFailure = onFailure;
    this.#database = new Database(name);
    this.#pages = new Pages(`${name}.${userId}`);
    this.#locked = this.#pages.open();
  }

  /** Takes over what other pages left, now and as each of them ends.
   * @param {(items: Pending[]) => void} adopt */
  async open(adopt) {
    await Promise.race([this.#try(() => this.#open(adopt)), pause(PATIENCE)]);
  }

  /** Stores these messages, and no others. @param {readonly Pending[]} items */
  save(items) {
    const ids = new Set(items.map((item) => item.client_id));
    for (const id of this.#stored.keys()) {
      if (ids.has(id)) continue;
      this.#stored.delete(id);
      this.#try(() => this.#database.delete(this.#userId, id));
    }
    for (const item of items) {
      const stored = this.#stored.get(item.client_id);
      if (stored?.item !== item) this.#put(item, stored?.order);
    }
  }

  /** Takes over nothing more. Gives the lock back as soon as everything is written. */
  async close() {
    this.#isClosed = true;
    await Promise.race([Promise.all(this.#works), pause(PATIENCE)]);
    this.#pages.close();
    this.#database.close();
  }

  /** @param {(items: Pending[]) => void} adopt */
  async #open(adopt) {
    const left = await this.#database.pages(this.#userId);
    await this.#pages.inherit(left, (page) => this.#try(() => this.#inherit(page, adopt)));
  }

  /** @param {string} page that has ended @param {(items: Pending[]) => void} adopt */
  async #inherit(page, adopt) {
    const left = await this.#database.of(this.#userId, page);
    if (this.#isClosed || left.length === 0) return;
    // What was left goes first: it was written first.
    const own = [...this.#stored.values()].map(({ item }) => item);
    this.#stored.clear();
    const writing = [...left.map(({ item }) => item), ...own].map((item) => this.#put(item));
    adopt(left.map(({ item }) => item));
    await Promise.all(writing); // before another page gets the lock
  }

  /** @param {Pending} item @param {number} [order] */
  #put(item, order) {
    if (order === undefined) this.#pages.tell();
    const stored = { item, order: order ?? (this.#lastOrder += 1) };
    this.#stored.set(item.client_id, stored);
    return this.#try(() => this.#database.put(this.#userId, this.#pages.own, stored));
  }

  /** @param {() => Promise<unknown>} work @returns {Promise<void>} never rejects */
  #try(work) {
    const trying = this.#work(work).finally(() => this.#works.delete(trying));
    this.#works.add(trying);
    return trying;
  }

  /** Works in the order of the calls, as far as it works at all: a message that cannot be stored
   * stays in memory. @param {() => Promise<unknown>} work */
  async #work(work) {
    try {
      await this.#locked;
      await work();
    } catch (error) {
      this.#onFailure(error);
    }
  }
}
