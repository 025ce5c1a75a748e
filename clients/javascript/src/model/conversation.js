/** One conversation as the client knows it: pure, without input or output.
 *
 * It puts events in order (cursor.js), keeps the newer of two states of a message (history.js), counts
 * what is unread (positions.js), and derives what holds for me alone (own.js, reactions.js).
 */

import { Cursor } from "./cursor.js";
import { History } from "./history.js";
import { MyReactions } from "./reactions.js";
import { Own } from "./own.js";
import { Positions } from "./positions.js";

/**
 * @typedef {import("../../schema/frames.js").Message & {my_reactions?: string[]}} Message
 *   `my_reactions`: the emoji of my reactions
 * @typedef {import("../../schema/frames.js").Conversation} ConversationData
 * @typedef {import("../../schema/frames.js").SharedConversation} SharedConversation
 * @typedef {import("../../schema/frames.js").SyncedChanges} Changes
 * @typedef {import("./cursor.js").DurableEvent} DurableEvent
 *
 * @typedef {object} Joined the state when I was added, if I was told: what came since then is news
 * @property {number} version
 * @property {number} seq
 *
 * @typedef {object} News what a person may want to hear of
 * @property {"message" | "message.changed"} type
 * @property {Message} message
 */

/** Any other durable event is one of a later release: a sync brings what it changed. */
const KNOWN =
  /^(message\.(created|updated|deleted)|reaction\.updated|conversation\.(updated|changes)|participant\.(added|removed))$/;

/** How many numbers of reported messages are kept while an earlier message is missing. */
const MAX_TOLD = 1000;

export class ConversationModel {
  /** The latest conversation object, without what is counted here; null until loaded.
   * @type {ConversationData | null} */
  data = null;
  cursor = new Cursor();
  history = new History();
  positions;
  own;
  /** When somebody wrote last: a message of the system does not move the conversation in the list. */
  activeAt = "";
  /** Whether I was removed. */
  isGone = false;
  /** Whether people came whose read positions are not known. */
  hasNewPeople = false;
  /** The object that is on its way. @type {Promise<void> | null | undefined} */
  loading;
  /** The page that is on its way. @type {Promise<void> | null | undefined} */
  paging;
  /** Identifies the latest sync, whose answer alone counts. @type {symbol | null} */
  syncing = null;
  #me;
  #reactions;
  #seq = 0;
  /** `own.changes` when the latest sync was sent. */
  #askedChanges = 0;
  /** All messages up to this `seq`, and these further ones, were told as news. */
  #toldSeq = 0;
  /** @type {Set<number>} */
  #told = new Set();
  /** @type {News[]} */
  #news = [];
  #joined;

  /** @param {string} me my user id @param {Joined} [joined]
   * @param {() => number} [now] the server's time, in milliseconds */
  constructor(me, joined, now = Date.now) {
    this.#me = me;
    this.#joined = joined;
    this.positions = new Positions(me);
    this.own = new Own(me, this.positions, now);
    this.#reactions = new MyReactions(me);
  }

  /** The number of the latest message. */
  get seq() {
    return this.#seq;
  }

