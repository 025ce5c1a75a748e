/** Consecutive messages of a conversation, loaded by pages: pure, without input or output. */

import { MyReactions } from "../model/reactions.js";

/**
 * @typedef {import("../model/conversation.js").Message} Message
 * @typedef {{items: Message[], has_more_before: boolean}} Page ascending by `seq`
 */

export class Stretch {
  /** Whether there are messages before it. */
  hasOlder;
  /** Ascending by `seq`, which has no gaps. Another list after each change. @type {readonly Message[]} */
  messages;
  #reactions;
  #max;

  /** @param {Page} page with one message at least
   * @param {string} me my user id
   * @param {number} max how many messages are kept: beyond it, those at the other end are dropped */
  constructor({ items, has_more_before: hasOlder }, me, max) {
    this.messages = frozen(items);
    this.hasOlder = hasOlder;
    this.#reactions = new MyReactions(me);
    this.#max = max;
  }

  get firstSeq() {
    return this.messages[0].seq;
  }

  get lastSeq() {
    return this.firstSeq + this.messages.length - 1;
  }

  /** Takes the page before the first message. @param {Page} page */
  addOlder({ items, has_more_before: hasOlder }) {
    this.messages = frozen([...items, ...this.messages].slice(0, this.#max));
    this.hasOlder = hasOlder;
  }

  /** Takes the page after the last message. @param {Page} page */
  addNewer({ items }) {
    const all = [...this.messages, ...items];
    this.messages = frozen(all.slice(-this.#max));
    this.hasOlder ||= all.length > this.#max;
  }

  /** Takes a later state of a message. Returns whether it is one. @param {Message} message */
  keep(message) {
    const index = message.seq - this.firstSeq;
    const held = this.messages[index];
    if (!held || held.version > message.version) return false;
    if (held.version === message.version && !message.my_reactions) return false;
    const messages = [...this.messages];
    messages[index] = this.#reactions.complete(message, held, {});
    this.messages = frozen(messages);
    return true;
  }

  /** Returns the ids of messages whose `my_reactions` only REST tells. Each is returned once. */
  takeUnsure() {
    return this.#reactions.takeUnsure(this.messages);
  }
}

/** @param {Message[]} messages @returns {readonly Message[]} */
function frozen(messages) {
  for (const message of messages) Object.freeze(message);
  return Object.freeze(messages);
}
