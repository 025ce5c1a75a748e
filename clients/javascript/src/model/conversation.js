/** One conversation as the client knows it: pure, without input or output.
 *
 * It puts events in order (cursor.js), keeps the newer of two states of a message (history.js), and
 * counts what is unread (positions.js).
 */

import { Cursor } from "./cursor.js";
import { History } from "./history.js";
import { Positions } from "./positions.js";

/**
 * @typedef {import("../../schema/frames.js").Message} Message
 * @typedef {import("../../schema/frames.js").Conversation} ConversationData
 * @typedef {import("../../schema/frames.js").SharedConversation} SharedConversation
 * @typedef {import("../../schema/frames.js").SyncedChanges} Changes
 * @typedef {import("./cursor.js").DurableEvent} DurableEvent
 *
 * @typedef {object} News what a person may want to hear of
 * @property {"message" | "message.changed"} type
 * @property {Message} message
 */

/** Any other durable event is one of a later release: a sync brings what it changed. */
const KNOWN = new Set([
  "message.created",
  "message.updated",
  "message.deleted",
  "reaction.updated",
  "conversation.updated",
  "conversation.changes",
  "participant.added",
  "participant.removed",
]);

export class ConversationModel {
  /** The latest conversation object, without what is counted here; null until loaded.
   * @type {ConversationData | null} */
  data = null;
  cursor = new Cursor();
  history = new History();
  positions;
  /** Whether I was removed. */
  isGone = false;
  /** Whether people came whose read positions are not known. */
  hasNewPeople = false;
  /** Identifies the latest sync, whose answer alone counts. @type {symbol | null} */
  syncing = null;
  #me;
  #seq = 0;
  /** All messages up to this `seq`, and these further ones, were told as news. */
  #toldSeq = 0;
  /** @type {Set<number>} */
  #told = new Set();
  /** @type {News[]} */
  #news = [];

  /** @param {string} me my user id */
  constructor(me) {
    this.#me = me;
    this.positions = new Positions(me);
  }

  /** The number of the latest message. */
  get seq() {
    return this.#seq;
  }