  /** The conversation object with what is known now. */
  get summary() {
    const { data, own, history } = this;
    if (data === null) return null;
    const latest = history.latest;
    return Object.freeze({
      ...data,
      seq: this.#seq,
      last_message: latest?.seq === this.#seq ? latest : data.last_message,
      ...own.fields(this.#seq),
    });
  }

  /** Takes what happened since the last call. @returns {News[]} */
  takeNews() {
    return this.#news.splice(0);
  }

  /** Begins with a conversation object of REST. Its messages are loaded after it.
   * @param {ConversationData} data */
  load(data) {
    const from = this.#joined ?? data;
    this.#toldSeq = from.seq;
    this.cursor.reach(from.version);
    this.cursor.announce(data.version);
    this.merge(data);
    this.#applyHeld();
  }

  /** Takes a later conversation object of REST. It does not move the cursor.
   * @param {ConversationData} data
   * @param {number} [changes] `own.changes` when it was asked for */
  merge(data, changes = this.own.changes) {
    this.#update(data);
    if (data.version === this.data?.version) this.own.take(data, changes);
    this.positions.moved(this.#me, data.read_seq);
    if (data.read_seq >= this.positions.readSeq) this.positions.markedUnread = data.marked_unread;
  }

  /** Takes my own state from another device.
   * @param {{read_seq?: number, marked_unread?: number | null, preferences?: import("./own.js").Preferences}} own */
  mergeOwn({ read_seq: readSeq = 0, marked_unread: marked, preferences }) {
    this.positions.moved(this.#me, readSeq);
    if (marked !== undefined && readSeq >= this.positions.readSeq) {
      this.positions.markedUnread = marked;
    }
    if (preferences) this.own.set(preferences);
  }

  /** Takes a durable event, and applies all whose turn has come.
   * @param {DurableEvent} event */
  receive(event) {
    if (KNOWN.test(event.type)) this.cursor.hold(event);
    else this.cursor.announce(event.version);
    this.#applyHeld();
  }

  /** The connection is lost. */
  lost() {
    this.syncing = null;
    this.cursor.forget();
  }

  /** A sync is sent. */
  asking() {
    this.cursor.asking();
    this.#askedChanges = this.own.changes;
  }

  /** Takes the answer to a sync with the status `ok`.
   * @param {Omit<Changes, "status">} changes */
  applyChanges({ messages, conversation, version, more }) {
    if (version >= (this.cursor.position ?? 0)) {
      if (conversation) this.merge(conversation, this.#askedChanges);
      const inOrder = [...messages].sort((one, other) => one.seq - other.seq);
      for (const message of inOrder) this.#apply(message);
      this.cursor.reach(version);
    }
    this.#applyHeld();
    if (more) this.cursor.announce(Infinity);
    else this.cursor.answered();
  }

  /** Keeps a message of a reply or a page. It does not move the cursor. Returns whether it is news.
   * @param {Message} message @param {import("./reactions.js").Reaction} [reaction] */
  keep(message, reaction = {}) {
    const { seq, sender_id: sender, kind, version } = message;
    const held = this.history.at(seq);
    this.#seq = Math.max(this.#seq, seq);
    if (message.deleted_at || kind === "system") this.positions.uncount(seq);
    if (kind !== "system") {
      this.positions.moved(sender, seq);
      if (message.created_at > this.activeAt) this.activeAt = message.created_at;
    }
    this.own.saw(message, !held && this.#isUntold(seq));
    const whole = this.#reactions.complete(message, held, reaction);
    if (message.my_reactions && held?.version === version) this.history.replace(whole);
    const isNews = this.history.keep(whole);
    this.#reacted(seq, reaction);
    return isNews;
  }

  /** @param {{items: Message[], has_more_before: boolean}} page */
  addPage(page) {
    this.history.willOpen();
    for (const message of page.items) this.keep(message);
    this.history.addPage(page);
  }

  /** Returns the ids of messages whose `my_reactions` only REST tells. */
  takeUnsure() {
    return this.#reactions.takeUnsure(this.history.messages);
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

  /** @param {Message} message @param {import("./reactions.js").Reaction} [reaction] */
  #apply(message, reaction = {}) {
    const { seq } = message;
    const isChanged = this.keep(message, reaction) || !this.history.at(seq);
    const isNew = this.#isUntold(seq) && !message.deleted_at;
    this.#told.add(seq);
    if (this.#told.size > MAX_TOLD) this.#toldSeq += 1; // it is missing for good
    while (this.#told.delete(this.#toldSeq + 1)) this.#toldSeq += 1;
    const type = isNew ? "message" : "message.changed";
    if (isNew || isChanged) this.#news.push({ type, message });
  }

  /** Whether no event or sync brought it. A sync may bring a later message before an earlier one that
   * was edited. @param {number} seq */
  #isUntold(seq) {
    return seq > this.#toldSeq && !this.#told.has(seq);
  }

  /** Takes a reaction, if it is mine. @param {number} seq
   * @param {import("./reactions.js").Reaction} reaction */
  #reacted(seq, reaction) {
    const held = this.history.at(seq);
    if (reaction.by !== this.#me || !held || held.deleted_at) return;
    this.history.replace(this.#reactions.changed(held, reaction));
  }

  /** Takes a conversation object, unless a newer one is known. In events it lacks my own fields.
   * @param {Partial<ConversationData> & SharedConversation} data */
  #update(data) {
    const before = this.data;
    if (before && data.version < before.version) return;
    this.data = /** @type {ConversationData} */ ({ ...before, ...data });
    this.#seq = Math.max(this.#seq, data.seq);
    this.positions.count(data.uncounted ?? []);
    this.activeAt ||= data.last_message?.created_at ?? data.created_at;
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
    const others = before.participants?.filter((one) => !ids.has(one.user_id)) ?? null;
    const people = others && added ? [...others, ...participants] : others;
    const count = before.participant_count + (added ? ids.size : -ids.size);
    this.data = { ...before, participants: people, participant_count: people?.length ?? count };
  }
}
