/** One conversation as the client follows it: its model, which may be loaded anew, and its snapshot. */

import { Conversation } from "./conversation.js";
import { ConversationModel } from "./model/conversation.js";
import { Store } from "./store.js";

/**
 * @typedef {import("./model/conversation.js").ConversationData} ConversationData
 *
 * @typedef {object} ConversationSnapshot
 * @property {string} id
 * @property {"absent" | "loading" | "ready"} state `absent`: the person is not in it, or it is not
 *   known yet
 * @property {ConversationData | null} conversation
 * @property {readonly import("./model/conversation.js").Message[]} messages ascending by `seq`,
 *   without holes; empty until `open`
 * @property {readonly import("./outbox.js").Pending[]} pending my messages that are not stored yet:
 *   show them at the end
 * @property {Readonly<Record<string, import("./model/positions.js").Position>>} receipts of the
 *   others, by user id
 * @property {readonly string[]} typing the ids of the others who type
 * @property {boolean} isLoaded whether the latest messages are here
 * @property {boolean} hasOlder whether `loadOlder` brings more
 */

/** @extends {Store<ConversationSnapshot>} */
export class Followed extends Store {
  /** The state that events change; null if the person is not in it.
   * @type {ConversationModel | null} */
  model = null;
  /** The object that is on its way if `model` is null. @type {Promise<void> | null | undefined} */
  loading;
  /** How many show it. */
  shows = 0;
  /** The state from before it is loaded again. @type {ConversationModel | null} */
  #previous = null;
  #parts;

  /** @param {string} id @param {import("./parts.js").Parts} parts */
  constructor(id, parts) {
    super(() => this.#snapshot());
    this.id = id;
    this.#parts = parts;
    /** The object that the app gets. */
    this.face = new Conversation(id, parts);
  }

  /** Whether the app uses it. */
  get inUse() {
    return this.shows || this.observed || this.loading;
  }

  /** When something last happened that moves it in the list. */
  get activeAt() {
    return this.#shown?.activeAt ?? "";
  }

  /** Begins with an empty state. What is shown stays until it is loaded.
   * @param {import("./model/conversation.js").Joined} [joined] */
  begin(joined) {
    this.#previous = this.#shown;
    const { session, userId } = this.#parts;
    this.model = new ConversationModel(userId(), joined, session.now);
    this.changed();
    return this.model;
  }

  /** The person is no longer in it. */
  end() {
    this.model = null;
    this.changed();
  }

  get #shown() {
    if (!this.model || this.model.data) this.#previous = null;
    return this.#previous ?? this.model;
  }

  /** @returns {ConversationSnapshot} */
  #snapshot() {
    const shown = this.#shown;
    const conversation = shown?.summary ?? null;
    return Object.freeze({
      id: this.id,
      state: !this.model ? "absent" : conversation ? "ready" : "loading",
      conversation,
      messages: shown?.history.messages ?? [],
      pending: Object.freeze(this.#parts.outbox.of(this.id)),
      receipts: shown?.positions.others ?? {},
      typing: Object.freeze(this.#parts.typing.people(this.id)),
      isLoaded: shown?.history.isOpen ?? false,
      hasOlder: shown?.history.hasOlder ?? false,
    });
  }
}
