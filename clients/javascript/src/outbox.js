/** The messages that the server has not acknowledged.
 *
 * Each has a `client_id`, so that sending it again never makes a second message. The messages of a
 * conversation leave in order: the next one after a final answer to the one before it.
 */

import { ChatError } from "./errors.js";
import { pause, retryDelay } from "./delays.js";
import { randomId } from "./ids.js";

/**
 * @typedef {import("../schema/frames.js").Message} Message
 *
 * @typedef {object} Draft
 * @property {string} text
 * @property {string} [reply_to] the id of the message that this one answers
 * @property {string[]} [mentions] user ids
 * @property {boolean} [mentions_all]
 * @property {Record<string, unknown> | null} [metadata]
 * @property {string[]} [attachments] ids of completed attachments: see `chat-client/files`
 *
 * @typedef {Draft & {
 *   conversation_id: string,
 *   client_id: string,
 *   created_at: string,
 *   error: ChatError | null,
 * }} Pending a message on its way; `error` says why it was refused for good
 *
 * @typedef {object} OutboxStorage keeps the waiting messages of a person
 * @property {string} [userId] whose page this is, if this is known before the first `hello`
 * @property {(userId: string, adopt: (items: Pending[]) => void) => Promise<void>} open calls `adopt`
 *   with what an earlier page left, and again when another page ends. Resolves after the first call,
 *   or without one if nothing can be stored; never rejects
 * @property {(items: readonly Pending[]) => void} save keeps these and no others, once `open` is called
 * @property {() => void} close stores no later message, and lets another page send the stored ones.
 *   `open` may follow
 */

/** How many messages may wait. */
const MAX_WAITING = 1000;
/** Conversations that send at the same time. */
const MAX_SENDING = 4;
/** A refusal for the rate counts against the client: the least time before the next attempt. */
const LEAST_REST = 2000;

export class Outbox {
  /** @type {readonly Pending[]} */
  items = Object.freeze([]);
  #send;
  #onSent;
  #onFailed;
  #onChange;
  #isLive;
  #storage;
  /** Resolves when what an earlier page left is here. @type {Promise<void> | null | undefined} */
  #opening;
  /** Whether what an earlier page left is here: it leaves first. */
  #isOpen;
  /** Whose messages these are. @type {string | null} */
  #userId = null;
  /** @type {Set<string>} */
  #sending = new Set();
  /** No message leaves before this time. */
  #restUntil = 0;
  /** By `client_id`. @type {Map<string, {resolve: (message: Message) => void, reject: (error: ChatError) => void}>} */
  #promises = new Map();

  /**
   * @param {object} options
   * @param {(item: Pending) => Promise<Message>} options.send
   * @param {() => boolean} options.isLive whether there is a connection
   * @param {(message: Message) => void} options.onSent
   * @param {(item: Pending) => void} options.onFailed
   * @param {(conversationId: string) => void} options.onChange
   * @param {OutboxStorage} [options.storage]
   */
  constructor({ send, isLive, onSent, onFailed, onChange, storage }) {
    this.#send = send;
    this.#isLive = isLive;
    this.#onSent = onSent;
    this.#onFailed = onFailed;
    this.#onChange = onChange;
    this.#storage = storage;
    this.#isOpen = !storage;
  }

  /** The waiting and the failed messages of one conversation, in the order they were written.
   * @param {string} conversationId */
  of(conversationId) {
    return this.items.filter((item) => item.conversation_id === conversationId);
  }

  /** Queues a message. The promise resolves to the message as stored; it need not be awaited.
   * @param {string} conversationId @param {Draft} draft
   * @returns {Promise<Message>} */
  add(conversationId, draft) {
    if (this.items.length >= MAX_WAITING) {
      const detail = `${MAX_WAITING} messages wait to be sent.`;
      throw new ChatError({ code: "outbox_full", detail });
    }
    /** @type {Pending} */
    const item = {
      ...draft,
      conversation_id: conversationId,
      client_id: randomId(),
      created_at: new Date().toISOString(),
      error: null,
    };
    const promise = new Promise((resolve, reject) => {
      this.#promises.set(item.client_id, { resolve, reject });
    });
    promise.catch(() => {}); // a caller that does not await it finds the error in the outbox
    this.#become([...this.items, Object.freeze(item)], conversationId);
    this.#run(conversationId);
    return promise;
  }

  /** Sends a failed message again, with the same `client_id`. @param {string} clientId */
  retry(clientId) {
    const item = this.#find(clientId);
    if (!item?.error) return;
    this.#replace(item, { ...item, error: null });
    this.#run(item.conversation_id);
  }