  /** The conversation object with what is known now. */
  get summary() {
    const { data, positions, history } = this;
    if (data === null) return null;
    const latest = history.latest;
    return Object.freeze({
      ...data,
      seq: this.#seq,
      last_message: latest?.seq === this.#seq ? latest : data.last_message,
      read_seq: positions.readSeq,
      unread_count: positions.unreadCount(this.#seq),
      marked_unread: positions.markedUnread,
    });
  }

  /** Takes what happened since the last call. @returns {News[]} */
  takeNews() {
    const news = this.#news;
    this.#news = [];
    return news;
  }

  /** Begins with a conversation object of REST. Its messages are loaded after it.
   * @param {ConversationData} data */
  load(data) {
    this.cursor.reach(data.version);
    this.merge(data);
    this.#toldSeq = data.seq;
    this.#applyHeld();
  }

  /** Takes a later conversation object of REST. It does not move the cursor.
   * @param {ConversationData} data */
  merge(data) {
    this.#update(data);
    this.positions.moved(this.#me, data.read_seq);
    if (data.read_seq >= this.positions.readSeq) this.positions.markedUnread = data.marked_unread;
  }

  /** Takes my own state from another device.
   * @param {{read_seq?: number, marked_unread?: number | null, preferences?: object}} own */
  mergeOwn({ read_seq: readSeq = 0, marked_unread: marked, preferences }) {
    this.positions.moved(this.#me, readSeq);
    if (marked !== undefined && readSeq >= this.positions.readSeq) {
      this.positions.markedUnread = marked;
    }
    if (this.data && preferences) this.data = { ...this.data, ...preferences };
  }

  /** Takes a durable event, and applies all whose turn has come.
   * @param {DurableEvent} event */
  receive(event) {
    if (KNOWN.has(event.type)) this.cursor.hold(event);
    else this.cursor.announce(event.version);
    this.#applyHeld();
  }

  /** Takes the answer to a sync with the status `ok`.
   * @param {Omit<Changes, "status">} changes */
  applyChanges({ messages, conversation, version, more }) {
    if (version >= (this.cursor.position ?? 0)) {
      if (conversation) this.merge(conversation);
      const inOrder = [...messages].sort((one, other) => one.seq - other.seq);
      for (const message of inOrder) this.#apply(message);
      this.cursor.reach(version);
    }
    this.#applyHeld();
    if (more) this.cursor.announce(Infinity);
    else this.cursor.answered();
  }

  /** Keeps a message of a reply or a page. It does not move the cursor.
   * @param {Message} message */
  keep(message) {
    this.#seq = Math.max(this.#seq, message.seq);
    if (message.deleted_at || message.kind === "system") this.positions.uncount(message.seq);
    this.positions.moved(message.sender_id, message.seq);
    return this.history.keep(this.#withMyReactions(message));
  }

  /** @param {{items: Message[], has_more_before: boolean}} page */
  addPage(page) {
    const items = page.items.map((message) => this.#withMyReactions(message));
    for (const message of items) this.keep(message);
    this.history.addPage({ ...page, items });
  }

  #applyHeld() {
    for (let event = this.cursor.next(); event !== null; event = this.cursor.next()) {
      const { type, data, version } = event;
      if (type === "participant.added" || type === "participant.removed") {
        this.#changePeople(type === "participant.added", data.participants, version);
      }
      if (data.conversation) this.#update(data.conversation);
      for (const message of data.messages ?? []) this.#apply(message);
      if (data.message) this.#apply(data.message, data);
      const before = this.data;
      if (before && before.version < version) {
        const { pinned_count = before.pinned_count } = data;
        this.data = { ...before, pinned_count, version };
      }
    }
  }

  /** @param {Message} message @param {{by?: string, emoji?: string, added?: boolean}} [reaction] */
  #apply(message, { by, emoji, added } = {}) {
    const changed = this.keep(message);
    if (by === this.#me && emoji) this.#react(message.seq, emoji, Boolean(added));
    const isNew = this.#isUntold(message.seq) && !message.deleted_at;
    if (isNew) this.#news.push({ type: "message", message });
    else if (changed) this.#news.push({ type: "message.changed", message });
  }

  /** A sync may bring a later message before an earlier one that was edited. @param {number} seq */
  #isUntold(seq) {
    if (seq <= this.#toldSeq || this.#told.has(seq)) return false;
    this.#told.add(seq);
    while (this.#told.delete(this.#toldSeq + 1)) this.#toldSeq += 1;
    return true;
  }

  /** Events lack my own reactions: everyone gets the same frame. @param {any} message */
  #withMyReactions(message) {
    if (message.my_reactions !== undefined || !message.reactions) return message;
    const held = /** @type {any} */ (this.history.at(message.seq))?.my_reactions ?? [];
    const mine = Object.entries(message.reactions).filter(([emoji, { count, user_ids: ids }]) =>
      // Where not all people are named, what was known before stays.
      ids.includes(this.#me) || (ids.length < count && held.includes(emoji)),
    );
    return { ...message, my_reactions: mine.map(([emoji]) => emoji) };
  }

  /** @param {number} seq @param {string} emoji @param {boolean} added */
  #react(seq, emoji, added) {
    const held = /** @type {any} */ (this.history.at(seq));
    if (!held || held.deleted_at) return;
    const others = (held.my_reactions ?? []).filter((/** @type {string} */ one) => one !== emoji);
    this.history.replace({ ...held, my_reactions: added ? [...others, emoji] : others });
  }

  /** Takes a conversation object, unless a newer one is known. In events it lacks my own fields.
   * @param {Partial<ConversationData> & SharedConversation} data */
  #update(data) {
    const before = this.data;
    if (before && data.version < before.version) return;
    this.data = /** @type {ConversationData} */ ({ ...before, ...data });
    this.#seq = Math.max(this.#seq, data.seq);
    this.positions.count(data.uncounted ?? []);
    if (data.last_message) this.keep(data.last_message);
    if (!before) return;
    // Large conversations name their people only when they are loaded one by one.
    const known = before.participants;
    if (!data.participants && known?.length === data.participant_count) {
      this.data.participants = known;
    }
    if (known && data.participants) {
      const now = new Set(data.participants.map((one) => one.user_id));
      for (const { user_id: id } of known) if (!now.has(id)) this.positions.forget(id);
      this.hasNewPeople ||= now.size > known.filter((one) => now.has(one.user_id)).length;
    }
  }

  /** @param {boolean} added @param {any[]} participants @param {number} version */
  #changePeople(added, participants, version) {
    const ids = new Set(participants.map((one) => one.user_id));
    if (!added && ids.has(this.#me)) this.isGone = true;
    if (added) this.hasNewPeople = true;
    else for (const id of ids) this.positions.forget(id);
    const before = this.data;
    if (!before || version <= before.version) return; // the object is of a later version
    const others = before.participants?.filter((one) => !ids.has(one.user_id));
    const people = others && added ? [...others, ...participants] : (others ?? null);
    const count = before.participant_count + (added ? ids.size : -ids.size);
    this.data = { ...before, participants: people, participant_count: people?.length ?? count };
  }
}
