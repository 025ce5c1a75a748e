/** Typing indicators, both ways: who types where, and telling that I do. */

/** The server lets one through per 3 seconds. */
const TELL_EVERY = 3000;

/** Who is typing, by conversation, each until the indicator expires. */
export class TypingIndicators {
  #timers = new Map();
  #onChange;

  constructor({ onChange }) {
    this.#onChange = onChange;
  }

  people(conversationId) {
    return [...(this.#timers.get(conversationId)?.keys() ?? [])];
  }

  started(conversationId, { at, data }) {
    this.stopped(conversationId, data.user_id);
    // Both times are the server's; this machine's clock may be wrong by hours.
    const left = Date.parse(data.expires_at) - Date.parse(at);
    const people = this.#timers.get(conversationId) ?? new Map();
    this.#timers.set(conversationId, people);
    const stop = () => this.stopped(conversationId, data.user_id);
    people.set(data.user_id, setTimeout(stop, Math.max(0, left)));
    this.#onChange();
  }

  stopped(conversationId, userId) {
    const people = this.#timers.get(conversationId);
    clearTimeout(people?.get(userId));
    if (people?.delete(userId)) this.#onChange();
  }

  /** Forgets everybody, in one conversation or in all. */
  clear(conversationId = null) {
    const ids = conversationId === null ? [...this.#timers.keys()] : [conversationId];
    for (const id of ids) this.people(id).forEach((userId) => this.stopped(id, userId));
  }
}

/** Tells the server that I am typing, no oftener than it wants to hear it. */
export class TypingTeller {
  #socket;
  #toldAt = -Infinity;
  #where = null;

  constructor({ socket }) {
    this.#socket = socket;
  }

  typing(conversationId) {
    if (this.#where && this.#where !== conversationId) this.stop();
    if (performance.now() - this.#toldAt < TELL_EVERY) return;
    this.#toldAt = performance.now();
    this.#where = conversationId;
    this.#tell("typing.start", conversationId);
  }

  stop() {
    if (this.#where) this.#tell("typing.stop", this.#where);
    this.#where = null;
  }

  /** An indicator that gets lost is no loss. */
  #tell(type, conversationId) {
    this.#socket.command(type, { conversation_id: conversationId }).catch(() => {});
  }
}
