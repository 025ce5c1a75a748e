/** The open conversation's history: the days, the line above new messages, and the messages, grouped by
 * sender. */

import { el, keyed } from "../parts/dom.js";
import { day, sameDay } from "../parts/words.js";

const GROUP_FOR = 5 * 60 * 1000;
const NEAR = 48;

/**
 * @typedef {object} Shown the state of a conversation to show
 * @property {object} conversation
 * @property {object} history the snapshot of a `History`
 * @property {object} receipts of the others, by user id
 */

export class HistoryView {
  #rows;
  #scroller;
  #names;
  #me;
  #messages;
  #hadNewer = false;

  /** `messages` builds the rows of messages. */
  constructor({ scroller, list, names, me, messages }) {
    this.#scroller = scroller;
    this.#rows = keyed(list);
    this.#names = names;
    this.#me = me;
    this.#messages = messages;
  }

  /** Whether the end of what is loaded is visible. */
  get atEnd() {
    const { scrollHeight, scrollTop, clientHeight } = this.#scroller;
    return scrollHeight - scrollTop - clientHeight < NEAR;
  }

  get atStart() {
    return this.#scroller.scrollTop < 4 * NEAR;
  }

  /** The `seq` of the last message that is wholly visible; 0 if there is none. */
  get lastVisibleSeq() {
    const { scrollTop, clientHeight } = this.#scroller;
    const isAbove = ({ offsetTop, offsetHeight }) => offsetTop + offsetHeight <= scrollTop + clientHeight + 4;
    return Number([...this.#scroller.querySelectorAll("[data-seq]")].findLast(isAbove)?.dataset.seq ?? 0);
  }

  toEnd() {
    this.#scroller.scrollTop = this.#scroller.scrollHeight;
  }

  /** Scrolls to a message and marks it for a moment. Returns false if it is not shown. */
  show(messageId) {
    const element = this.#find(messageId);
    if (!element) return false;
    element.scrollIntoView({ block: "center" });
    element.classList.remove("found");
    requestAnimationFrame(() => element.classList.add("found"));
    return true;
  }

  /** Scrolls so that the line above the first unread message is near the top. */
  toUnread() {
    const line = this.#scroller.querySelector(".unread-line");
    if (line) this.#scroller.scrollTop = line.offsetTop - NEAR;
    else this.toEnd();
  }

  /** Shows a conversation, or nothing. A history that is scrolled to its end stays there; otherwise the
   * message at the top stays in its place. `stays` is false for another conversation or place than before.
   * @param {Shown | null} shown */
  render(shown, { stays = true } = {}) {
    const stay = stays && (this.#hadNewer || !this.atEnd) ? this.#anchor() : null;
    this.#rows(shown ? this.#contents(shown) : []);
    this.#hadNewer = shown?.history.hasNewer ?? false;
    if (stay) stay();
    else this.toEnd();
  }

  /** Returns a function that restores the scroll position of the message that is now at the top. */
  #anchor() {
    const { scrollTop } = this.#scroller;
    const first = [...this.#scroller.querySelectorAll(".message")].find(
      (element) => element.offsetTop + element.offsetHeight > scrollTop,
    );
    const { messageId } = first?.dataset ?? {};
    const offset = first ? first.offsetTop - scrollTop : 0;
    return () => {
      const now = messageId ? this.#find(messageId) : null;
      if (now) this.#scroller.scrollTop = now.offsetTop - offset;
    };
  }

  #find(messageId) {
    return this.#scroller.querySelector(`[data-message-id="${CSS.escape(messageId)}"]`);
  }

  #contents(shown) {
    const { messages, pending, unreadFrom } = shown.history;
    const entries = [
      ...messages.map((message) => ({ message, at: message.created_at })),
      ...pending.map((item) => ({ item, at: item.created_at })),
    ];
    const rows = [];
    let before = null;
    for (const entry of entries) {
      const { message, item, at } = entry;
      const isNewDay = !before || !sameDay(before.at, at);
      if (isNewDay) rows.push(separator(`day ${at}`, day(at)));
      const isUnread = message !== undefined && message.seq === unreadFrom;
      if (isUnread) rows.push(separator("unread", "New", "unread-line"));
      if (message?.kind === "system") {
        rows.push(this.#system(message));
        before = { at };
        continue;
      }
      const sender = item ? this.#me : message.sender_id;
      const goesOn = !isNewDay && !isUnread && before.sender === sender && soon(before.at, at);
      rows.push(
        item
          ? this.#messages.pending(item, !goesOn)
          : this.#messages.stored(shown, message, !goesOn),
      );
      before = { at, sender };
    }
    return rows;
  }

  #system(message) {
    const text = this.#names.said(message);
    const properties = { class: "notice", "data-testid": "system-message", "data-seq": message.seq };
    return {
      key: message.id,
      parts: [text],
      build: () => el("li", { ...properties, dir: "auto" }, text),
    };
  }
}

function soon(before, after) {
  return Date.parse(after) - Date.parse(before) <= GROUP_FOR;
}

function separator(key, text, className = "day") {
  const build = () => el("li", { class: className }, el("span", {}, text));
  return { key, parts: [text], build };
}
