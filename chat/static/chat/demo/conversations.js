/** All my conversations, kept up to date by events.
 *
 * They are loaded over REST and follow by events; `conversation.sync` closes holes. conversation.js
 * applies an event to its conversation.
 */

import { pause, waitAfter } from "./backoff.js";
import { Conversation } from "./conversation.js";
import { ownSettings } from "./own_state.js";

const MAX_SYNC = 100;
const PAGE_RETRY = 3000;
const NAMES_KEPT = 10 * 60 * 1000;

export class Conversations {
  /** False until the list was loaded once. */
  loaded = false;
  openId = null;

  #known = new Map();
  #userId;
  #api;
  #socket;
  #typing;
  #onChange;
  #onMessage;
  #onGone;
  #onUsers;
  /** When the names of a conversation's people were loaded: id → time. */
  #named = new Map();
  /** The pages that are being loaded: conversation → promise. */
  #paging = new Map();
  /** Whether soft events may have been missed since the list was loaded. */
  #missed = false;
  /** The epoch of all data here. */
  #epoch = null;
  /** The store's time up to which my own read positions from other devices are known. */
  #since = null;
  #sought = new Set();

  /** `onChange()` requests a new rendering. `onMessage(conversation, message)` gets every message
   * from an event or a sync. `onGone(conversation)` gets a conversation that I am no longer in.
   * `onUsers(users)` gets the names of people. */
  constructor({ userId, api, socket, typing, onChange, onMessage, onGone, onUsers }) {
    this.#userId = userId;
    this.#api = api;
    this.#socket = socket;
    this.#typing = typing;
    this.#onChange = onChange;
    this.#onMessage = onMessage;
    this.#onGone = onGone;
    this.#onUsers = onUsers;
  }

