/** Sends my read positions: the latest of each conversation, until the server has it. */

/** @typedef {{seq: number, clear?: boolean}} ReadPosition `clear` removes the unread mark */

export class Reading {
  /** By conversation id. @type {Map<string, ReadPosition>} */
  #wanted = new Map();
  /** @type {Set<string>} */
  #sending = new Set();
  #parts;

  /** @param {import("../parts.js").Parts} parts */
  constructor(parts) {
    this.#parts = parts;
  }

  /** @param {string} id of the conversation @param {ReadPosition} position */
  read(id, { seq, clear }) {
    const before = this.#wanted.get(id);
    this.#wanted.set(id, {
      seq: Math.max(seq, before?.seq ?? 0),
      clear: clear || before?.clear || undefined,
    });
    this.#run(id);
  }

  /** There is a connection: sends what waits. */
  resume() {
    for (const id of this.#wanted.keys()) this.#run(id);
  }

  /** @param {string} [id] of the conversation; all, if it is left out */
  forget(id) {
    if (id === undefined) this.#wanted.clear();
    else this.#wanted.delete(id);
  }

  /** @param {string} id */
  async #run(id) {
    if (this.#sending.has(id)) return;
    this.#sending.add(id);
    const { session, conversations, userId } = this.#parts;
    while (this.#wanted.has(id) && session.isLive) {
      /** @type {ReadPosition | undefined} */
      let sent;
      const fields = () => {
        sent = this.#wanted.get(id);
        return sent && { conversation_id: id, ...sent };
      };
      let answer;
      try {
        answer = await session.persist("receipt.read", fields);
        if (answer === null) continue; // ended, or live again
      } catch {
        // Refused.
      }
      const conversation = conversations.known(id);
      const positions = conversation?.model?.positions;
      if (answer) positions?.moved(userId(), answer.read_seq);
      else positions?.unwant();
      conversations.changed(conversation ?? undefined);
      if (this.#wanted.get(id) === sent) this.#wanted.delete(id);
    }
    this.#sending.delete(id);
  }
}
