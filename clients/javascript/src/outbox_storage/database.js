/** The messages in IndexedDB: one record a message, with its person and the page that sends it. */

import { ChatError } from "../errors.js";

/**
 * @typedef {import("../outbox.js").Pending} Pending
 * @typedef {{item: Pending, order: number}} Stored messages leave in this order
 */

const TABLE = "messages";
const BY_PAGE = "by_page";

export class Database {
  #name;
  /** @type {Promise<IDBDatabase> | null} */
  #opening = null;

  /** @param {string} name */
  constructor(name) {
    this.#name = name;
  }

  /** @param {string} name @returns {Promise<void>} */
  static async delete(name) {
    await answer(indexedDB.deleteDatabase(name));
  }

  /** @param {string} userId @param {string} page @param {Stored} stored */
  async put(userId, page, { item, order }) {
    const { error, ...fields } = item;
    const refusal = error && { ...error, detail: error.message, retry_after: error.retryAfter };
    const record = { user_id: userId, page, client_id: item.client_id, order, item: { ...fields, error: refusal } };
    await this.#write((table) => table.put(record));
  }

  /** @param {string} userId @param {string} clientId */
  async delete(userId, clientId) {
    await this.#write((table) => table.delete([userId, clientId]));
  }

  /** Returns the ids of the pages that left messages of a person. @param {string} userId
   * @returns {Promise<string[]>} */
  async pages(userId) {
    const index = (await this.#table("readonly")).index(BY_PAGE);
    const cursor = index.openKeyCursor(IDBKeyRange.bound([userId], [userId, []]), "nextunique");
    /** @type {string[]} */
    const pages = [];
    await new Promise((resolve, reject) => {
      cursor.onerror = () => reject(cursor.error);
      cursor.onsuccess = () => {
        const { result } = cursor;
        if (result === null) return resolve(null);
        pages.push(/** @type {string[]} */ (result.key)[1]);
        result.continue();
      };
    });
    return pages;
  }

  /** Returns the messages of one page, in order. @param {string} userId @param {string} page
   * @returns {Promise<Stored[]>} */
  async of(userId, page) {
    const index = (await this.#table("readonly")).index(BY_PAGE);
    /** @type {Stored[]} */
    const records = await answer(index.getAll([userId, page]));
    return records
      .sort((one, other) => one.order - other.order)
      .map(({ order, item: { error, ...fields } }) => ({
        order,
        item: Object.freeze({ ...fields, error: error && new ChatError(/** @type {object} */ (error)) }),
      }));
  }

  close() {
    this.#opening?.then((database) => database.close(), () => {});
    this.#opening = null;
  }

  /** @param {(table: IDBObjectStore) => IDBRequest} write */
  async #write(write) {
    const table = await this.#table("readwrite");
    await new Promise((resolve, reject) => {
      const { transaction } = table;
      transaction.oncomplete = resolve;
      transaction.onabort = () => reject(transaction.error); // such as a full disk
      write(table);
    });
  }

  /** @param {IDBTransactionMode} mode */
  async #table(mode) {
    this.#opening ??= this.#open();
    const database = await this.#opening;
    return database.transaction(TABLE, mode).objectStore(TABLE);
  }

  async #open() {
    const again = () => (this.#opening = null);
    try {
      const request = indexedDB.open(this.#name, 1);
      request.onupgradeneeded = () => {
        const table = request.result.createObjectStore(TABLE, { keyPath: ["user_id", "client_id"] });
        table.createIndex(BY_PAGE, ["user_id", "page"]);
      };
      const database = await answer(request);
      database.onclose = again; // the person deleted the data of the site
      database.onversionchange = () => {
        again();
        database.close();
      };
      return database;
    } catch (error) {
      again();
      throw error;
    }
  }
}

/** @template T @param {IDBRequest<T>} request @returns {Promise<T>} */
function answer(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
