/** Reports whether the person is looking at this page, and acknowledges messages while they are.
 *
 * A person who does not acknowledge a message within eight seconds gets a push.
 */

const REPEAT = 60000;
const MOST_AT_ONCE = 20;

export class Attention {
  #socket;
  #unread;

  /** `unread()` lists the conversations with unread messages. */
  constructor({ socket, unread }) {
    this.#socket = socket;
    this.#unread = unread;
    const tell = () => this.tell();
    addEventListener("focus", tell);
    addEventListener("blur", tell);
    document.addEventListener("visibilitychange", tell);
    setInterval(() => this.#looking && this.#say("activity", { active: true }), REPEAT);
  }

  /** Reports the present state. Call it after each connect too: the server starts without it. */
  tell() {
    this.#say("activity", { active: this.#looking });
    if (!this.#looking) return;
    for (const { id, data } of this.#unread().slice(0, MOST_AT_ONCE)) this.#delivered(id, data.seq);
  }

  arrived({ conversation_id: id, seq }) {
    if (this.#looking) this.#delivered(id, seq);
  }

  get #looking() {
    return !document.hidden && document.hasFocus();
  }

  #delivered(id, seq) {
    this.#say("receipt.delivered", { conversation_id: id, seq });
  }

  /** A lost command is harmless: the server then counts the person as away. */
  #say(type, fields) {
    this.#socket.command(type, fields).catch((error) => {
      if (error.name !== "ChatError") throw error;
    });
  }
}
