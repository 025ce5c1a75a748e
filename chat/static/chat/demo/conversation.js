/** One conversation as this client knows it: its messages and its cursor.
 *
 * `cursor` is the version up to which every change was applied. Only events and answers to
 * `conversation.sync` move it: a reply or a page contains single messages, and an earlier change
 * may still be missing.
 */

import { endsArchiving } from "./own_state.js";
import { ownReactions } from "./reactions.js";

export class Conversation {
  /** The latest conversation object; null while it is being loaded. */
  data = null;
  /** Null until loaded. */
  cursor = null;
  /** Message objects by seq. Below `firstSeq`, some may be missing. */
  messages = new Map();
  /** The first seq of the history without holes; null if no page was loaded yet. */
  firstSeq = null;
  hasOlder = false;
  /** The seq up to which I have read; sending counts as reading. */
  readSeq = 0;
  /** The seq up to which each other participant has read, by user id. */
  readBy = new Map();
  /** Changes of people and title while this page was open. They are not part of the history. */
  notices = [];
  /** The version that `hello` or `resync` named. If no event leads to it, a sync does. */
  announced = 0;
  /** The discarded state, which is shown while this one is loaded. */
  previous = null;
  /** Identifies the latest sync, whose answer alone counts; null if no sync is in progress. */
  syncing = null;
  /** True once I was removed. */
  gone = false;

  #me;
  #held = [];
  /** When somebody wrote last: a system message does not move the conversation. */
  #activeAt = "";

  constructor(id, userId) {
    this.id = id;
    this.#me = userId;
  }

  get unread() {
    const seq = this.data?.seq ?? 0;
    let count = Math.max(0, seq - this.readSeq);
    for (const [from, to] of this.data?.uncounted ?? []) {
      count -= Math.max(0, Math.min(to, seq) - Math.max(from - 1, this.readSeq));
    }
    return count;
  }

  get lastMessage() {
    return this.messages.get(this.data?.seq) ?? null;
  }

  get activeAt() {
    return this.#activeAt || this.lastMessage?.created_at || this.data?.created_at || "";
  }

  /** Whether I marked it as unread. */
  get marked() {
    return (this.data?.marked_unread ?? null) !== null;
  }

