/** Where the files of messages are: addresses that work for some minutes, without a token. */

import { conversationPath } from "../connection/rest.js";
import { Batches } from "../batches.js";

/**
 * @typedef {import("../../schema/rest.js").components["schemas"]["File"]} FileAddress
 */

/** An address is not given out shortly before it expires. */
const LEAST_LEFT = 60_000;
/** How many addresses are kept. */
const MAX_KEPT = 1000;

/** Gives the addresses of files, and keeps each until shortly before it expires. */
export class FileAddresses {
  #chat;
  /** By attachment id, the latest last. @type {Map<string, FileAddress>} */
  #kept = new Map();
  /** By conversation id. @type {Map<string, Batches<FileAddress>>} */
  #batches = new Map();

  /** @param {import("../client.js").ChatClient} chat */
  constructor(chat) {
    this.#chat = chat;
  }

  /** Resolves to the addresses of a file, `url` and `thumbnail_url`; null if the person may not see it.
   * They work for a minute at least. Requests of one step of the event loop become one.
   * @param {string} conversationId @param {string} attachmentId
   * @returns {Promise<FileAddress | null>} */
  async get(conversationId, attachmentId) {
    const kept = this.#kept.get(attachmentId);
    if (kept && Date.parse(kept.expires_at) - this.#chat.now() > LEAST_LEFT) return kept;
    const batches = this.#batches.get(conversationId) ?? this.#begin(conversationId);
    try {
      const found = await batches.ask(attachmentId);
      if (found) this.#keep(found);
      return found;
    } finally {
      if (batches.isIdle) this.#batches.delete(conversationId);
    }
  }

  /** @param {string} conversationId */
  #begin(conversationId) {
    const path = `${conversationPath(conversationId)}/attachments`;
    const batches = new Batches(async (ids) => {
      const { items } = await this.#chat.request("GET", path, { query: { ids: ids.join() } });
      return new Map(items.map((/** @type {FileAddress} */ one) => [one.id, one]));
    });
    this.#batches.set(conversationId, batches);
    return batches;
  }

  /** @param {FileAddress} address */
  #keep(address) {
    this.#kept.delete(address.id);
    this.#kept.set(address.id, address);
    for (const [id] of this.#kept) {
      if (this.#kept.size <= MAX_KEPT) break;
      this.#kept.delete(id);
    }
  }
}
