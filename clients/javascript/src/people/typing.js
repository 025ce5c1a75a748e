/** Typing indicators of other people, and my own. */

/** The server accepts one in three seconds. */
const TELL_EVERY = 3100;
/** An indicator without a sensible end does not stay. */
const LONGEST = 60_000;

/** Who is typing, each until the indicator expires. */
export class TypingIndicators {
  /** By conversation and user id. @type {Map<string, Map<string, any>>} */
  #timers = new Map();
  #onChange;

  /** @param {(conversationId: string) => void} onChange */
  constructor(onChange) {
    this.#onChange = onChange;
  }

  /** @param {string} conversationId */
  people(conversationId) {
    return [...(this.#timers.get(conversationId)?.keys() ?? [])];
  }

  /** @param {string} conversationId @param {{at: string, data: any}} event */
  started(conversationId, { at, data }) {
    this.stopped(conversationId, data.user_id);
    // Both times are the server's: this machine's clock may be wrong.
    const left = Math.min(LONGEST, Date.parse(data.expires_at) - Date.parse(at));
    if (!(left > 0)) return;
    const people = this.#timers.get(conversationId) ?? new Map();
    this.#timers.set(conversationId, people);
    const stop = () => this.stopped(conversationId, data.user_id);
    people.set(data.user_id, setTimeout(stop, left));
    this.#onChange(conversationId);
  }

  /** @param {string} conversationId @param {string} userId */
  stopped(conversationId, userId) {
    const people = this.#timers.get(conversationId);
    clearTimeout(people?.get(userId));
    if (!people?.delete(userId)) return;
    if (people.size === 0) this.#timers.delete(conversationId);
    this.#onChange(conversationId);
  }

  /** Ends the indicators of these conversations, or of all. @param {string[]} [ids] */
  clear(ids = [...this.#timers.keys()]) {
    for (const id of ids) for (const userId of this.people(id)) this.stopped(id, userId);
  }
}

/** Tells that I type, no more often than the server accepts. */
export class TypingTeller {
  #parts;
  /** The conversation in which I type. @type {string | null} */
  #where = null;
  #isTold = false;
  #nextAt = -Infinity;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /** @param {import("../parts.js").Parts} parts */
  constructor(parts) {
    this.#parts = parts;
  }

  /** Call this at every change of the text. @param {string} conversationId */
  typing(conversationId) {
    if (this.#where !== conversationId) this.stop();
    this.#where = conversationId;
    this.#timer ??= setTimeout(() => this.#tell(), this.#nextAt - performance.now());
  }

  stop() {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#isTold) this.#say("typing.stop", this.#where).catch(() => {});
    this.#isTold = false;
    this.#where = null;
  }

  #tell() {
    this.#timer = undefined;
    this.#isTold = true;
    this.#nextAt = performance.now() + TELL_EVERY;
    this.#say("typing.start", this.#where).catch((error) => {
      // A lost indicator is harmless.
      const rest = (error.retryAfter ?? 0) * 1000;
      this.#nextAt = Math.max(this.#nextAt, performance.now() + rest);
    });
  }

  /** @param {string} type @param {string | null} conversationId */
  #say(type, conversationId) {
    return this.#parts.session.command(type, { conversation_id: conversationId });
  }
}
