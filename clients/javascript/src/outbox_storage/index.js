/** `chat-client/outbox`: keeps the messages that wait to be sent, so that they survive a reload.
 *
 * The messages of a page belong to this page: no other one sends them while it lives. When it ends,
 * another page of the same browser takes them over. What cannot be stored, because the disk is full or
 * the browser forbids it, stays in memory.
 */

import { Database } from "./database.js";
import { Place } from "./place.js";

/**
 * @typedef {import("../outbox.js").Pending} Pending
 * @typedef {import("../outbox.js").OutboxStorage} OutboxStorage
 *
 * @typedef {object} StoredOutboxOptions
 * @property {string} [name] of the database: another one for each server, if a page uses several
 * @property {(error: unknown) => void} [onFailure] called when messages could not be stored: they get
 *   lost if the page ends now
 */

const NAME = "chat-outbox";

/** @implements {OutboxStorage} */
export class StoredOutbox {
  #name;
  #onFailure;
  /** The present person's, from `open` to `close`. @type {Place | null} */
  #place = null;

  /** @param {StoredOutboxOptions} [options] */
  constructor({ name = NAME, onFailure = () => {} } = {}) {
    this.#name = name;
    this.#onFailure = onFailure;
  }

  /** @param {string} userId @param {(items: Pending[]) => void} adopt */
  open(userId, adopt) {
    this.#place = new Place(this.#name, userId, this.#onFailure);
    return this.#place.open(adopt);
  }

  /** @param {readonly Pending[]} items */
  save(items) {
    this.#place?.save(items);
  }

  close() {
    this.#place?.close();
    this.#place = null;
  }
}

/** Deletes all messages that wait in this browser, of all people. Call it before a client is made, or
 * after everybody was signed out. @param {string} [name] of the database
 * @returns {Promise<void>} */
export function forgetStoredOutbox(name = NAME) {
  return Database.delete(name);
}