  /** Forgets a message. If it is on its way, it may arrive. @param {string} clientId */
  discard(clientId) {
    const item = this.#find(clientId);
    if (item) this.#remove(item);
  }

  /** Takes a message of mine, from a reply, an event, a sync or a page. @param {Message} message */
  settle(message) {
    const item = this.#find(message.client_id);
    if (!item) return;
    this.#promises.get(item.client_id)?.resolve(message);
    this.#remove(item);
  }

  /** Opens the storage of a person. If there is a connection, the messages that wait are sent.
   * Messages of another person leave the memory: stored ones wait until that person signs in again.
   * @param {string} [userId] */
  async resume(userId = this.#storage?.userId) {
    if (!userId) return;
    if (this.#userId && this.#userId !== userId) {
      this.close();
      for (const item of this.items) this.#remove(item);
    }
    this.#userId = userId;
    this.#opening ??= this.#storage?.open(userId, (items) => this.#adopt(items));
    this.#storage?.save(this.items);
    const opening = this.#opening;
    await opening;
    this.#isOpen ||= this.#opening === opening;
    for (const item of this.items) this.#run(item.conversation_id);
  }

  /** Closes the storage until `resume`. The messages stay here. */
  close() {
    this.#storage?.close();
    this.#opening = null;
    this.#isOpen = !this.#storage;
  }

  /** Takes what another page left. @param {Pending[]} left */
  #adopt(left) {
    this.items = [...left.filter((item) => !this.#find(item.client_id)), ...this.items];
    for (const one of left) {
      this.#become(this.items, one.conversation_id);
      this.#run(one.conversation_id);
    }
  }

  /** @param {string} conversationId */
  async #run(conversationId) {
    if (this.#sending.has(conversationId) || this.#sending.size >= MAX_SENDING) return;
    this.#sending.add(conversationId);
    try {
      for (let attempt = 0, last; ; attempt += 1) {
        const item = this.of(conversationId).find((one) => !one.error);
        if (!item || !this.#isOpen || !this.#isLive()) return;
        if (item !== last) attempt = 0;
        last = item;
        await this.#rest();
        if (this.items.includes(item) && this.#isLive()) await this.#attempt(item, attempt);
      }
    } finally {
      this.#sending.delete(conversationId);
      this.#next();
    }
  }

  /** Lets a conversation send that had to wait for others. */
  #next() {
    if (!this.#isOpen || !this.#isLive()) return;
    const item = this.items.find((one) => !one.error && !this.#sending.has(one.conversation_id));
    if (item) this.#run(item.conversation_id);
  }

  /** @param {Pending} item @param {number} attempt */
  async #attempt(item, attempt) {
    try {
      const message = await this.#send(item);
      this.#onSent(message);
      this.settle(message);
    } catch (error) {
      if (!(error instanceof ChatError)) throw error;
      if (!error.passing) this.#fail(item, error);
      else if (error.status !== 0) await this.#wait(error, attempt);
      // Without an answer: send it again at once, or after the next `hello`.
    }
  }

  /** @param {ChatError} error @param {number} attempt */
  async #wait(error, attempt) {
    const delay = retryDelay(error, attempt);
    if (error.status !== 429) return pause(delay);
    // The rate is the person's: it holds for all conversations.
    this.#restUntil = performance.now() + Math.max(LEAST_REST, delay);
  }

  async #rest() {
    for (let left; (left = this.#restUntil - performance.now()) > 0; ) await pause(left);
  }

  /** @param {Pending} item @param {ChatError} error */
  #fail(item, error) {
    if (!this.items.includes(item)) return;
    const failed = this.#replace(item, { ...item, error });
    this.#promises.get(item.client_id)?.reject(error);
    this.#promises.delete(item.client_id);
    this.#onFailed(failed);
  }

  /** @param {string | null | undefined} clientId */
  #find(clientId) {
    return this.items.find((item) => item.client_id === clientId);
  }

  /** @param {Pending} item @param {Pending} other */
  #replace(item, other) {
    Object.freeze(other);
    this.#become(
      this.items.map((one) => (one === item ? other : one)),
      item.conversation_id,
    );
    return other;
  }

  /** @param {Pending} item */
  #remove(item) {
    const gone = new ChatError({ code: "discarded", detail: "The message was discarded." });
    this.#promises.get(item.client_id)?.reject(gone);
    this.#promises.delete(item.client_id);
    this.#become(
      this.items.filter((one) => one !== item),
      item.conversation_id,
    );
  }

  /** @param {readonly Pending[]} items @param {string} conversationId */
  #become(items, conversationId) {
    this.items = Object.freeze(items);
    this.#storage?.save(items);
    this.#onChange(conversationId);
  }
}
