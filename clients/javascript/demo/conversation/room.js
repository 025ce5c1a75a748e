/** The open conversation: its head, its history, and the composer. */

import { History } from "chat-client/history";
import { colourId } from "../chat/participants.js";
import { becomeAvatar } from "../parts/avatar.js";
import { EmojiPicker } from "../parts/emoji_picker.js";
import { openMenu } from "../parts/menu.js";
import { Delivery } from "./delivery.js";
import { Files } from "./files.js";
import { HistoryView } from "./history_view.js";
import { messageChoices } from "./message_menu.js";
import { Messages } from "./messages.js";
import { Pins } from "./pins.js";
import { Writing } from "./writing.js";

const byId = (id) => document.getElementById(id);

export class Room {
  #chat;
  #me;
  #names;
  #present;
  #quotes;
  #attempt;
  #hasPhone;
  #delivery;
  #onChange;
  #emoji = new EmojiPicker();
  #files;
  #view;
  #writing;
  #pins;
  /** The history that is shown; null if nothing is open. @type {History | null} */
  #history = null;
  /** Ends the subscription to the history. */
  #end = () => {};
  /** Resolves once the page knows at which message the history begins. @type {Promise<void> | null} */
  #beginning = null;
  /** Whether the page knows this. */
  #isSettled = false;
  /** Where to scroll once that place is shown: `unread`, `end`, or the id of a message. */
  #aim = null;
  /** How many messages of mine were not stored yet. */
  #pendingCount = 0;

