/** What a person sees of one conversation, and what they can do in it. */

import { conversationPath } from "./connection/rest.js";
import { ChatError } from "./errors.js";

/**
 * @typedef {import("./model/conversation.js").Message} Message
 * @typedef {import("./outbox.js").Draft} Draft
 * @typedef {import("./model/own.js").Preferences} Preferences
 */

export class Conversation {
  #parts;

  /** @param {string} id @param {import("./parts.js").Parts} parts */
  constructor(id, parts) {
    this.id = id;
    this.#parts = parts;
  }

  /** @type {import("./followed.js").Followed["subscribe"]} */
  subscribe = (listener) => this.#followed.subscribe(listener);

  /** @type {import("./followed.js").Followed["getSnapshot"]} */
  getSnapshot = () => this.#followed.getSnapshot();

  /** Shows the conversation: loads its latest messages and read positions, and keeps them. The
   * promise resolves when they are there. It waits for a connection. It rejects with
   * the refusal of the server (404, 403), or with `session_ended`; it need not be awaited. After a
   * rejection the conversation is still open: it is shown as soon as it is there.
   * @returns {Promise<unknown>} */
  open() {
    this.#followed.shows += 1;
    return this.#parts.loading.ready(this.id);
  }

  /** Ends one `open`, also one that was refused. When the last one has ended, only the latest messages are kept. */
  close() {
    const followed = this.#followed;
    followed.shows = Math.max(0, followed.shows - 1);
    if (followed.shows > 0) return;
    followed.model?.history.trim();
    followed.changed();
  }

  /** Loads the messages before those here; the latest ones if none are here. Before the conversation is
   * loaded, it waits as `open` does. It rejects as `open` does.
   * @returns {Promise<void>} */
  loadOlder() {
    const { loading } = this.#parts;
    return loading.ready(this.id, ({ history }) => {
      if (history.hasOlder || !history.isOpen) return loading.page(this.#followed);
    });
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
  edit(messageId, change) {
    const fields = typeof change === "string" ? { text: change } : change;
    return this.#change("message.edit", { message_id: messageId, ...fields });
  }

  /** Deletes a message for everybody. @param {string} messageId */
  async delete(messageId) {
    await this.#act("message.delete", { message_id: messageId });
  }

  /** The person has read up to this message, or to the latest one. It is shown at once; before the
   * conversation is loaded, as soon as it is.
   * @param {number} [seq] */
  read(seq) {
    const model = this.#model;
    if (!model?.data) return void this.#parts.loading.ready(this.id, () => this.read(seq));
    const { positions } = model;
    seq ??= model.seq;
    const clear = positions.markedUnread !== null;
    if (seq <= positions.readSeq && !clear) return;
    positions.want(seq);
    this.#parts.reading.read(this.id, { seq, clear });
    this.#parts.following.changed(this.#followed);
  }

  /** Marks the conversation as unread from this message on, for me alone. Rejects with
   * `invalid_request` if there is no message.
   * @param {number} [seq] the latest message, if it is left out: before the conversation is loaded, this
   *   waits and rejects as `open` does */
  async markUnread(seq) {
    seq ??= await this.#parts.loading.ready(this.id, (model) => model.seq);
    if (!seq) throw new ChatError({ code: "invalid_request", status: 400, detail: "The conversation is empty." });
    await this.#request("PUT", "unread", { seq });
    this.#model?.mergeOwn({ marked_unread: seq, read_seq: this.#model.positions.readSeq });
    this.#parts.following.changed(this.#followed);
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
    this.#parts.following.changed(this.#followed);
  }

  /** Call this at every change of the text that the person writes. */
  typing() {
    this.#parts.teller.typing(this.id);
  }

  /** The person no longer writes. */
  stopTyping() {
    this.#parts.teller.stop();
  }

  /** @param {string} type @param {string} messageId @param {string} emoji */
  #react(type, messageId, emoji) {
    const reaction = { by: this.#parts.userId(), emoji, added: type === "reaction.add" };
    return this.#change(type, { message_id: messageId, emoji }, reaction);
  }

  /** @param {string} type @param {object} fields
   * @param {import("./model/reactions.js").Reaction} [reaction] @returns {Promise<Message>} */
  async #change(type, fields, reaction) {
    const { message } = await this.#act(type, fields);
    this.#parts.following.keep(message, reaction);
    return message;
  }

  /** @param {string} method @param {string} messageId */
  async #pin(method, messageId) {
    const path = `messages/${encodeURIComponent(messageId)}/pin`;
    this.#parts.following.keep(await this.#request(method, path));
  }

  /** @param {string} method @param {string} path below the conversation @param {object} [body] */
  #request(method, path, body) {
    return this.#parts.rest.request(method, `${conversationPath(this.id)}/${path}`, { body });
  }

  /** The list forgets a conversation that nobody uses. */
  get #followed() {
    return this.#parts.conversations.get(this.id);
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
