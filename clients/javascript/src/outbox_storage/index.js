/** `chat-client/outbox`: keeps the messages that wait to be sent, so that they survive a reload.
 *
 * The messages of a page belong to this page: no other one sends them before it ends or disconnects.
 * Then another page of the same browser takes them over. A message stays in memory if it cannot be
 * stored: because the disk is full, because the browser forbids it, or because nobody has told yet
 * whose message it is.
 */

import { Database } from "./database.js";
import { Place } from "./place.js";

/**
 * @typedef {import("../outbox.js").Pending} Pending
 * @typedef {import("../outbox.js").OutboxStorage} OutboxStorage
 *
 * @typedef {object} StoredOutboxOptions
 * @property {string} [name] of the database: another one for each server, if a page uses several
 * @property {string} [userId] the person who signs in, if the page knows this: what they send before
 *   the first connection is then stored too. Another person needs another client
 * @property {(error: unknown) => void} [onFailure] called when messages could not be stored: they get
 *   lost if the page ends now
 */

const NAME = "chat-outbox";

/** Resolves when every closed outbox has written what it had to write. @type {Promise<unknown>} */
let closed = Promise.resolve();

/** @implements {OutboxStorage} */
export class StoredOutbox {
  #name;
  #onFailure;
  /** The present person's, from `open` to `close`. @type {Place | null} */
  #place = null;
  /** How many messages there were at the latest `save`. */
  #count = 0;

  /** @param {StoredOutboxOptions} [options] */
  constructor({ name = NAME, userId, onFailure = () => {} } = {}) {
    this.#name = name;
    /** @readonly */
    this.userId = userId;
    this.#onFailure = onFailure;
  }

  /** @param {string} userId @param {(items: Pending[]) => void} adopt */
  open(userId, adopt) {
    this.#place = new Place(this.#name, userId, this.#onFailure);
    return this.#place.open(adopt);
  }

  /** @param {readonly Pending[]} items */
  save(items) {
    if (this.#place) this.#place.save(items);
    else if (items.length > this.#count) {
      this.#onFailure(new Error("The message is in memory only: nobody is signed in."));
    }
    this.#count = items.length;
  }

  close() {
    closed = Promise.all([closed, this.#place?.close()]);
    this.#place = null;
  }
}

/** Deletes all messages that wait in this browser, of all people. Call it before a client is made, or
 * after everybody was signed out. @param {string} [name] of the database
 * @returns {Promise<void>} */
export async function forgetStoredOutbox(name = NAME) {
  await closed;
  await Database.delete(name);
}