  /** `attempt(work)` runs an action, and shows its refusal; `hasPhone`: the server can say why a phone
   * rang; `onChange()` requests a rendering. */
  constructor({ chat, me, names, present, quotes, attempt, toast, hasPhone, onChange }) {
    this.#chat = chat;
    this.#me = me;
    this.#names = names;
    this.#present = present;
    this.#quotes = quotes;
    this.#attempt = attempt;
    this.#hasPhone = hasPhone;
    this.#delivery = new Delivery({ chat, names });
    this.#onChange = onChange;
    this.#files = new Files(chat);
    this.#view = this.#makeView();
    this.#writing = new Writing({
      ...{ chat, me, names, toast },
      room: this,
      emoji: this.#emoji,
      files: this.#files,
      send: (draft) => attempt(() => this.#send(draft)),
      edit: ({ id }, text) => attempt(() => this.conversation.edit(id, text)),
    });
    this.#pins = new Pins({
      names,
      list: async () => (await chat.request("GET", `conversations/${this.id}/pins`)).items,
      reveal: (message) => this.reveal(message),
    });
    this.#listen();
  }

  /** The id of the open conversation, or null. */
  get id() {
    return this.#history?.id ?? null;
  }

  /** The open conversation, as an object of the package; null if nothing is open. */
  get conversation() {
    return this.#history && this.#chat.conversation(this.id);
  }

  /** The conversation object; null as long as it is not known. */
  get data() {
    return this.conversation?.getSnapshot().conversation ?? null;
  }

  /** The messages that are shown. */
  get messages() {
    return this.#history?.getSnapshot().messages ?? [];
  }

  /** Opens a conversation at its first unread message; null closes the one that is open. */
  open(id) {
    if (id === this.id) return;
    this.#end();
    this.#history?.close();
    this.#history = id === null ? null : new History(this.#chat, id);
    this.#isSettled = false;
    this.#pendingCount = 0;
    this.#end = this.#history?.subscribe(this.#onChange) ?? (() => {});
    this.#beginning = this.#history && this.#attempt(() => this.#begin(this.#history));
    this.#onChange();
  }

  /** Shows a message of the open conversation, wherever it is, and marks it for a moment. */
  reveal({ id, seq }) {
    const history = this.#history;
    return this.#attempt(async () => {
      if (this.#view.show(id)) return;
      await this.#beginning;
      this.#aim = id;
      await history.jump(seq);
      if (history !== this.#history) return;
      const { error, messages } = history.getSnapshot();
      if (!messages.some((one) => one.id === id)) this.#aim = null;
      if (error) throw error;
      this.#onChange();
    });
  }

  focus() {
    this.#writing.focus();
  }

  /** Shows the present state. */
  render() {
    const snapshot = this.conversation?.getSnapshot();
    const data = snapshot?.conversation ?? null;
    byId("conversation").hidden = data === null;
    if (data === null) {
      this.#view.render(null);
      return;
    }
    this.#renderHead(data);
    this.#writing.show(data.id);
    byId("typing").textContent = this.#names.typing(snapshot.typing);
    const history = this.#history.getSnapshot();
    const isShown = this.#isSettled && history.isLoaded;
    byId("history-loading").hidden = isShown && !history.isLoading;
    byId("history-error").hidden = history.error === null;
    const isEmpty = isShown && history.messages.length === 0 && history.pending.length === 0;
    byId("history-empty").hidden = !isEmpty;
    const shown = { conversation: data, history, receipts: snapshot.receipts };
    if (isShown) {
      this.#renderHistory(shown);
      this.#lookAround();
    } else if (history.pending.length > 0) {
      this.#renderHistory({ ...shown, history: { ...history, messages: [] } });
    } else {
      this.#view.render(null);
    }
  }

  async #begin(history) {
    const seq = await history.jumpToFirstUnread();
    if (history !== this.#history) return;
    this.#isSettled = true;
    this.#aim = seq === null ? "end" : "unread";
    this.#onChange();
  }

  #renderHead(data) {
    const name = this.#names.ofConversation(data);
    const isGroup = data.kind === "group";
    becomeAvatar(byId("conversation-avatar"), colourId(data, this.#me), name, { group: isGroup });
    byId("conversation-name").textContent = name;
    byId("presence").textContent = this.#present.words(data);
    byId("conversation-people").textContent = isGroup ? this.#names.ofPeople(data) : "";
    byId("details").hidden = !isGroup;
    this.#pins.render(data);
  }

  #renderHistory(shown) {
    const { messages, pending } = shown.history;
    if (pending.length > this.#pendingCount) this.#aim = "end";
    this.#pendingCount = pending.length;
    const aim = this.#aim;
    const isHere = aim === "end" || aim === "unread" || messages.some((one) => one.id === aim);
    this.#view.render(shown, { stays: !isHere });
    if (!isHere) return;
    this.#aim = null;
    if (aim === "end") this.#view.toEnd();
    else if (aim === "unread") this.#view.toUnread();
    else this.#view.show(aim);
  }

  /** Loads the pages around the place that is shown, and reads what is visible. */
  #lookAround() {
    if (!this.#isSettled || !this.data || this.#aim !== null) return;
    const history = this.#history;
    const { hasOlder, hasNewer, error, isLoading } = history.getSnapshot();
    if (error === null && !isLoading) {
      if (this.#view.atStart && hasOlder) this.#attempt(() => history.loadOlder());
      else if (this.#view.atEnd && hasNewer) this.#attempt(() => history.loadNewer());
    }
    const isAtEnd = this.#view.atEnd && !hasNewer;
    byId("jump").hidden = isAtEnd;
    const unread = this.data.unread_count;
    byId("jump").textContent = unread > 0 ? `${unread} new ↓` : "Latest messages ↓";
    // A frame of the side-by-side page is visible even without the focus.
    const isLooking = !document.hidden && (document.hasFocus() || parent !== window);
    if (!isLooking) return;
    if (isAtEnd) this.conversation.read();
    else if (this.#view.lastVisibleSeq > 0) this.conversation.read(this.#view.lastVisibleSeq);
  }

  #makeView() {
    const messages = new Messages({
      names: this.#names,
      me: this.#me,
      actions: {
        menu: (message, button) => openMenu(button, this.#choices(message)),
        retry: (clientId) => this.conversation.retry(clientId),
        discard: (clientId) => this.#discard(clientId),
        react: (message, emoji, isPresent) => this.#react(message, emoji, isPresent),
        reveal: (message) => this.reveal(message),
        quoted: (id, messageId) => this.#quoted(id, messageId),
        files: (message) => this.#files.show(message),
      },
    });
    return new HistoryView({
      scroller: byId("history"),
      list: byId("messages"),
      names: this.#names,
      me: this.#me,
      messages,
    });
  }

  #send(draft) {
    this.#history.latest();
    this.conversation.send(draft);
  }

  #discard(clientId) {
    const item = this.conversation.getSnapshot().pending.find((one) => one.client_id === clientId);
    this.conversation.discard(clientId);
    this.#writing.giveBack(item?.text ?? "");
  }

  #react({ id }, emoji, isPresent) {
    const { conversation } = this;
    return this.#attempt(() => (isPresent ? conversation.react(id, emoji) : conversation.unreact(id, emoji)));
  }

  #choices(message) {
    const { conversation } = this;
    const delivery = this.#delivery;
    const aboutPush = () => this.#attempt(() => delivery.openPush(message));
    return messageChoices(message, this.data, this.#me, {
      aboutDelivery: () => this.#attempt(() => delivery.openOwn(message)),
      aboutPush: this.#hasPhone ? aboutPush : null,
      reply: () => this.#writing.reply(message),
      edit: () => this.#writing.edit(message),
      remove: () => this.#attempt(() => conversation.delete(message.id)),
      react: (emoji) => this.#react(message, emoji, true),
      pick: () => this.#emoji.open(),
      pin: (isPinned) =>
        this.#attempt(() => (isPinned ? conversation.pin(message.id) : conversation.unpin(message.id))),
    });
  }

  /** Returns a quoted message if it is known. Otherwise requests it; its arrival renders again. */
  #quoted(id, messageId) {
    const here = this.messages.find((one) => one.id === messageId);
    return here ?? this.#quotes.get(id, messageId);
  }

  #listen() {
    const look = () => this.data && this.#lookAround();
    byId("history").addEventListener("scroll", look, { passive: true });
    document.addEventListener("visibilitychange", look);
    addEventListener("focus", look);
    byId("jump").addEventListener("click", () => {
      this.#history.latest();
      this.#aim = "end";
      this.#onChange();
    });
    byId("history-again").addEventListener("click", () => this.#again());
    byId("pins").addEventListener("click", () => this.#attempt(() => this.#pins.open()));
  }

  /** Loads the page again that could not be loaded. */
  #again() {
    const history = this.#history;
    this.#attempt(() => (this.#view.atStart ? history.loadOlder() : history.loadNewer()));
  }
}
