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
  /** Where I am typing; null while I am not. */
  #where = null;
  #told = false;
  #nextAt = -Infinity;
  #timer = null;

  constructor({ socket }) {
    this.#socket = socket;
  }

  /** To be called with every change of the text. */
  typing(conversationId) {
    if (this.#where !== conversationId) this.stop();
    this.#where = conversationId;
    this.#timer ??= setTimeout(() => this.#tellStart(), this.#nextAt - performance.now());
  }

  stop() {
    clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#told) this.#tell("typing.stop", this.#where).catch(() => {});
    this.#told = false;
    this.#where = null;
  }

  async #tellStart() {
    const where = this.#where;
    this.#timer = null;
    this.#told = true;
    this.#nextAt = performance.now() + TELL_EVERY;
    try {
      await this.#tell("typing.start", where);
    } catch (error) {
      // An indicator that gets lost is no loss, but one that came too soon is still true.
      if (error.code !== "rate_limited") return;
      this.#nextAt = performance.now() + (error.retry_after ?? 1) * 1000;
      if (this.#where === where) this.typing(where);
    }
  }

  #tell(type, conversationId) {
    return this.#socket.command(type, { conversation_id: conversationId });
  }
}
