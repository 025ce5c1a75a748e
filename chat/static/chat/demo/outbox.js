/** My messages that the server has not acknowledged yet.
 *
 * Every message carries a `client_id`. So a retry never creates a second message: after a timeout,
 * over REST instead of the socket, or after a reload of the page.
 */

import { waitAfter } from "./backoff.js";
import { ChatError } from "./errors.js";

export class Outbox {
  #items;
  #storageKey;
  #api;
  #socket;
  #onSent;
  #onChange;
  #running = new Set();
  #wake = new Set();

  /** `onSent(message)` gets the message as stored. */
  constructor({ userId, api, socket, onSent, onChange }) {
    this.#storageKey = `chat.outbox.${userId}`;
    this.#api = api;
    this.#socket = socket;
    this.#onSent = onSent;
    this.#onChange = onChange;
    this.#items = JSON.parse(sessionStorage.getItem(this.#storageKey) ?? "[]");
  }

  /** The waiting messages of one conversation, in the order in which they were written. */
  pending(conversationId) {
    return this.#items.filter((item) => item.conversation_id === conversationId);
  }

  add(conversationId, text, replyTo, attachments = []) {
    this.#items.push({
      client_id: crypto.randomUUID(),
      conversation_id: conversationId,
      text,
      reply_to: replyTo,
      attachments,
      created_at: new Date().toISOString(),
      error: null,
    });
    this.#changed();
    this.#run(conversationId);
  }

  /** Handles my own message, from a reply, an event or a REST answer. */
  settle({ client_id: clientId }) {
    if (clientId && this.#items.some((item) => item.client_id === clientId)) this.discard(clientId);
  }

  /** Removes a message, and returns its text. */
  discard(clientId) {
    const text = this.#items.find((item) => item.client_id === clientId)?.text ?? "";
    this.#items = this.#items.filter((item) => item.client_id !== clientId);
    this.#changed();
    return text;
  }

  retry(clientId) {
    const item = this.#items.find((each) => each.client_id === clientId);
    item.error = null;
    this.#changed();
    this.#run(item.conversation_id);
  }

  /** Handles a new connection: sends the waiting messages at once. */
  resume() {
    this.#wake.forEach((wake) => wake());
    new Set(this.#items.map((item) => item.conversation_id)).forEach((id) => this.#run(id));
  }

  /** Sends one message after the other, so that they arrive in the order in which they were
   * written. */
  async #run(conversationId) {
    if (this.#running.has(conversationId)) return;
    this.#running.add(conversationId);
    const next = () => this.pending(conversationId).find((item) => !item.error);
    for (let item = next(); item; item = next()) await this.#deliver(item);
    this.#running.delete(conversationId);
  }

  async #deliver(item) {
    for (let attempt = 0; this.#items.includes(item); attempt += 1) {
      try {
        const message = await this.#send(item);
        this.discard(item.client_id);
        this.#onSent(message);
      } catch (error) {
        if (!error.passing) {
          item.error = error.message;
          this.#changed();
          return;
        }
        await this.#pause(waitAfter(error, attempt));
      }
    }
  }

  /** Sends over the socket if there is one, and over REST if it does not answer. */
  async #send({ client_id, conversation_id: id, text, reply_to, attachments = [] }) {
    const body = { client_id, text, ...(reply_to && { reply_to }) };
    if (attachments.length) body.attachments = attachments;
    try {
      return (await this.#socket.command("message.send", { conversation_id: id, ...body })).message;
    } catch (error) {
      if (!(error instanceof ChatError) || error.status !== 0) throw error;
    }
    return this.#api.sendMessage(id, body);
  }

  async #pause(milliseconds) {
    let wake;
    await new Promise((resolve) => {
      wake = resolve;
      this.#wake.add(wake);
      setTimeout(wake, milliseconds);
    });
    this.#wake.delete(wake);
  }

  #changed() {
    sessionStorage.setItem(this.#storageKey, JSON.stringify(this.#items));
    this.#onChange();
  }
}
