/** The open conversation's history: days, notices, and messages grouped by their sender. */

import { el, icon, keyed } from "./dom.js";
import { reactionRow } from "./reactions.js";
import { day, fullTime, hue, initial, sameDay, time } from "./words.js";

const GROUP_FOR = 5 * 60 * 1000;
const NEAR = 48;
const DOTS = "M5 12h.01M12 12h.01M19 12h.01";
/** A web address ends before a character that would change the writing direction. */
const LINK = /https?:\/\/[^\s<>"'\p{Bidi_Control}]*[^\s<>"'.,;:!?)\]\p{Bidi_Control}]/gu;
const STATES = {
  pending: ["○", "Sending"],
  failed: ["!", "Not sent"],
  sent: ["✓", "Sent"],
  read: ["✓✓", "Read"],
};

export class HistoryView {
  #rows;
  #scroller;
  #names;
  #me;
  #actions;
  #shownId = null;
  /** Unread messages begin after this seq: fixed while the conversation stays open. */
  #unreadAfter = null;

  /** `actions`: `menu(message, button)`, `files(message)`, `retry`, `discard` (of a pending item), `reveal`
   * (a message id), `react(message, emoji, present)`, `quoted(conversation, messageId)`. */
  constructor({ scroller, list, names, me, actions }) {
    this.#scroller = scroller;
    this.#rows = keyed(list);
    this.#names = names;
    this.#me = me;
    this.#actions = actions;
  }

  /** Whether the latest message is visible. */
  get atEnd() {
    const { scrollHeight, scrollTop, clientHeight } = this.#scroller;
    return scrollHeight - scrollTop - clientHeight < NEAR;
  }

  get atStart() {
    return this.#scroller.scrollTop < 4 * NEAR;
  }

  toEnd() {
    this.#scroller.scrollTop = this.#scroller.scrollHeight;
  }

  /** Scrolls to a message and marks it for a moment. Returns false if it is not shown. */
  show(messageId) {
    const element = this.#scroller.querySelector(`[data-message-id="${CSS.escape(messageId)}"]`);
    if (!element) return false;
    element.scrollIntoView({ block: "center" });
    element.classList.remove("found");
    requestAnimationFrame(() => element.classList.add("found"));
    return true;
  }

  render(conversation, pending) {
    const opened = conversation?.id !== this.#shownId;
    if (opened) {
      this.#shownId = conversation?.id ?? null;
      this.#unreadAfter = conversation?.unread ? conversation.readSeq : null;
    }
    const stay = opened || this.atEnd ? null : this.#anchor();
    this.#rows(conversation ? this.#contents(conversation, pending) : []);
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
      if (!messageId) return;
      const now = this.#scroller.querySelector(`[data-message-id="${CSS.escape(messageId)}"]`);
      if (now) this.#scroller.scrollTop = now.offsetTop - offset;
    };
  }

  #contents(conversation, pending) {
    const entries = [
      ...conversation.history.map((message) => ({ message, at: message.created_at })),
      ...pending.map((item) => ({ item, at: item.created_at })),
    ];
    const notices = [...conversation.notices];
    const rows = [];
    let before = null;
    for (const entry of entries) {
      const seq = entry.message?.seq ?? Infinity;
      while (notices.length > 0 && notices[0].afterSeq < seq) {
        rows.push(this.#notice(notices.shift()));
        before &&= { ...before, ends: true };
      }
      const newDay = !before || !sameDay(before.at, entry.at);
      if (newDay) rows.push(separator(`day ${entry.at}`, day(entry.at)));
      if (seq === this.#unreadAfter + 1 && this.#unreadAfter !== null) {
        rows.push(separator("unread", "New", "unread-line"));
        before &&= { ...before, ends: true };
      }
      if (entry.message?.kind === "system") {
        rows.push(this.#system(entry.message));
        before = { at: entry.at, ends: true };
        continue;
      }
      const sender = entry.item ? this.#me : entry.message.sender_id;
      const goesOn = !newDay && !before.ends && before.sender === sender && soon(before, entry);
      const starts = !goesOn;
      rows.push(
        entry.item
          ? this.#pending(entry.item, starts)
          : this.#message(conversation, entry.message, starts),
      );
      before = { at: entry.at, sender };
    }
    rows.push(...notices.map((notice) => this.#notice(notice)));
    return rows;
  }

  #notice(notice) {
    const text = this.#names.notice(notice);
    return {
      key: `notice ${notice.id}`,
      signature: text,
      build: () => el("li", { class: "notice", "data-testid": "notice", dir: "auto" }, text),
    };
  }

  #system(message) {
    const text = this.#names.said(message);
    const properties = { class: "notice", "data-testid": "system-message", "data-seq": message.seq };
    return {
      key: message.id,
      signature: text,
      build: () => el("li", { ...properties, dir: "auto" }, text),
    };
  }

  #message(conversation, message, starts) {
    const own = message.sender_id === this.#me;
    const readers = own ? this.#readers(conversation, message.seq) : [];
    const quotes = message.reply_to && !message.deleted_at;
    const shown = {
      message,
      own,
      starts,
      quote: quotes ? this.#quote(conversation, message) : null,
      name: this.#names.of(message.sender_id),
      named: !own && conversation.data.kind === "group",
      state: own ? this.#state(conversation, readers) : "received",
      readers: this.#names.list(readers),
    };
    return {
      key: own && message.client_id ? `mine ${message.client_id}` : message.id,
      signature: JSON.stringify(shown),
      build: () => this.#build(shown),
    };
  }

  #pending(item, starts) {
    const quote = item.reply_to ? this.#actions.quoted(item.conversation_id, item.reply_to) : null;
    const shown = {
      message: item,
      own: true,
      starts,
      quote: quote && this.#quotation(quote),
      state: item.error ? "failed" : "pending",
    };
    return {
      key: `mine ${item.client_id}`,
      signature: JSON.stringify(shown),
      build: () => this.#build(shown),
    };
  }

  #readers({ readBy }, seq) {
    return [...readBy].filter(([id, read]) => id !== this.#me && read >= seq).map(([id]) => id);
  }

  /** “Read” means that every participant has read it. */
  #state({ data }, readers) {
    const others = (data.participants ?? []).filter((one) => one.user_id !== this.#me);
    const all = others.length > 0 && others.every((one) => readers.includes(one.user_id));
    return all ? "read" : "sent";
  }

  #quote(conversation, { reply_to: id }) {
    const message = this.#actions.quoted(conversation.id, id);
    return message ? this.#quotation(message) : { id, who: "", text: "Earlier message" };
  }

  #quotation(message) {
    const text = this.#names.said(message);
    return { id: message.id, who: this.#names.here(message.sender_id), text };
  }

  #build(shown) {
    const { message, own, starts, state } = shown;
    const classes = ["message", own ? "own" : "theirs"];
    if (starts) classes.push("starts");
    if (message.deleted_at) classes.push("deleted");
    if (state === "failed") classes.push("failed");
    return el(
      "li",
      {
        class: classes.join(" "),
        "data-testid": "message",
        "data-message-id": message.id,
        "data-seq": message.seq,
        "data-client-id": message.id ? null : message.client_id,
        "data-state": state,
      },
      own ? null : this.#avatar(shown),
      el("div", { class: "bubble" }, this.#inside(shown)),
      message.id && !message.deleted_at ? this.#menuButton(message) : null,
      state === "failed" ? this.#failure(message) : null,
    );
  }

  #avatar({ message, name, starts }) {
    if (!starts) return el("span", { class: "avatar-space" });
    const colour = `hue-${hue(message.sender_id)}`;
    return el("span", { class: `avatar small ${colour}`, "aria-hidden": "true" }, initial(name));
  }

  #inside({ message, own, starts, named, name, quote, state, readers }) {
    const shown = named && starts ? `text-hue-${hue(message.sender_id)}` : "visually-hidden";
    const { created_at: at } = message;
    return [
      el("span", { class: `sender ${shown}` }, own ? "You" : name),
      quote ? this.#quoteButton(quote) : null,
      ...(message.deleted_at
        ? [el("p", { class: "text" }, "Message deleted")]
        : this.#content(message)),
      el(
        "span",
        { class: "meta" },
        message.pinned_at ? el("span", { "data-testid": "pin", role: "img", "aria-label": "Pinned" }, "📌 ") : null,
        message.edited_at && !message.deleted_at ? "edited " : null,
        el("time", { datetime: at, title: fullTime(at) }, time(at)),
        own && !message.deleted_at ? tick(state, readers) : null,
      ),
      reactionRow(message, this.#names, (emoji, on) => this.#actions.react(message, emoji, on)),
    ];
  }

  /** A message that is not sent yet knows only the ids of its files. */
  #content(message) {
    const files = message.id && message.attachments?.length ? this.#actions.files(message) : [];
    const text = message.text || (files.length ? "" : "File");
    return [...files, text ? el("p", { class: "text", dir: "auto" }, linked(text)) : null];
  }

  #quoteButton({ id, who, text }) {
    return el(
      "button",
      { type: "button", class: "quote", on: { click: () => this.#actions.reveal(id) } },
      el("span", { class: "quote-who" }, who),
      el("span", { class: "quote-text", dir: "auto" }, text),
    );
  }

  #menuButton(message) {
    const button = el(
      "button",
      {
        type: "button",
        class: "icon-button message-menu",
        "data-testid": "message-menu",
        "aria-label": "What to do with this message",
        "aria-haspopup": "menu",
      },
      icon(DOTS),
    );
    button.addEventListener("click", () => this.#actions.menu(message, button));
    return button;
  }

  #failure(item) {
    const on = (action) => ({ click: () => action(item.client_id) });
    return el(
      "div",
      { class: "failure", role: "alert" },
      el("span", {}, item.error),
      el("button", { type: "button", class: "link", on: on(this.#actions.retry) }, "Try again"),
      el("button", { type: "button", class: "link", on: on(this.#actions.discard) }, "Discard"),
    );
  }
}

function soon(before, after) {
  return Date.parse(after.at) - Date.parse(before.at) <= GROUP_FOR;
}

function separator(key, text, className = "day") {
  const build = () => el("li", { class: className }, el("span", {}, text));
  return { key, signature: text, build };
}

function tick(state, readers) {
  const [sign, label] = STATES[state];
  const title = state === "sent" && readers ? `Read by ${readers}` : label;
  return el("span", { class: `tick ${state}`, role: "img", "aria-label": label, title }, sign);
}

/** Text with its web addresses as links. */
function linked(text) {
  const parts = [];
  let end = 0;
  for (const { 0: href, index } of text.matchAll(LINK)) {
    parts.push(text.slice(end, index), link(href));
    end = index + href.length;
  }
  return [...parts, text.slice(end)];
}

function link(href) {
  return el("a", { href, target: "_blank", rel: "noopener noreferrer" }, href);
}
