/** One conversation of a server, as far as the client's model sees it: changes, events, answers. */

const AT = "2026-01-31T12:00:00.000Z";

export class SimulatedStore {
  title = "Tea";
  version = 0;
  people = ["ann", "bob"];
  /** The present state of every message, by seq − 1. */
  messages = [];
  /** The seq up to which ann has read. */
  readSeq = 0;
  /** The seq of the latest message that mentioned ann. */
  mentionSeq = 0;
  /** ann's settings, without `archived`, which follows from the messages. */
  settings = { muted_until: null, notify: "all", pinned: false, archived_seq: null };
  /** Events of ann's settings that are on their way. */
  settingsEvents = [];
  /** Events that no client was sent yet. */
  events = [];
  /** By version: the title and the people. */
  past = [{ title: "Tea", people: ["ann", "bob"] }];

  send(sender, { mentions = [], kind = "text" } = {}) {
    this.version += 1;
    const seq = this.messages.length + 1;
    const message = {
      ...{ id: `m${seq}`, conversation_id: "c", seq, version: this.version, sender_id: sender },
      ...{ created_version: this.version, client_id: `k${seq}`, text: `Message ${seq}` },
      ...{ created_at: AT, edited_at: null, deleted_at: null, kind, mentions, mentions_all: false },
    };
    this.messages.push(message);
    if (mentions.includes("ann") && sender !== "ann") this.mentionSeq = seq;
    if (sender === "ann") this.readSeq = seq;
    this.#publish("message.created", { message });
  }

  edit(place) {
    this.#change(place, "message.updated", (old) => ({ text: `${old.text}!`, edited_at: AT }));
  }

  delete(place) {
    this.#change(place, "message.deleted", () => ({ text: null, mentions: [], deleted_at: AT }));
  }

  rename() {
    this.version += 1;
    this.title = `Tea ${this.version}`;
    this.#publish("conversation.updated", { conversation: this.shared() });
  }

  /** Adds cid, or removes him. */
  changePeople() {
    this.version += 1;
    const there = this.people.includes("cid");
    this.people = there ? ["ann", "bob"] : ["ann", "bob", "cid"];
    const participants = [{ user_id: "cid", role: "member", joined_version: this.version }];
    this.#publish(there ? "participant.removed" : "participant.added", { participants, by: "bob" });
  }

  /** A kind of change that the client does not know. */
  changeStrangely() {
    this.version += 1;
    this.title = `Strange ${this.version}`;
    this.#publish("poll.opened", { question: "Tea?" });
  }

  read(seq) {
    this.readSeq = Math.max(this.readSeq, Math.min(seq, this.messages.length));
  }

  /** Changes ann's settings, on another device. */
  set(changes) {
    Object.assign(this.settings, changes);
    this.settingsEvents.push(this.preferences);
  }

  archive() {
    this.set({ archived_seq: this.settings.archived_seq === null ? this.messages.length : null });
  }

  get preferences() {
    return { ...this.settings, archived: this.archived };
  }

  get mentioned() {
    const seq = this.mentionSeq;
    return seq > this.readSeq && !this.messages[seq - 1].deleted_at ? seq : null;
  }

  get archived() {
    const { archived_seq: since, notify } = this.settings;
    if (since === null) return false;
    if (notify !== "all") return !(this.mentioned > since);
    const ends = ({ seq, sender_id, kind, deleted_at }) =>
      seq > since && sender_id !== "ann" && kind === "text" && !deleted_at;
    return !this.messages.some(ends);
  }

  /** Makes one event of the first `count` events that are on their way. */
  coalesce(count) {
    const several = this.events.splice(0, count);
    if (several.length === 0) return;
    const since = several[0].version - 1;
    const { version } = several.at(-1);
    if (version !== this.version) {
      this.events.unshift(...several); // the present state would be ahead of them
      return;
    }
    const messages = this.#changedSince(since);
    const data = { since, messages, conversation: this.shared() };
    this.events.unshift({ type: "conversation.changes", version, at: AT, data });
  }

  /** The answer to a sync. */
  changes(since, limit) {
    const all = this.#changedSince(since);
    const messages = all.slice(0, limit);
    const more = messages.length < all.length;
    const version = more ? messages.at(-1).version : this.version;
    return { status: "ok", messages, conversation: this.conversation(), version, more };
  }

  shared() {
    return {
      ...{ id: "c", title: this.title, seq: this.messages.length, version: this.version },
      participants: this.people.map((user_id) => ({ user_id })),
      participant_count: this.people.length,
      last_message: this.messages.at(-1) ?? null,
      uncounted: this.messages
        .filter((one) => one.deleted_at || one.kind === "system")
        .map(({ seq }) => [seq, seq]),
    };
  }

  conversation() {
    return {
      ...this.shared(),
      ...this.preferences,
      ...{ read_seq: this.readSeq, unread_count: this.unread, marked_unread: null },
      mentioned_seq: this.mentioned,
    };
  }

  get unread() {
    const counts = ({ seq, kind, deleted_at }) => seq > this.readSeq && kind === "text" && !deleted_at;
    return this.messages.filter(counts).length;
  }

  page(before = Infinity, limit = 4) {
    const older = this.messages.filter((one) => one.seq < before);
    const items = older.slice(-limit);
    return { items, has_more_before: items.length < older.length };
  }

  #changedSince(since) {
    return this.messages
      .filter((one) => one.version > since)
      .sort((one, other) => one.version - other.version);
  }

  #change(place, type, change) {
    if (this.messages.length === 0) return;
    const index = place % this.messages.length;
    const old = this.messages[index];
    if (old.deleted_at || old.kind === "system") return;
    this.version += 1;
    const message = { ...old, ...change(old), version: this.version };
    this.messages[index] = message;
    this.#publish(type, { message });
  }

  #publish(type, data) {
    this.past[this.version] = { title: this.title, people: this.people };
    this.events.push({ type, version: this.version, at: AT, data: structuredClone(data) });
  }
}
