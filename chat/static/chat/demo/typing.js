/** Typing indicators: those of other people, and my own. */

/** The server accepts one every 3 seconds. */
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
    // Both times are the server's: this machine's clock may be hours off.
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

  /** Removes all indicators, of one conversation or of all. */
  clear(conversationId = null) {
    const ids = conversationId === null ? [...this.#timers.keys()] : [conversationId];
    for (const id of ids) this.people(id).forEach((userId) => this.stopped(id, userId));
  }
}

/** Sends my own typing indicators, at most at the rate that the server accepts. */
export class TypingTeller {
  #socket;
  /** The conversation in which I am typing; null if I am not typing. */
  #where = null;
  #told = false;
  #nextAt = -Infinity;
  #timer = null;

  constructor({ socket }) {
    this.#socket = socket;
  }

  /** Call this with every change of the text. */
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
      // A lost indicator is harmless. One that was sent too early is sent again later.
      if (error.code !== "rate_limited") return;
      this.#nextAt = performance.now() + (error.retry_after ?? 1) * 1000;
      if (this.#where === where) this.typing(where);
    }
  }

  #tell(type, conversationId) {
    return this.#socket.command(type, { conversation_id: conversationId });
  }
}
