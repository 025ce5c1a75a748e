/** The names of people, and the texts that contain names. Until the server's answer, the page's own
 * names are used. */

import { People } from "chat-client/people";
import { plainText } from "../conversation/markdown.js";
import { inSentence, isolated, join } from "../parts/words.js";
import { othersIn } from "./participants.js";

/** How long no names are requested after a failure, in milliseconds. */
const PAUSE = 5000;

export class Names {
  #people;
  #known;
  #me;
  #missing = new Set();
  /** The ids in requests that have no answer yet. */
  #asked = new Set();
  #pauseUntil = 0;
  /** By message: its text without markup. Messages are immutable. */
  #texts = new WeakMap();

  /** `known`: the people of the page, `{user_id, name}`. */
  constructor(chat, known, me) {
    this.#people = new People(chat);
    this.#known = new Map(known.map(({ user_id: id, name }) => [id, name]));
    this.#me = me;
    /** Calls a listener after names have arrived. */
    this.subscribe = this.#people.subscribe;
  }

  /** Returns the name of a person, or their user id as long as no name is known. Asks for it once. */
  of(userId) {
    const profile = this.#people.getSnapshot()[userId];
    this.#need(userId);
    return profile ? (profile.name ?? userId) : (this.#known.get(userId) ?? userId);
  }

  /** Returns “You” for myself. */
  here(userId) {
    return userId === this.#me ? "You" : this.of(userId);
  }

  list(userIds, name = (id) => this.here(id)) {
    return join(userIds.map((id, index) => (index === 0 ? name(id) : inSentence(name(id)))));
  }

  /** Returns the title of a group, or the names of the other people. */
  ofConversation(conversation) {
    const { kind, title } = conversation;
    if (title) return title;
    const others = othersIn(conversation, this.#me);
    if (others.length === 0) return kind === "direct" ? "Note to self" : "Only you";
    return this.list(others.slice(0, 4), (id) => this.of(id));
  }

  /** Returns the people of a group, on one line. */
  ofPeople({ participants, participant_count: count }) {
    if (!participants) return `${count} people`;
    const ids = participants.map((one) => one.user_id);
    const names = this.list(ids.slice(0, 8));
    return ids.length > 8 ? `${names} and ${ids.length - 8} more` : names;
  }

  /** Returns the sentence of a system message. */
  system({ text, metadata }) {
    const { event, user_ids: people = [], count = people.length, by = null, title, role } = metadata ?? {};
    if (event === "title.changed") {
      return title ? `The title is now “${isolated(title)}”` : "The title was removed";
    }
    if (event === "conversation.created") {
      return by ? `${this.here(by)} created this group` : "The group was created";
    }
    if (event === "role.changed") return `${this.list(people)}: now ${role}`;
    if (event === "participant.left") return `${this.list(people)} left`;
    if (event !== "participant.added" && event !== "participant.removed") return text || event || "";
    const did = event === "participant.added" ? "added" : "removed";
    const more = count > people.length ? ` and ${count - people.length} more` : "";
    if (by) return `${this.here(by)} ${did} ${this.list(people, (id) => inSentence(this.here(id)))}${more}`;
    const who = this.list(people) + more;
    return `${who} ${people.length > 1 || who === "You" ? "were" : "was"} ${did}`;
  }

  /** Returns a message on one line: its text without markup, or the name of its file. */
  said(message) {
    if (message.deleted_at) return "Message deleted";
    if (message.kind === "system") return this.system(message);
    if (message.text) return this.#plain(message);
    return message.attachments?.[0]?.filename || "File";
  }

  typing(userIds) {
    if (userIds.length === 0) return "";
    if (userIds.length > 3) return "Several people are typing…";
    return `${this.list(userIds)} ${userIds.length > 1 ? "are" : "is"} typing…`;
  }

  /** Parses each text once, because each change renders all rows of the list. */
  #plain(message) {
    const known = this.#texts.get(message);
    if (known !== undefined) return known;
    const text = plainText(message.text);
    this.#texts.set(message, text);
    return text;
  }

  /** Requests a name. The requests of one rendering are sent together. The package sends none for a
   * name that it requested a short time ago. */
  #need(userId) {
    if (this.#missing.size === 0) queueMicrotask(() => this.#ask());
    this.#missing.add(userId);
  }

  async #ask() {
    const userIds = [...this.#missing].filter((id) => !this.#asked.has(id));
    this.#missing.clear();
    if (userIds.length === 0 || performance.now() < this.#pauseUntil) return;
    for (const id of userIds) this.#asked.add(id);
    try {
      await this.#people.need(userIds);
    } catch (error) {
      if (error.name !== "ChatError") throw error;
      this.#pauseUntil = performance.now() + PAUSE; // the next rendering after it asks again
    } finally {
      for (const id of userIds) this.#asked.delete(id);
    }
  }
}