  /** Whether a change is missing, so that a sync is needed. */
  get hasHole() {
    return this.cursor !== null && (this.#held.length > 0 || this.announced > this.cursor);
  }

  /** The messages to show, ascending. */
  get history() {
    if (this.firstSeq === null) return [];
    return [...this.messages.values()]
      .filter((message) => message.seq >= this.firstSeq)
      .sort((one, other) => one.seq - other.seq);
  }

  find(messageId) {
    for (const message of this.messages.values()) if (message.id === messageId) return message;
    return null;
  }

  /** Starts from a conversation object of REST. Load its messages after this. */
  load(data) {
    this.data = data;
    this.movedRead(this.#me, data.read_seq);
    this.cursor = data.version;
    if (data.last_message) this.keep(data.last_message);
    this.#drain();
  }

  /** Adds a page of messages. The first page makes the history visible. */
  addPage({ items, has_more_before: hasOlder }) {
    items.forEach((message) => this.keep(message));
    this.firstSeq = Math.min(this.firstSeq ?? Infinity, items[0]?.seq ?? this.firstSeq ?? 1);
    this.hasOlder = hasOlder;
  }

  /**
   * Stores a message from any source. The higher version wins. `act` is my own reaction, if the
   * message comes with the event of one.
   */
  keep(message, act = null) {
    const held = this.messages.get(message.seq);
    if (held && held.version >= message.version) return;
    const own = message.my_reactions ?? ownReactions(message, this.#me, held?.my_reactions, act);
    this.messages.set(message.seq, { ...message, my_reactions: own });
    if (this.data && message.seq > this.data.seq) this.#arrived(message);
    if (message.deleted_at || message.kind === "system") this.#uncount(message.seq);
    if (message.kind !== "system" && message.created_at > this.#activeAt) {
      this.#activeAt = message.created_at;
    }
    this.movedRead(message.sender_id, message.seq);
  }

  #arrived(message) {
    this.data.seq = message.seq;
    if (message.sender_id === this.#me) this.data.marked_unread = null;
    if (endsArchiving(this.data, message, this.#me)) this.data.archived = false;
  }

  /** A deleted message or a system message never counts as unread. */
  #uncount(seq) {
    const ranges = this.data?.uncounted;
    if (ranges?.every(([from, to]) => seq < from || to < seq)) ranges.push([seq, seq]);
  }

  /** Records that a person has read up to `seq`. The position only moves forward. */
  movedRead(userId, seq) {
    this.readBy.set(userId, Math.max(seq, this.readBy.get(userId) ?? 0));
    if (userId === this.#me) this.readSeq = Math.max(this.readSeq, seq);
  }

  /** Applies my own state in this conversation, from whichever device it was changed. */
  updateOwn({ read_seq: readSeq, marked_unread: marked, preferences = {} }) {
    if (readSeq !== undefined) this.movedRead(this.#me, readSeq);
    if (!this.data) return;
    if (marked !== undefined) this.data.marked_unread = marked;
    Object.assign(this.data, preferences);
  }

  /** Applies a durable event, or keeps it if it is ahead of the cursor. */
  receive(event) {
    if (this.cursor !== null && event.version <= this.cursor) return;
    this.#held.push(event);
    this.#held.sort((one, other) => one.version - other.version);
    this.#drain();
  }

  /** Applies the answer to a sync with status `ok`. */
  applyChanges({ messages, conversation, version }) {
    if (version > this.cursor) {
      messages.forEach((message) => this.keep(message));
      if (conversation) this.#update(conversation);
      this.cursor = version;
    }
    this.announced = 0;
    this.#drain();
  }

  /** Drops the kept events. The next `hello` shows whether anything is missing. */
  disconnected() {
    this.#held = [];
    this.syncing = null;
  }

  #drain() {
    if (this.cursor === null) return;
    while (this.#held.length > 0 && this.#held[0].version <= this.cursor) this.#held.shift();
    // `conversation.changes` covers the versions above `since`; any other event covers one version.
    const next = this.#held.find((event) => (event.data.since ?? event.version - 1) <= this.cursor);
    if (!next) return;
    this.#apply(next);
    this.cursor = next.version;
    this.#drain();
  }

  #apply({ type, at, data }) {
    if (type === "participant.added" || type === "participant.removed") {
      this.#changePeople(type, at, data);
    } else {
      (data.messages ?? []).forEach((message) => this.keep(message));
      const mine = type === "reaction.updated" && data.by === this.#me;
      if (data.message) this.keep(data.message, mine ? data : null);
      if (data.pinned_count !== undefined) this.data.pinned_count = data.pinned_count;
      if (data.conversation) this.#update(data.conversation, at);
    }
  }

  #changePeople(type, at, { participants, by }) {
    const ids = participants.map((participant) => participant.user_id);
    const others = this.data.participants?.filter(({ user_id: id }) => !ids.includes(id));
    const added = type === "participant.added";
    if (others) {
      this.data.participants = added ? [...others, ...participants] : others;
      this.data.participant_count = this.data.participants.length;
    } else {
      this.data.participant_count += added ? ids.length : -ids.length;
    }
    if (!added) this.gone ||= ids.includes(this.#me);
    this.#note({ type, people: ids, by, at });
  }

  /** Stores a conversation object. In events it lacks my own fields: everyone gets the same frame.
   * */
  #update(data, at = data.updated_at) {
    const before = this.data;
    if (data.read_seq !== undefined) this.movedRead(this.#me, data.read_seq);
    this.data = { ...before, ...data, seq: Math.max(before.seq, data.seq) };
    // Large conversations do not list their people.
    this.data.participants ??= before.participants;
    if (data.last_message) this.keep(data.last_message);
    if (before.title !== data.title) this.#note({ type: "title", title: data.title, at });
    if (!before.participants || !data.participants) return;
    const [old, now] = [before, data].map((each) => each.participants.map((one) => one.user_id));
    const added = now.filter((id) => !old.includes(id));
    const removed = old.filter((id) => !now.includes(id));
    if (added.length) this.#note({ type: "participant.added", people: added, by: null, at });
    if (removed.length) this.#note({ type: "participant.removed", people: removed, by: null, at });
  }

  #note(notice) {
    if (this.data.system_messages) return; // the history says it
    this.notices.push({ ...notice, id: this.notices.length, afterSeq: this.data.seq });
  }
}
