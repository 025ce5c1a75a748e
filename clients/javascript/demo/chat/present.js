/** Who is online, among the people whom the page shows. */

import { Presence } from "chat-client/presence";
import { moment } from "../parts/words.js";
import { othersIn } from "./participants.js";

/** How many people are watched: the people of the open conversation, then of the latest ones. */
const MAX_WATCHED = 200;

export class Present {
  #presence;
  #me;
  #watched = "";
  #end = () => {};

  constructor(chat, me) {
    this.#presence = new Presence(chat);
    this.#me = me;
    /** Calls a listener after a status has changed. */
    this.subscribe = this.#presence.subscribe;
  }

  /** Watches the people of the open conversation (null if none is open) and of direct conversations. */
  watch(conversations, open) {
    const direct = conversations.filter((one) => one.kind === "direct");
    const people = [...(open ? [open] : []), ...direct].flatMap((one) => one.participants ?? []);
    const ids = new Set(people.map((one) => one.user_id));
    ids.delete(this.#me);
    const watched = [...ids].slice(0, MAX_WATCHED);
    const key = watched.toSorted().join("\n");
    if (key === this.#watched) return;
    this.#watched = key;
    const end = this.#presence.watch(watched);
    this.#end(); // after the new watch: who is in both stays known
    this.#end = end;
  }

  /** Returns `online`, `reachable` (a push can reach a device) or `offline`; null if it is not known. */
  status(userId) {
    return this.#presence.getSnapshot()[userId]?.status ?? null;
  }

  /** Returns the line about the other people at the top of a conversation. */
  words(conversation) {
    const others = othersIn(conversation, this.#me);
    if (conversation.kind === "direct") return others.length === 1 ? this.#ofPerson(others[0]) : "";
    const count = others.filter((id) => this.status(id) === "online").length;
    return count > 0 ? `${count} online` : "";
  }

  #ofPerson(userId) {
    const person = this.#presence.getSnapshot()[userId];
    if (!person) return "";
    if (person.status === "online") return "Online";
    return person.last_active_at ? `Last active ${moment(person.last_active_at)}` : "Offline";
  }
}
