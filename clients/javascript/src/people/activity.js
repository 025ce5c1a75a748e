/** Whether the person looks at the app, and what the app has shown them.
 *
 * A person who is active and acknowledges a message within eight seconds gets no push for it.
 */

const REPEAT = 60_000;
/** How many unread conversations are acknowledged when the person comes back. */
const MAX_AT_ONCE = 20;

export class Activity {
  isActive = false;
  #parts;
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #repeat;
  /** The latest message to acknowledge, by conversation id. @type {Map<string, number>} */
  #arrived = new Map();

  /** @param {import("../parts.js").Parts} parts */
  constructor(parts) {
    this.#parts = parts;
  }

  /** @param {boolean} isActive */
  become(isActive) {
    if (isActive === this.isActive) return;
    this.isActive = isActive;
    clearInterval(this.#repeat);
    if (isActive) this.#repeat = setInterval(() => this.#tell(), REPEAT);
    this.#announce();
  }

  /** There is a new socket: the server begins without it. */
  resume() {
    if (this.isActive) this.#announce();
  }

  /** A message came. @param {string} conversationId @param {number} seq */
  arrived(conversationId, seq) {
    if (!this.isActive) return;
    if (this.#arrived.size === 0) queueMicrotask(() => this.#acknowledge());
    this.#arrived.set(conversationId, seq);
  }

  /** Follows a page: it is looked at while it is visible and has the focus.
   * @param {AbortSignal} signal ends this */
  follow(signal) {
    const look = () => this.become(!document.hidden && document.hasFocus());
    for (const type of ["focus", "blur", "visibilitychange"]) globalThis.addEventListener(type, look, { signal });
    look();
  }

  #tell() {
    this.#say("activity", { active: this.isActive });
  }

  /** Tells it, and acknowledges what is unread. */
  #announce() {
    this.#tell();
    const { items } = this.#parts.conversations.getSnapshot();
    const unread = items.filter((one) => one.unread_count > 0);
    for (const { id, seq } of unread.slice(0, MAX_AT_ONCE)) this.arrived(id, seq);
  }

  #acknowledge() {
    const arrived = [...this.#arrived];
    this.#arrived.clear();
    for (const [id, seq] of arrived) this.#say("receipt.delivered", { conversation_id: id, seq });
  }

  /** A lost command is harmless: the server then takes the person for away.
   * @param {string} type @param {object} fields */
  #say(type, fields) {
    this.#parts.session.command(type, fields).catch(() => {});
  }
}
