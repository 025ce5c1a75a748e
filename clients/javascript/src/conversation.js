/** What a person sees of one conversation, and what they can do in it. */

import { conversationPath } from "./connection/rest.js";

/**
 * @typedef {import("./model/conversation.js").Message} Message
 * @typedef {import("./outbox.js").Draft} Draft
 * @typedef {import("./model/own.js").Preferences} Preferences
 */

export class Conversation {
  #followed;
  #parts;

  /** @param {import("./followed.js").Followed} followed @param {import("./parts.js").Parts} parts */
  constructor(followed, parts) {
    this.#followed = followed;
    this.#parts = parts;
    this.id = followed.id;
    this.subscribe = followed.subscribe;
    this.getSnapshot = followed.getSnapshot;
  }

  /** Shows the conversation: loads its latest messages and read positions, and keeps them. The
   * promise resolves when they are there. */
  async open() {
    this.#followed.shows += 1;
    await this.#parts.loading.show(this.#followed);
  }

  /** Ends one `open`. When the last one has ended, only the latest messages are kept. */
  close() {
    const followed = this.#followed;
    followed.shows = Math.max(0, followed.shows - 1);
    if (followed.shows > 0) return;
    followed.model?.history.trim();
    followed.changed();
  }

  /** Loads the messages before those here. */
  async loadOlder() {
    if (this.#model?.history.hasOlder) await this.#parts.loading.page(this.#followed);
  }

  /** Sends a message, now or as soon as there is a connection. It is shown among `pending` until it
   * is stored. The promise resolves to the stored message; it need not be awaited.
   * @param {string | Draft} draft
   * @returns {Promise<Message>} */
  send(draft) {
    return this.#parts.outbox.add(this.id, typeof draft === "string" ? { text: draft } : draft);
  }

  /** Sends a refused message again. @param {string} clientId */
  retry(clientId) {
    this.#parts.outbox.retry(clientId);
  }

  /** Forgets a waiting or refused message. @param {string} clientId */
  discard(clientId) {
    this.#parts.outbox.discard(clientId);
  }

  /** @param {string} messageId @param {string | {text?: string, metadata?: object | null}} change
   * @returns {Promise<Message>} */
  async edit(messageId, change) {
    const fields = typeof change === "string" ? { text: change } : change;
    const { message } = await this.#act("message.edit", { message_id: messageId, ...fields });
    this.#parts.keep(message);
    return message;
  }

  /** Deletes a message for everybody. @param {string} messageId */
  async delete(messageId) {
    await this.#act("message.delete", { message_id: messageId });
  }

  /** The person has read up to this message, or to the latest one. It is shown at once.
   * @param {number} [seq] */
  read(seq = this.#model?.seq ?? 0) {
    const positions = this.#model?.positions;
    if (!positions) return;
    const clear = positions.markedUnread !== null;
    if (seq <= positions.readSeq && !clear) return;
    positions.want(seq);
    positions.markedUnread = null;
    this.#parts.reading.read(this.id, { seq, clear });
    this.#parts.changed(this.#followed);
  }

  /** Marks the conversation as unread from this message on, for me alone.
   * @param {number} [seq] the latest message, if it is left out */
  async markUnread(seq = this.#model?.seq ?? 0) {
    await this.#request("PUT", "unread", { seq });
    this.#model?.mergeOwn({ marked_unread: seq, read_seq: this.#model.positions.readSeq });
    this.#parts.changed(this.#followed);
  }

  /** Adds a reaction of mine. @param {string} messageId @param {string} emoji */
  react(messageId, emoji) {
    return this.#react("reaction.add", messageId, emoji);
  }

  /** Takes back a reaction of mine. @param {string} messageId @param {string} emoji */
  unreact(messageId, emoji) {
    return this.#react("reaction.remove", messageId, emoji);
  }

  /** Pins a message for everybody. @param {string} messageId */
  pin(messageId) {
    return this.#pin("PUT", messageId);
  }

  /** @param {string} messageId */
  unpin(messageId) {
    return this.#pin("DELETE", messageId);
  }

  /** Changes my own settings here: archives, pins or mutes the conversation.
   * @param {Partial<Omit<Preferences, "archived_seq">>} changes */
  async setPreferences(changes) {
    const preferences = await this.#request("PATCH", "preferences", changes);
    this.#model?.own.set(preferences);
    this.#parts.changed(this.#followed);
  }

  /** Call this at every change of the text that the person writes. */
  typing() {
    this.#parts.typingTeller.typing(this.id);
  }

  /** The person no longer writes. */
  stopTyping() {
    this.#parts.typingTeller.stop();
  }

  /** @param {string} type @param {string} messageId @param {string} emoji */
  async #react(type, messageId, emoji) {
    const { message } = await this.#act(type, { message_id: messageId, emoji });
    const reaction = { by: this.#parts.userId(), emoji, added: type === "reaction.add" };
    this.#parts.keep(message, reaction);
  }

  /** @param {string} method @param {string} messageId */
  async #pin(method, messageId) {
    const path = `messages/${encodeURIComponent(messageId)}/pin`;
    this.#parts.keep(await this.#request(method, path));
  }

  /** @param {string} method @param {string} path below the conversation @param {object} [body] */
  #request(method, path, body) {
    return this.#parts.rest.request(method, `${conversationPath(this.id)}/${path}`, { body });
  }

  get #model() {
    return this.#followed.model;
  }

  /** Sends a command as soon as there is a connection, until there is a final answer.
   * @param {string} type @param {object} fields @returns {Promise<any>} */
  async #act(type, fields) {
    const { session } = this.#parts;
    for (;;) {
      await session.live();
      const answer = await session.persist(type, () => ({ conversation_id: this.id, ...fields }));
      if (answer !== null) return answer;
    }
  }
}
