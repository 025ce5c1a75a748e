/** Says whether somebody is looking at this page, and acknowledges what arrives while they are.
 *
 * Whoever does not acknowledge a message within some seconds is taken to be away: the phone rings.
 */

const REPEAT = 60000;
const MOST_AT_ONCE = 20;

export class Attention {
  #socket;
  #unread;

  /** `unread()` lists the conversations with something new in them. */
  constructor({ socket, unread }) {
    this.#socket = socket;
    this.#unread = unread;
    const tell = () => this.tell();
    addEventListener("focus", tell);
    addEventListener("blur", tell);
    document.addEventListener("visibilitychange", tell);
    setInterval(() => this.#looking && this.#say("activity", { active: true }), REPEAT);
  }

  /** To be called as well when a connection has come about: it starts out knowing nothing. */
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

  /** Without an answer it is as if nobody had looked, and that is all. */
  #say(type, fields) {
    this.#socket.command(type, fields).catch((error) => {
      if (error.name !== "ChatError") throw error;
    });
  }
}
