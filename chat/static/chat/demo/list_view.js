/** The list of conversations: title, latest message with its time, and unread count. Archived ones
 * are in a list of their own. */

import { el, keyed } from "./dom.js";
import { hue, initial, moment } from "./words.js";

export class ListView {
  #rows;
  #archivedRows;
  #element;
  #archived;
  #empty;
  #names;
  #me;
  #onOpen;

  /** `archived` is a `details` element with a list. */
  constructor({ element, archived, empty, names, me, onOpen }) {
    this.#rows = keyed(element);
    this.#archivedRows = keyed(archived.querySelector("ul"));
    this.#element = element;
    this.#archived = archived;
    this.#empty = empty;
    this.#names = names;
    this.#me = me;
    this.#onOpen = onOpen;
  }

  /** `typing(id)` returns the people who are typing in a conversation. */
  render(conversations, typing) {
    const { list, loaded, openId } = conversations;
    this.#element.setAttribute("aria-busy", String(!loaded));
    this.#empty.hidden = !loaded || list.length > 0;
    const rows = (some) => some.map((each) => this.#row(each, openId, typing(each.id)));
    const archived = list.filter((each) => each.data.archived);
    this.#rows(rows(list.filter((each) => !each.data.archived)));
    this.#archivedRows(rows(archived));
    this.#archived.hidden = archived.length === 0;
    this.#archived.querySelector("summary").textContent = `Archived (${archived.length})`;
  }

  #row(conversation, openId, typing) {
    const content = {
      id: conversation.id,
      name: this.#names.ofConversation(conversation.data),
      hue: hue(otherPerson(conversation.data, this.#me)),
      group: conversation.data.kind === "group",
      said: this.#names.typing(typing) || this.#said(conversation),
      typing: typing.length > 0,
      at: conversation.activeAt,
      day: new Date().toDateString(),
      unread: conversation.unread,
      marked: conversation.marked,
      pinned: conversation.data.pinned,
      open: conversation.id === openId,
    };
    return {
      key: conversation.id,
      signature: JSON.stringify(content),
      build: () => this.#build(content),
    };
  }

  #said({ lastMessage: message, data }) {
    if (!message) return "No messages yet";
    const text = this.#names.said(message);
    if (message.deleted_at || message.kind === "system") return text;
    const who = message.sender_id === this.#me ? "You" : this.#names.of(message.sender_id);
    return data.kind === "direct" && who !== "You" ? text : `${who}: ${text}`;
  }

  #build({ id, name, hue: colour, group, said, typing, at, unread, marked, pinned, open }) {
    const shape = `avatar hue-${colour}${group ? " group" : ""}`;
    const avatar = el("span", { class: shape, "aria-hidden": "true" }, initial(name));
    const badge = el(
      "span",
      { class: "badge", "data-testid": "unread", "aria-label": `${unread} unread` },
      unread > 99 ? "99+" : String(unread),
    );
    const dot = el(
      "span",
      { class: "badge", "data-testid": "marked", role: "img", "aria-label": "Marked as unread" },
      "•",
    );
    const pin = el("span", { "data-testid": "pinned", role: "img", "aria-label": "Pinned" }, " 📌");
    const button = el(
      "button",
      {
        type: "button",
        class: `conversation-item${unread || marked ? " unread" : ""}`,
        "data-testid": "conversation",
        "data-conversation-id": id,
        "aria-current": open ? "true" : null,
        on: { click: () => this.#onOpen(id) },
      },
      avatar,
      el("span", { class: "item-name", dir: "auto" }, name),
      el("time", { class: "item-time", datetime: at }, moment(at), pinned ? pin : null),
      el("span", { class: `item-said${typing ? " is-typing" : ""}`, dir: "auto" }, said),
      unread ? badge : marked ? dot : null,
    );
    return el("li", {}, button);
  }
}

/** Returns the id that sets a conversation's colour: the other person's, or its own. */
export function otherPerson({ id, kind, participants }, me) {
  if (kind !== "direct") return id;
  return participants?.find((each) => each.user_id !== me)?.user_id ?? me;
}
