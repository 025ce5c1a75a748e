/** Who types in which conversation, for the list of conversations. */

export class Typists {
  #chat;
  #onChange;
  /** By conversation id: the function that ends the subscription. */
  #subscriptions = new Map();

  constructor(chat, onChange) {
    this.#chat = chat;
    this.#onChange = onChange;
    chat.on("typing.started", ({ conversation_id: id }) => this.#follow(id));
  }

  /** Returns the ids of the others who type in a conversation. */
  in(conversationId) {
    if (!this.#subscriptions.has(conversationId)) return [];
    return this.#chat.conversation(conversationId).getSnapshot().typing;
  }

  /** Follows a conversation for as long as somebody types in it: no event says that an indicator has
   * expired. */
  #follow(id) {
    if (this.#subscriptions.has(id)) return;
    const conversation = this.#chat.conversation(id);
    const end = conversation.subscribe(() => {
      if (conversation.getSnapshot().typing.length === 0) {
        end();
        this.#subscriptions.delete(id);
      }
      this.#onChange();
    });
    this.#subscriptions.set(id, end);
    this.#onChange();
  }
}
