/** The messages that the server has not acknowledged.
 *
 * Each has a `client_id`, so that sending it again never makes a second message. The messages of a
 * conversation leave in order: the next one after a final answer to the one before it.
 */

import { ChatError, sessionEnded } from "./errors.js";
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
  #onFailed;
  #onChange;
  #isLive;
  #storage;
  /** Resolves when the messages of an earlier page are here. @type {Promise<void> | null | undefined} */
  #opening;
  /** Whether the messages of an earlier page are here: they are sent first. */
  #isOpen;
  /** Whose messages these are. @type {string | null} */
  #userId = null;
  /** @type {Set<string>} */
  #sending = new Set();
  /** No message leaves before this time. */
  #restUntil = 0;
  /** By `client_id`. @type {Map<string, [(message: Message) => void, (error: ChatError) => void]>} */
  #promises = new Map();
  /** Whether the session has ended. */
  #isOver = false;

  /**
   * @param {object} options
   * @param {(item: Pending) => Promise<Message>} options.send
   * @param {() => boolean} options.isLive whether there is a connection
   * @param {(item: Pending, error: ChatError) => void} options.onFailed
   * @param {(conversationId: string) => void} options.onChange
   * @param {OutboxStorage} [options.storage]
   */
  constructor({ send, isLive, onFailed, onChange, storage }) {
    this.#send = send;
    this.#isLive = isLive;
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

  /** Queues a message. The promise resolves to the message as stored; it need not be awaited. When
   * too many messages are here, the oldest refused one makes room.
   * @param {string} conversationId @param {Draft} draft
   * @returns {Promise<Message>} */
  add(conversationId, draft) {
    /** @type {Draft} */
    const content = JSON.parse(JSON.stringify(draft)); // the app may change its objects
    if (this.items.length >= MAX_WAITING) {
      const refused = this.items.find((one) => one.error);
      const detail = `${MAX_WAITING} messages wait to be sent.`;
      if (!refused) throw new ChatError({ code: "outbox_full", detail });
      this.#remove(refused);
    }
    /** @type {Pending} */
    const item = {
      ...content,
      conversation_id: conversationId,
      client_id: randomId(),
      created_at: new Date().toISOString(),
      error: null,
    };
    const promise = new Promise((resolve, reject) => {
      this.#promises.set(item.client_id, [resolve, reject]);
    });
    promise.catch(() => {}); // a caller that does not await it finds the error in the outbox
    this.session(this.#isOver);
    this.#become([...this.items, item], conversationId);
    this.#runAll();
    return promise;
  }

  /** Sends a failed message again, with the same `client_id`. @param {string} clientId */
  retry(clientId) {
    const item = this.#find(clientId);
    if (!item?.error) return;
    this.#replace(item, { ...item, error: null });
    this.#runAll();
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
    this.#promises.get(item.client_id)?.[0](message);
    this.#remove(item);
  }

  /** Notes whether the session has ended. If it has, the promises of `send` reject, and the messages
   * wait for the next session. @param {boolean} isOver */
  session(isOver) {
    this.#isOver = isOver;
    if (isOver) for (const [, reject] of this.#promises.values()) reject(sessionEnded());
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
    this.#runAll();
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
    for (const one of left) this.#become(this.items, one.conversation_id);
    this.#runAll();
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
      this.#runAll(); // conversations that waited for a free place
    }
  }

  #runAll() {
    if (!this.#isOpen || !this.#isLive()) return;
    for (const item of this.items) if (!item.error) this.#run(item.conversation_id);
  }

  /** @param {Pending} item @param {number} attempt */
  async #attempt(item, attempt) {
    try {
      this.settle(await this.#send(item));
    } catch (failure) {
      const error = /** @type {ChatError} */ (failure);
      if (!error.passing) this.#fail(item, error);
      else if (error.status !== 0 || attempt > 0) await this.#wait(error, attempt);
      // Without an answer: send it again at once, and later; or after the next `hello`.
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
    this.#replace(item, { ...item, error });
    this.#reject(item, error);
    this.#onFailed(item, error);
  }

  /** @param {string | null | undefined} clientId */
  #find(clientId) {
    return this.items.find((item) => item.client_id === clientId);
  }

  /** @param {Pending} item @param {Pending[]} others in its place */
  #replace(item, ...others) {
    this.#become(
      this.items.flatMap((one) => (one === item ? others : one)),
      item.conversation_id,
    );
  }

  /** @param {Pending} item */
  #remove(item) {
    this.#reject(item, new ChatError({ code: "discarded" }));
    this.#replace(item);
  }

  /** @param {Pending} item @param {ChatError} error */
  #reject({ client_id: id }, error) {
    this.#promises.get(id)?.[1](error);
    this.#promises.delete(id);
  }

  /** @param {readonly Pending[]} items @param {string} conversationId */
  #become(items, conversationId) {
    for (const one of items) Object.freeze(one);
    this.items = Object.freeze(items);
    this.#storage?.save(items);
    this.#onChange(conversationId);
  }
}
