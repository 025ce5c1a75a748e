/** Whether the person looks at the app, and what the app has shown them.
 *
 * Who is active and acknowledges a message within eight seconds gets no push for it.
 */

const REPEAT = 60_000;
/** How many unread conversations are acknowledged when the person comes back. */
const MAX_AT_ONCE = 20;

export class Activity {
  isActive = false;
  #command;
  #unread;
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #repeat;
  /** The latest message to acknowledge, by conversation id. @type {Map<string, number>} */
  #arrived = new Map();

  /**
   * @param {(type: string, fields: object) => Promise<any>} command
   * @param {() => {id: string, seq: number}[]} unread the conversations with unread messages
   */
  constructor(command, unread) {
    this.#command = command;
    this.#unread = unread;
  }

  /** @param {boolean} isActive */
  become(isActive) {
    if (isActive === this.isActive) return;
    this.isActive = isActive;
    clearInterval(this.#repeat);
    if (isActive) this.#repeat = setInterval(() => this.#say("activity", { active: true }), REPEAT);
    this.#say("activity", { active: isActive });
    if (isActive) this.#acknowledgeUnread();
  }

  /** There is a new socket: the server begins without it. */
  resume() {
    if (!this.isActive) return;
    this.#say("activity", { active: true });
    this.#acknowledgeUnread();
  }

  /** A message came. @param {string} conversationId @param {number} seq */
  arrived(conversationId, seq) {
    if (!this.isActive) return;
    if (this.#arrived.size === 0) queueMicrotask(() => this.#acknowledge());
    this.#arrived.set(conversationId, seq);
  }

  /** Follows a page: it is looked at while it is visible and has the focus. Returns a function that
   * ends this. */
  followPage() {
    const look = () => this.become(!document.hidden && document.hasFocus());
    const targets = /** @type {[EventTarget, string][]} */ ([
      [globalThis, "focus"],
      [globalThis, "blur"],
      [document, "visibilitychange"],
    ]);
    for (const [target, type] of targets) target.addEventListener(type, look);
    look();
    return () => {
      for (const [target, type] of targets) target.removeEventListener(type, look);
      this.become(false);
    };
  }

  #acknowledgeUnread() {
    for (const { id, seq } of this.#unread().slice(0, MAX_AT_ONCE)) this.arrived(id, seq);
  }

  #acknowledge() {
    const arrived = [...this.#arrived];
    this.#arrived.clear();
    for (const [id, seq] of arrived) this.#say("receipt.delivered", { conversation_id: id, seq });
  }

  /** A lost command is harmless: the server then takes the person for away.
   * @param {string} type @param {object} fields */
  #say(type, fields) {
    this.#command(type, fields).catch(() => {});
  }
}
