/** Quoted messages that the shown history does not contain. */

/** How many are kept. */
const MAX_KEPT = 500;

export class Quotes {
  #chat;
  #onChange;
  /** By message id: the message; null while it is loaded, and if it cannot be seen. */
  #kept = new Map();

  constructor(chat, onChange) {
    this.#chat = chat;
    this.#onChange = onChange;
    chat.on("message.changed", ({ message }) => {
      if (this.#kept.has(message.id)) this.#keep(message.id, message);
    });
  }

  /** Returns a message, or null as long as it is not known. It is requested once. */
  get(conversationId, messageId) {
    if (!this.#kept.has(messageId)) this.#load(conversationId, messageId);
    return this.#kept.get(messageId) ?? null;
  }

  /** Returns a message. Rejects with a `ChatError` if it cannot be seen. */
  async load(conversationId, messageId) {
    return this.#kept.get(messageId) ?? this.#fetch(conversationId, messageId);
  }

  async #load(conversationId, messageId) {
    this.#keep(messageId, null);
    try {
      this.#keep(messageId, await this.#fetch(conversationId, messageId));
      this.#onChange();
    } catch (error) {
      if (error.name !== "ChatError") throw error;
      if (error.passing) this.#kept.delete(messageId); // the next rendering asks again
    }
  }

  #fetch(...ids) {
    const [conversation, message] = ids.map(encodeURIComponent);
    return this.#chat.request("GET", `conversations/${conversation}/messages/${message}`);
  }

  #keep(messageId, message) {
    this.#kept.delete(messageId);
    this.#kept.set(messageId, message);
    for (const [id] of this.#kept) {
      if (this.#kept.size <= MAX_KEPT) break;
      this.#kept.delete(id);
    }
  }
}
