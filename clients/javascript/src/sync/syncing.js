/** Sends `conversation.sync`, for several conversations at once, until there is an answer. */

/**
 * @typedef {import("../model/conversation.js").ConversationModel} Model
 * @typedef {import("../../schema/frames.js").SyncedChanges} Changes
 */

const MAX_AT_ONCE = 100;

export class Syncing {
  /** Conversations for the next command, by id. @type {Map<string, Model>} */
  #next = new Map();
  #session;
  #on;

  /**
   * @param {import("../connection/session.js").Session} session
   * @param {object} on
   * @param {(id: string, model: Model, changes: Changes) => void} on.changes
   * @param {(id: string, model: Model) => void} on.refused the conversation cannot be synced
   * @param {(epoch: string) => void} on.epoch called first
   */
  constructor(session, on) {
    this.#session = session;
    this.#on = on;
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
    for (let start = 0; start < all.length; start += MAX_AT_ONCE) {
      this.#run(all.slice(start, start + MAX_AT_ONCE));
    }
  }

  /** @param {[string, Model][]} batch */
  async #run(batch) {
    const marks = new Map(batch.map(([, model]) => [model, model.syncing]));
    // Conversations whose sync was replaced by a later one drop out.
    const waiting = () =>
      batch.filter(([, model]) => model.syncing && model.syncing === marks.get(model));
    const fields = () => {
      const cursors = waiting().map(([id, model]) => [id, model.cursor.position]);
      return cursors.length > 0 ? { conversations: Object.fromEntries(cursors) } : null;
    };
    let answer = null;
    try {
      answer = await this.#session.persist("conversation.sync", fields);
    } catch {
      for (const [id, model] of waiting()) this.#on.refused(id, model);
    }
    if (answer?.epoch) this.#on.epoch(answer.epoch);
    for (const [id, model] of waiting()) {
      model.syncing = null; // without an answer, the next `hello` asks again
      const changes = answer?.conversations[id];
      if (changes) this.#on.changes(id, model, changes);
    }
  }
}
