/** Sends my read positions: the latest of each conversation, until the server has it. */

/** @typedef {{seq: number, clear: boolean}} ReadPosition `clear` removes the unread mark */

export class Reading {
  /** By conversation id. @type {Map<string, ReadPosition>} */
  #wanted = new Map();
  /** @type {Set<string>} */
  #sending = new Set();
  #session;
  #onAnswer;

  /**
   * @param {import("../connection/session.js").Session} session
   * @param {(conversationId: string, answer: {read_seq: number} | null) => void} onAnswer gets null
   *   if the server refused the position
   */
  constructor(session, onAnswer) {
    this.#session = session;
    this.#onAnswer = onAnswer;
  }

  /** @param {string} id of the conversation @param {ReadPosition} position */
  read(id, { seq, clear }) {
    const before = this.#wanted.get(id);
    this.#wanted.set(id, {
      seq: Math.max(seq, before?.seq ?? 0),
      clear: clear || Boolean(before?.clear),
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
    while (this.#wanted.has(id) && this.#session.isLive) {
      /** @type {ReadPosition | undefined} */
      let sent;
      const fields = () => {
        sent = this.#wanted.get(id);
        if (sent === undefined) return null;
        return { conversation_id: id, seq: sent.seq, ...(sent.clear && { clear: true }) };
      };
      try {
        const answer = await this.#session.persist("receipt.read", fields);
        if (answer === null) continue; // ended, or live again
        this.#onAnswer(id, answer);
      } catch {
        this.#onAnswer(id, null);
      }
      if (this.#wanted.get(id) === sent) this.#wanted.delete(id);
    }
    this.#sending.delete(id);
  }
}