  /** The pinned ones first, then by the latest activity. */
  get list() {
    return [...this.#known.keys()]
      .map((id) => this.get(id))
      .filter((conversation) => conversation.data)
      .sort(
        (one, other) =>
          Number(other.data.pinned ?? false) - Number(one.data.pinned ?? false) ||
          other.activeAt.localeCompare(one.activeAt),
      );
  }

  get current() {
    return this.get(this.openId);
  }

  /** Returns the conversation to show: while it is loaded again, its previous state. */
  get(id) {
    const conversation = this.#known.get(id);
    return (conversation?.data ? conversation : conversation?.previous ?? conversation) ?? null;
  }

  /** Loads the list: the 1,000 latest. Any other conversation is loaded with its next event. */
  async start() {
    for await (const item of this.#listed()) this.adopt(item);
    this.loaded = true;
    this.#onChange();
  }

  /** Adds a conversation from a REST object, unless it is already known. */
  adopt(data) {
    if (this.#known.has(data.id)) return;
    const conversation = new Conversation(data.id, this.#userId);
    conversation.load(data);
    this.#known.set(data.id, conversation);
    this.#onChange();
  }

  /** Opens a conversation: loads its latest messages, its people and their read positions. */
  async open(id) {
    this.openId = id;
    this.#onChange();
    const conversation = this.current;
    if (!conversation?.data) return; // called again once it is loaded
    await Promise.all([
      conversation.firstSeq === null ? this.#loadPage(conversation) : null,
      conversation.data.participants ? null : this.#loadPeople(conversation),
      this.#loadReceipts(conversation),
      this.#loadNames(conversation),
    ]);
  }

  /** Loads the page before the shown messages, or the latest page if none is shown. */
  async loadOlder(conversation) {
    if (conversation.firstSeq === null || conversation.hasOlder) await this.#loadPage(conversation);
  }

  isPaging(conversation) {
    return this.#paging.has(conversation);
  }

  /** Loads a message of an older page, for a quotation. Each is requested once. */
  async loadMessage(conversation, messageId) {
    if (this.#sought.has(messageId)) return;
    this.#sought.add(messageId);
    conversation.keep(await this.#api.getMessage(conversation.id, messageId));
    this.#onChange();
  }

  /** Stores a message from a reply or a REST answer. It does not move the cursor. */
  keep(message) {
    this.#known.get(message.conversation_id)?.keep(message);
    this.#onChange();
  }

  /** Marks the conversation as read, up to its latest message, and removes my unread mark. */
  async read(conversation) {
    if (conversation.unread === 0 && !conversation.marked) return;
    const { seq, marked_unread: marked } = conversation.data;
    const before = conversation.readSeq;
    conversation.updateOwn({ read_seq: seq, marked_unread: null });
    this.#onChange();
    const position = { seq, clear: true };
    try {
      if (this.#socket.connected) {
        await this.#socket.command("receipt.read", { conversation_id: conversation.id, ...position });
      } else {
        await this.#api.read(conversation.id, position);
      }
    } catch (error) {
      // Still unread; the next event or connection tries again.
      if (conversation.readSeq === seq) conversation.readSeq = before;
      conversation.updateOwn({ marked_unread: marked });
      if (!error.passing) throw error;
    }
  }

  /** Handles every event. */
  handle(event) {
    const id = event.conversation_id ?? event.data?.conversation_id;
    const conversation = this.#known.get(id);
    switch (event.type) {
      case "hello":
        this.#compare(event.data);
        break;
      case "restored":
        this.#loadReceiptsOnScreen({ own: true });
        break;
      case "resync":
        if (conversation) this.#resync(conversation);
        break;
      case "conversation.added":
        this.#load(event.data.conversation.id);
        break;
      case "conversation.removed":
        this.#forget(event.data.conversation_id);
        break;
      case "receipt.updated":
        if (event.data.user_id === this.#userId) conversation?.updateOwn(event.data);
        else conversation?.movedRead(event.data.user_id, event.data.read_seq);
        break;
      case "preferences.updated":
        conversation?.updateOwn(event.data);
        break;
      case "typing.started":
        if (event.data.user_id !== this.#userId) this.#typing.started(id, event);
        break;
      case "typing.stopped":
        this.#typing.stopped(id, event.data.user_id);
        break;
      default:
        if (conversation && event.version !== undefined) this.#follow(conversation, event);
    }
    this.#onChange();
  }

  /** Handles the end of the connection. The next `hello` shows what was missed. */
  disconnected() {
    for (const conversation of this.#known.values()) conversation.disconnected();
    this.#typing.clear();
  }

  #follow(conversation, event) {
    const before = conversation.cursor;
    conversation.receive(event);
    if (event.type === "message.created") {
      this.#typing.stopped(conversation.id, event.data.message.sender_id);
    }
    if (conversation.gone) this.#forget(conversation.id);
    else if (conversation.hasHole && !conversation.syncing) this.#sync([conversation]);
    if (conversation.cursor === before) return;
    const messages = event.data.messages ?? [event.data.message ?? []].flat();
    messages.forEach((message) => this.#onMessage(conversation, message));
  }

  /** Compares `hello` with the cursors: finds new, removed and changed conversations. */
  #compare({ conversations, truncated, epoch, at }) {
    const restored = this.#epoch !== null && epoch !== this.#epoch;
    this.#epoch = epoch;
    this.#since ??= at;
    if (restored) {
      this.#since = at;
      this.#startOver(Object.keys(conversations));
      return;
    }
    const behind = [];
    for (const conversation of this.#known.values()) {
      const named = conversations[conversation.id];
      if (!named && !truncated) this.#forget(conversation.id);
      else if (!named && conversation.cursor !== null) behind.push(conversation); // makes it live
      else if (named) {
        conversation.announced = named.version;
        if (conversation.hasHole) behind.push(conversation);
      }
    }
    for (const id of Object.keys(conversations)) if (!this.#known.has(id)) this.#load(id);
    this.#sync(behind);
    this.#loadReceiptsOnScreen({ own: this.#missed });
    this.#missed = true;
  }

  /** Handles a restored store: discards everything and loads it again. Conversations keep the
   * events that arrive while they are loaded. The outbox sends its messages again by itself. */
  async #startOver(ids) {
    for (const id of this.#known.keys()) if (!ids.includes(id)) this.#forget(id);
    const loading = ids.map((id) => {
      const conversation = new Conversation(id, this.#userId);
      conversation.previous = this.get(id)?.data ? this.get(id) : null;
      this.#known.set(id, conversation);
      return conversation;
    });
    const waiting = () =>
      loading.filter((each) => this.#known.get(each.id) === each && each.data === null);
    if (ids.includes(this.openId)) this.#load(this.openId);
    try {
      for await (const item of this.#listed()) {
        const conversation = waiting().find(({ id }) => id === item.id);
        if (conversation) this.#loaded(conversation, item);
      }
    } catch (error) {
      if (!error.passing) throw error;
    } finally {
      for (const { id } of waiting()) this.#load(id); // those not in the list
    }
  }

  /** The items of the list, page by page. */
  async *#listed() {
    let cursor = null;
    for (let page = 0; page < 10; page += 1) {
      const { items, next_cursor: next } = await this.#api.listConversations(cursor);
      yield* items;
      cursor = next;
      if (!cursor) return;
    }
  }

  #loaded(conversation, data) {
    conversation.load(data);
    this.#settle(conversation);
  }

  /** Replaces the previous state, and closes the holes that were found meanwhile. */
  #settle(conversation) {
    conversation.previous = null;
    if (conversation.gone) this.#forget(conversation.id);
    else if (conversation.hasHole) this.#sync([conversation]);
    this.#onChange();
  }

  #resync(conversation) {
    conversation.announced = Infinity; // the version is unknown: sync in any case
    if (conversation.cursor !== null) this.#sync([conversation]);
    if (conversation.id === this.openId) this.#loadReceiptsOnScreen();
  }

  #sync(conversations) {
    for (let start = 0; start < conversations.length; start += MAX_SYNC) {
      this.#syncTogether(conversations.slice(start, start + MAX_SYNC));
    }
  }

  async #syncTogether(conversations, attempt = 0) {
    const latest = Symbol("sync");
    for (const conversation of conversations) conversation.syncing = latest;
    const waiting = () =>
      conversations.filter((each) => each.syncing === latest && this.#known.get(each.id) === each);
    const cursors = Object.fromEntries(conversations.map(({ id, cursor }) => [id, cursor]));
    let answer;
    try {
      answer = await this.#socket.command("conversation.sync", { conversations: cursors });
    } catch (error) {
      if (!error.passing) waiting().forEach(({ id }) => this.#load(id));
      await pause(waitAfter(error, attempt));
      // If the connection was lost, `syncing` was reset, and the next `hello` starts again.
      if (waiting().length > 0) this.#syncTogether(waiting(), attempt + 1);
      return;
    }
    for (const conversation of waiting()) {
      conversation.syncing = null;
      this.#synced(conversation, answer.conversations[conversation.id]);
    }
    this.#onChange();
  }

  #synced(conversation, changes) {
    if (this.#known.get(conversation.id) !== conversation || !changes) return;
    if (changes.status === "forbidden") this.#forget(conversation.id);
    else if (changes.status === "reset") this.#load(conversation.id);
    else {
      conversation.applyChanges(changes);
      for (const message of changes.messages) this.#onMessage(conversation, message);
      if (changes.more || conversation.hasHole) this.#sync([conversation]);
    }
  }

  /** Discards the copy of a conversation and loads it. It keeps the events that arrive meanwhile.
   * */
  async #load(id) {
    const conversation = new Conversation(id, this.#userId);
    conversation.previous = this.get(id)?.data ? this.get(id) : null;
    this.#known.set(id, conversation);
    const replaced = () => this.#known.get(id) !== conversation;
    for (let attempt = 0; !replaced() && !conversation.data; attempt += 1) {
      try {
        const data = await this.#api.getConversation(id);
        const page = id === this.openId ? await this.#api.listMessages(id) : null;
        if (replaced()) return;
        conversation.load(data);
        if (page) conversation.addPage(page);
      } catch (error) {
        if (replaced()) return;
        if (!error.passing) {
          this.#forget(id);
          return;
        }
        await pause(waitAfter(error, attempt));
      }
    }
    if (replaced()) return;
    this.#settle(conversation);
    if (id === this.openId) this.open(id).catch(() => {});
  }

  #forget(id) {
    const conversation = this.get(id);
    if (!conversation) return;
    this.#known.delete(id);
    this.#typing.clear(id);
    if (this.openId === id) this.openId = null;
    this.#onGone(conversation);
    this.#onChange();
  }

  #loadPage(conversation) {
    if (!this.#paging.has(conversation)) {
      this.#paging.set(conversation, this.#loadNextPage(conversation));
      this.#onChange();
    }
    return this.#paging.get(conversation);
  }

  async #loadNextPage(conversation) {
    const before = conversation.firstSeq ?? undefined;
    try {
      conversation.addPage(await this.#api.listMessages(conversation.id, { before }));
    } catch (error) {
      await pause(PAGE_RETRY); // the next rendering tries again
      if (!error.passing) throw error;
    } finally {
      this.#paging.delete(conversation);
      this.#onChange();
    }
  }

  async #loadPeople(conversation) {
    const { participants } = await this.#api.getConversation(conversation.id);
    conversation.data.participants = participants;
    this.#onChange();
  }

  /** Loads the names of the people of a conversation, at most once in ten minutes. */
  async #loadNames({ id }) {
    if (Date.now() - (this.#named.get(id) ?? -Infinity) < NAMES_KEPT) return;
    this.#named.set(id, Date.now());
    try {
      let cursor = null;
      do {
        const { items, next_cursor: next } = await this.#api.listUsers(id, cursor);
        this.#onUsers(items);
        cursor = next;
      } while (cursor);
    } catch (error) {
      this.#named.delete(id);
      throw error;
    }
  }

  async #loadReceipts(conversation) {
    const { items } = await this.#api.listReceipts(conversation.id);
    items.forEach(({ user_id: id, read_seq: seq }) => conversation.movedRead(id, seq));
    this.#onChange();
  }

  /** Loads the receipts after a gap, because the server never repeats one. `own`: also my own read
   * positions, which may have moved on another device. */
  async #loadReceiptsOnScreen({ own = false } = {}) {
    try {
      if (this.current?.data) await this.#loadReceipts(this.current);
      if (own) await this.#syncOwn();
    } catch (error) {
      if (!error.passing) throw error; // the next connection tries again
    }
  }

  async #syncOwn() {
    const since = this.#since;
    const { items, at, truncated } = await this.#socket.command("receipts.sync", { since });
    this.#since = at;
    for (const item of items) this.#known.get(item.conversation_id)?.updateOwn(item);
    if (truncated) {
      for await (const item of this.#listed()) {
        this.#known.get(item.id)?.updateOwn({ ...item, preferences: ownSettings(item) });
      }
    }
    this.#onChange();
  }
}
