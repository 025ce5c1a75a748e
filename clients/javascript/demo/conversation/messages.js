/** The rows of messages: a bubble with its sender, quote, text, files, time, ticks and reactions. */

import { othersIn } from "../chat/participants.js";
import { avatar } from "../parts/avatar.js";
import { el, icon } from "../parts/dom.js";
import { fullTime, hue, time } from "../parts/words.js";
import { reactionRow } from "./reactions.js";
import { shownText } from "./text.js";

const DOTS = "M5 12h.01M12 12h.01M19 12h.01";
const STATES = {
  pending: ["○", "Sending"],
  failed: ["!", "Not sent"],
  sent: ["✓", "Sent"],
  delivered: ["✓✓", "Delivered"],
  read: ["✓✓", "Read"],
};

export class Messages {
  #names;
  #me;
  #actions;

  /** `actions`: `menu(message, button)`, `files(message)`, `retry` and `discard` (a client id), `reveal`
   * (a message), `react(message, emoji, present)`, `quoted(conversationId, messageId)`. */
  constructor({ names, me, actions }) {
    this.#names = names;
    this.#me = me;
    this.#actions = actions;
  }

  /** The row of a message. `starts`: it is the first of several of its sender. */
  stored({ conversation, receipts }, message, starts) {
    const isOwn = message.sender_id === this.#me;
    const isQuoting = message.reply_to && !message.deleted_at;
    const { state, readers } = isOwn ? this.#progress(conversation, receipts, message.seq) : RECEIVED;
    const name = this.#names.of(message.sender_id);
    const shown = {
      message,
      isOwn,
      starts,
      quoted: isQuoting ? this.#actions.quoted(conversation.id, message.reply_to) : null,
      name,
      isNamed: !isOwn && conversation.kind === "group",
      state,
      readers,
      people: this.#mentioned(message),
    };
    const { quoted, isNamed, people } = shown;
    const others = quoted ? this.#names.here(quoted.sender_id) : "";
    return {
      key: isOwn && message.client_id ? `mine ${message.client_id}` : message.id,
      parts: [message, starts, quoted, others, name, isNamed, state, readers, people.join("\n")],
      build: () => this.#build(shown),
    };
  }

  /** The row of a message of mine that is not stored yet. */
  pending(item, starts) {
    const quoted = item.reply_to ? this.#actions.quoted(item.conversation_id, item.reply_to) : null;
    const state = item.error ? "failed" : "pending";
    const people = this.#mentioned(item);
    const shown = { message: item, isOwn: true, starts, quoted, state, readers: "", people };
    return {
      key: `mine ${item.client_id}`,
      parts: [item, starts, quoted, state, people.join("\n")],
      build: () => this.#build(shown),
    };
  }

  /** Returns the names of the people whom a message mentions. */
  #mentioned({ mentions = [], mentions_all: all = false }) {
    return [...mentions.map((id) => this.#names.of(id)), ...(all ? ["everyone"] : [])];
  }

  /** How far a message of mine has come. “Read” means that every participant has read it. */
  #progress(conversation, receipts, seq) {
    const others = othersIn(conversation, this.#me);
    const reached = (field) => others.filter((id) => (receipts[id]?.[field] ?? 0) >= seq);
    const readers = reached("read_seq");
    const isFor = (people) => others.length > 0 && people.length === others.length;
    const state = isFor(readers) ? "read" : isFor(reached("delivered_seq")) ? "delivered" : "sent";
    return { state, readers: state === "read" ? "" : this.#names.list(readers) };
  }

  #build(shown) {
    const { message, isOwn, starts, state } = shown;
    const classes = ["message", isOwn ? "own" : "theirs"];
    if (starts) classes.push("starts");
    if (message.deleted_at) classes.push("deleted");
    if (state === "failed") classes.push("failed");
    if (this.#mentionsMe(message)) classes.push("mentions-me");
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
      isOwn ? null : this.#avatar(shown),
      el("div", { class: "bubble" }, this.#inside(shown)),
      message.id && !message.deleted_at ? this.#menuButton(message) : null,
      state === "failed" ? this.#failure(message) : null,
    );
  }

  #mentionsMe({ sender_id: sender, mentions = [], mentions_all: all, deleted_at: deleted }) {
    return sender !== undefined && sender !== this.#me && !deleted && (all || mentions.includes(this.#me));
  }

  #avatar({ message, name, starts }) {
    if (!starts) return el("span", { class: "avatar-space" });
    return avatar(message.sender_id, name, { small: true });
  }

  #inside({ message, isOwn, starts, isNamed, name, quoted, state, readers, people }) {
    const className = isNamed && starts ? `text-hue-${hue(message.sender_id)}` : "visually-hidden";
    const { created_at: at, deleted_at: deleted, reply_to: replyTo } = message;
    return [
      el("span", { class: `sender ${className}` }, isOwn ? "You" : name),
      replyTo && !deleted ? this.#quote(quoted) : null,
      ...(deleted ? [el("p", { class: "text" }, "Message deleted")] : this.#content(message, people)),
      el(
        "span",
        { class: "meta" },
        message.pinned_at ? pin() : null,
        message.edited_at && !deleted ? "edited " : null,
        el("time", { datetime: at, title: fullTime(at) }, time(at)),
        isOwn && !deleted ? tick(state, readers) : null,
      ),
      reactionRow(message, this.#names, (emoji, on) => this.#actions.react(message, emoji, on)),
    ];
  }

  #content(message, people) {
    const files = message.attachments?.length ? this.#actions.files(message) : [];
    const { text } = message;
    return [...files, text ? shownText(text, people) : null];
  }

  #quote(message) {
    const who = message ? this.#names.here(message.sender_id) : "";
    const text = message ? this.#names.said(message) : "Earlier message";
    return el(
      "button",
      {
        type: "button",
        class: "quote",
        disabled: message === null,
        on: { click: () => this.#actions.reveal(message) },
      },
      el("span", { class: "quote-who" }, who),
      el("span", { class: "quote-text", dir: "auto" }, text),
    );
  }

  #menuButton(message) {
    const button = el(
      "button",
      {
        type: "button",
        id: `menu ${message.id}`,
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
      el("span", {}, item.error.message),
      el("button", { type: "button", class: "link", on: on(this.#actions.retry) }, "Try again"),
      el("button", { type: "button", class: "link", on: on(this.#actions.discard) }, "Discard"),
    );
  }
}

const RECEIVED = { state: "received", readers: "" };

function pin() {
  const properties = { "data-testid": "pin", role: "img", "aria-label": "Pinned" };
  return el("span", properties, "📌 ");
}

function tick(state, readers) {
  const [sign, label] = STATES[state];
  const title = readers ? `${label}. Read by ${readers}` : label;
  return el("span", { class: `tick ${state}`, role: "img", "aria-label": label, title }, sign);
}
