/** The list of conversations: title, latest message with its time, and unread counts. Archived
 * conversations are in a list of their own. */

import { colourId, othersIn } from "../chat/participants.js";
import { el, keyed } from "../parts/dom.js";
import { avatar } from "../parts/avatar.js";
import { moment } from "../parts/words.js";

export class ListView {
  #rows;
  #archivedRows;
  #element;
  #archived;
  #empty;
  #names;
  #me;
  #typists;
  #present;
  #onOpen;

  /** `archived` is a `details` element with a list. */
  constructor({ element, archived, empty, names, me, typists, present, onOpen }) {
    this.#rows = keyed(element);
    this.#archivedRows = keyed(archived.querySelector("ul"));
    this.#element = element;
    this.#archived = archived;
    this.#empty = empty;
    this.#names = names;
    this.#me = me;
    this.#typists = typists;
    this.#present = present;
    this.#onOpen = onOpen;
  }

  /** `items`: the conversations, the latest activity first. */
  render({ isLoaded, items }, openId) {
    this.#element.setAttribute("aria-busy", String(!isLoaded));
    this.#empty.hidden = !isLoaded || items.length > 0;
    const rows = (some) => some.map((each) => this.#row(each, each.id === openId));
    const archived = items.filter((each) => each.archived);
    const listed = items.filter((each) => !each.archived);
    const [pinned, others] = [listed.filter((one) => one.pinned), listed.filter((one) => !one.pinned)];
    this.#rows(rows([...pinned, ...others]));
    this.#archivedRows(rows(archived));
    this.#archived.hidden = archived.length === 0;
    this.#archived.querySelector("summary").textContent = `Archived (${archived.length})`;
  }

  #row(conversation, isOpen) {
    const typing = this.#typists.in(conversation.id);
    const name = this.#names.ofConversation(conversation);
    const said = this.#names.typing(typing) || this.#said(conversation);
    const isTyping = typing.length > 0;
    const [other] = conversation.kind === "direct" ? othersIn(conversation, this.#me) : [];
    const isThere = other !== undefined && this.#present.status(other) === "online";
    const today = new Date().toDateString(); // the time of a row says “Yesterday” from midnight on
    return {
      key: conversation.id,
      parts: [conversation, name, said, isTyping, isOpen, isThere, today],
      build: () => this.#build({ conversation, name, said, isTyping, isOpen, isThere }),
    };
  }

  #said({ kind, last_message: message }) {
    if (!message) return "No messages yet";
    const text = this.#names.said(message);
    if (message.deleted_at || message.kind === "system") return text;
    const who = this.#names.here(message.sender_id);
    return kind === "direct" && who !== "You" ? text : `${who}: ${text}`;
  }

  #build({ conversation, name, said, isTyping, isOpen, isThere }) {
    const { id, kind, unread_count: unread, marked_unread: marked, last_message: last } = conversation;
    const isUnread = unread > 0 || marked !== null;
    const at = last?.created_at ?? conversation.created_at;
    const button = el(
      "button",
      {
        type: "button",
        class: `conversation-item${isUnread ? " unread" : ""}`,
        "data-testid": "conversation",
        "data-conversation-id": id,
        "aria-current": isOpen ? "true" : null,
        on: { click: () => this.#onOpen(id) },
      },
      avatar(colourId(conversation, this.#me), name, { group: kind === "group", isThere }),
      el("span", { class: "item-name", dir: "auto" }, name),
      el("time", { class: "item-time", datetime: at }, moment(at), conversation.pinned ? pin() : null),
      el("span", { class: `item-said${isTyping ? " is-typing" : ""}`, dir: "auto" }, said),
      isThere ? el("span", { class: "visually-hidden" }, "online") : null,
      isUnread ? this.#badges(conversation) : null,
    );
    return el("li", {}, button);
  }

  #badges({ unread_count: unread, mentioned_seq: mentioned }) {
    const badge = (testid, label, text) =>
      el("span", { class: "badge", "data-testid": testid, role: "img", "aria-label": label }, text);
    const count = badge("unread", `${unread} unread`, unread > 99 ? "99+" : String(unread));
    const dot = badge("marked", "Marked as unread", "•");
    return el(
      "span",
      { class: "badges" },
      mentioned === null ? null : badge("mentioned", "You were mentioned", "@"),
      unread > 0 ? count : dot,
    );
  }
}

function pin() {
  return el("span", { "data-testid": "pinned", role: "img", "aria-label": "Pinned" }, " 📌");
}
