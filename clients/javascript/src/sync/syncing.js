/** Sends `conversation.sync`, for several conversations at once, until there is an answer. */

/**
 * @typedef {import("../model/conversation.js").ConversationModel} Model
 * @typedef {import("../../schema/frames.js").SyncedChanges} Changes
 */

export class Syncing {
  /** Conversations for the next command, by id. @type {Map<string, Model>} */
  #next = new Map();
  /** How many conversations one command may name: `hello` says it. */
  atOnce = 100;
  #parts;

  /** @param {import("../parts.js").Parts} parts */
  constructor(parts) {
    this.#parts = parts;
  }

  /** Syncs a loaded conversation from its cursor. An earlier sync of it counts no more.
   * @param {string} id @param {Model} model */
  sync(id, model) {
    if (this.#next.size === 0) queueMicrotask(() => this.#flush());
    this.#next.set(id, model);
    model.syncing = Symbol();
    model.asking();
  }

  #flush() {
    const all = [...this.#next];
    this.#next.clear();
    while (all.length) this.#run(all.splice(0, this.atOnce));
  }

  /** @param {[string, Model][]} batch */
  async #run(batch) {
    const { session, catchingUp, conversations, following } = this.#parts;
    const mark = Symbol();
    for (const [, model] of batch) model.syncing = mark;
    // Conversations whose sync was replaced by a later one drop out.
    const waiting = () => batch.filter(([, model]) => model.syncing === mark);
    const fields = () => {
      const cursors = waiting().map(([id, model]) => [id, model.cursor.position]);
      return cursors[0] && { conversations: Object.fromEntries(cursors) };
    };
    let answer = null;
    try {
      answer = await session.persist("conversation.sync", fields);
    } catch {
      for (const [id] of waiting()) following.reload(conversations.get(id));
    }
    if (answer?.epoch && !catchingUp.known(answer.epoch)) session.drop(0);
    for (const [id, model] of waiting()) {
      model.syncing = null; // without an answer, the next `hello` asks again
      const changes = answer?.conversations[id];
      if (changes) following.applyChanges(id, model, changes);
    }
  }
}
