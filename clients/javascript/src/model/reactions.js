/** Which reactions are mine: events and replies do not say it. Pure, without input or output. */

/**
 * @typedef {import("./conversation.js").Message} Message
 * @typedef {{by?: string, emoji?: string, added?: boolean}} Reaction the change that an event is of
 */

export class MyReactions {
  #me;
  /** Messages with reactions of mine that only the server knows. @type {WeakSet<Message>} */
  #unsure = new WeakSet();
  #isUnsure = false;

  /** @param {string} me */
  constructor(me) {
    this.#me = me;
  }

  /** Returns the message with `my_reactions`, as far as it and its state before tell.
   * @param {Message} message @param {Message | null} held @param {Reaction} reaction */
  complete(message, held, { by }) {
    const { my_reactions: known, reactions } = message;
    if (known || !reactions) return message;
    let isUnsure = held !== null && this.#unsure.has(held);
    const mine = Object.keys(reactions).filter((emoji) => {
      const { count, user_ids: ids } = reactions[emoji];
      if (ids.includes(this.#me) || ids.length >= count) return ids.includes(this.#me);
      isUnsure ||= !held || !by; // not all are named, and the change may be mine
      return held?.my_reactions?.includes(emoji);
    });
    const whole = { ...message, my_reactions: mine };
    if (isUnsure) this.#unsure.add(whole);
    this.#isUnsure ||= isUnsure;
    return whole;
  }

  /** Returns the message after a change of mine. @param {Message} held @param {Reaction} reaction */
  changed(held, { emoji = "", added }) {
    const others = (held.my_reactions ?? []).filter((one) => one !== emoji);
    return { ...held, my_reactions: added ? [...others, emoji] : others };
  }

  /** Returns the ids of the messages that must be loaded. Each id is returned once.
   * @param {readonly Message[]} messages */
  takeUnsure(messages) {
    if (!this.#isUnsure) return [];
    this.#isUnsure = false;
    return messages.filter((one) => this.#unsure.delete(one)).map((one) => one.id);
  }
}
