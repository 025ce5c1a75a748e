/** The page: renders the state, and turns the person's actions into calls of the client. */

import { Composer } from "./composer.js";
import { conversationChoices } from "./conversation_menu.js";
import { confirm, Dialogs } from "./dialogs.js";
import { HistoryView } from "./history_view.js";
import { ListView, otherPerson } from "./list_view.js";
import { openMenu } from "./menu.js";
import { Phone } from "./phone.js";
import { mayPin, Pins } from "./pins.js";
import { OFFERED } from "./reactions.js";
import { hue, initial, isolated, Names } from "./words.js";

const CONNECTION = {
  connecting: "Connecting…",
  connected: "Connected",
  reconnecting: "Reconnecting…",
  degraded: "Delayed",
  stopped: "Disconnected",
};
const byId = (id) => document.getElementById(id);

export class View {
  #client;
  #me;
  #names;
  #list;
  #history;
  #composer;
  #dialogs;
  #pins;
  #phone = null;
  #scheduled = false;
  /** The conversation whose composer gets the focus once it is shown. */
  #toFocus = null;
  #seen = { openId: null, endSeq: 0 };

  /** `client` is the object that demo.js builds. */
  constructor({ client, config: { user_id: me, people, phone } }) {
    this.#client = client;
    this.#me = me;
    this.#names = new Names(people, me);
    const names = this.#names;
    this.#list = new ListView({
      element: byId("conversation-list"),
      archived: byId("archived"),
      empty: byId("list-empty"),
      names,
      me,
      onOpen: (id) => this.#open(id),
    });
    this.#history = new HistoryView({
      scroller: byId("history"),
      list: byId("messages"),
      names,
      me,
      actions: {
        menu: (message, button) => openMenu(button, this.#choices(message)),
        retry: (clientId) => client.outbox.retry(clientId),
        discard: (clientId) => this.#composer.giveBack(client.outbox.discard(clientId)),
        react: (message, emoji, present) => this.#react(message, emoji, present),
        reveal: (messageId) => this.#attempt(() => this.#reveal(messageId)),
        quoted: (id, messageId) => this.#quoted(id, messageId),
        files: (message) => client.files.show(message),
      },
    });
    this.#composer = this.#makeComposer(names);
    this.#dialogs = this.#makeDialogs(people, names);
    this.#pins = new Pins({
      names,
      list: async () => (await client.api.listPins(client.conversations.openId)).items,
      reveal: (messageId) => this.#attempt(() => this.#reveal(messageId)),
    });
    if (phone) this.#phone = this.#makePhone(names);
    this.#listen();
    byId("my-name").textContent = names.of(me);
    byId("my-avatar").textContent = initial(names.of(me));
    byId("my-avatar").classList.add(`hue-${hue(me)}`);
    this.render();
  }

  /** Schedules one rendering after the present step of the event loop. */
  changed() {
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      this.render();
    });
  }

  /** Takes names from the server. */
  learn(users) {
    this.#names.learn(users);
    this.changed();
  }

  /** Shows a text for a few seconds. */
  toast(text) {
    const toasts = byId("toasts");
    if ([...toasts.children].some((shown) => shown.textContent === text)) return;
    const toast = document.createElement("p");
    toast.textContent = text;
    toasts.append(toast);
    setTimeout(() => toast.remove(), 6000);
  }

  /** Announces a new message to assistive technology. */
  announce(conversation, message) {
    const latest = message.seq === conversation.data.seq && message.text;
    if (!latest || message.sender_id === this.#me) return;
    if (conversation.id !== this.#client.conversations.openId) return;
    byId("announcer").textContent = `${this.#names.of(message.sender_id)}: ${message.text}`;
  }

  gone(conversation) {
    if (!conversation.data) return;
    const name = isolated(this.#names.ofConversation(conversation.data));
    this.toast(`You are no longer in “${name}”.`);
  }

  /** Opens the conversation that the address names. */
  openFromAddress() {
    const id = decodeURIComponent(location.hash.slice(1)) || null;
    if (id === this.#client.conversations.openId) return;
    const known = id === null || this.#client.conversations.get(id);
    if (known) this.#attempt(() => this.#client.conversations.open(id));
  }

  /** Shows the phone, if this server has one for me. */
  startPhone() {
    this.#phone?.start();
  }

  render() {
    const { conversations, outbox, typing, socket } = this.#client;
    this.#renderConnection(socket);
    this.#list.render(conversations, (id) => typing.people(id));
    const conversation = conversations.current;
    byId("app").dataset.pane = conversations.openId ? "conversation" : "list";
    byId("conversation").hidden = !conversation?.data;
    byId("nothing-open").hidden = Boolean(conversation?.data);
    const unread = conversations.list.reduce((sum, each) => sum + each.unread, 0);
    document.title = `${unread ? `(${unread}) ` : ""}${this.#names.of(this.#me)} · Chat`;
    if (!conversation?.data) {
      this.#seen.openId = null;
      this.#history.render(null, []);
      byId("details-dialog").close();
      return;
    }
    this.#renderConversation(conversation, outbox.pending(conversation.id));
    byId("typing").textContent = this.#names.typing(typing.people(conversation.id));
    this.#lookAround(conversation);
    if (this.#toFocus !== conversation.id) return;
    this.#toFocus = null;
    this.#composer.focus();
  }

  #renderConnection({ state, degraded, instanceId, message }) {
    const shown = state === "connected" && degraded ? "degraded" : state;
    const pill = byId("connection");
    if (pill.dataset.state !== shown) {
      pill.dataset.state = shown;
      pill.textContent = CONNECTION[shown];
    }
    byId("instance").textContent = instanceId ?? "";
    byId("stopped").hidden = state !== "stopped";
    byId("stopped").textContent = message ?? "";
  }

  #renderConversation(conversation, pending) {
    const { data } = conversation;
    const name = this.#names.ofConversation(data);
    const avatar = byId("conversation-avatar");
    avatar.textContent = initial(name);
    avatar.className = `avatar hue-${hue(otherPerson(data, this.#me))}`;
    avatar.classList.toggle("group", data.kind === "group");
    byId("conversation-name").textContent = name;
    byId("conversation-people").textContent = this.#people(data);
    byId("details").hidden = data.kind !== "group";
    this.#pins.render(conversation);
    byId("history-loading").hidden = !this.#client.conversations.isPaging(conversation);
    byId("history-empty").hidden =
      conversation.firstSeq === null || conversation.messages.size > 0 || pending.length > 0;
    this.#composer.show(conversation.id);
    const ended = this.#history.atEnd;
    const writing = pending.length > this.#seen.pending && this.#seen.openId === conversation.id;
    this.#history.render(conversation, pending);
    if (writing) this.#history.toEnd();
    else if (!ended && data.seq > this.#seen.endSeq && this.#seen.openId === conversation.id) {
      byId("jump").hidden = false;
    }
    this.#seen = { openId: conversation.id, endSeq: data.seq, pending: pending.length };
    if (byId("details-dialog").open) this.#dialogs.renderDetails(conversation);
  }

  #people({ kind, participants, participant_count: count }) {
    if (kind === "direct") return "";
    if (!participants) return `${count} people`;
    const ids = participants.map((one) => one.user_id);
    const names = this.#names.list(ids.slice(0, 8));
    return ids.length > 8 ? `${names} and ${ids.length - 8} more` : names;
  }

  /** Loads older pages and sends read receipts, depending on the scroll position. */
  #lookAround(conversation) {
    const { conversations } = this.#client;
    if (this.#history.atStart) this.#attempt(() => conversations.loadOlder(conversation));
    if (conversation.firstSeq === null) return;
    if (!this.#history.atEnd) return;
    byId("jump").hidden = true;
    // A frame of the side-by-side page is visible even without the focus.
    const looking = !document.hidden && (document.hasFocus() || parent !== window);
    if (looking) this.#attempt(() => conversations.read(conversation));
  }

  #listen() {
    const look = () => {
      const { current } = this.#client.conversations;
      if (current?.data) this.#lookAround(current);
    };
    byId("history").addEventListener("scroll", look, { passive: true });
    document.addEventListener("visibilitychange", look);
    addEventListener("focus", look);
    addEventListener("hashchange", () => this.openFromAddress());
    byId("back").addEventListener("click", () => this.#open(null));
    byId("jump").addEventListener("click", () => this.#history.toEnd());
    const chooser = byId("attach-file");
    byId("attach").addEventListener("click", () => chooser.click());
    chooser.addEventListener("change", () => {
      const [file] = chooser.files;
      chooser.value = "";
      if (file) this.#attempt(() => this.#attach(this.#client.conversations.openId, file));
    });
    byId("pins").addEventListener("click", () => this.#attempt(() => this.#pins.open()));
    const more = byId("conversation-menu");
    more.addEventListener("click", () => openMenu(more, this.#conversationChoices()));
    byId("details").addEventListener("click", () => {
      this.#dialogs.openDetails(this.#client.conversations.current);
    });
  }

  #makeComposer(names) {
    const { api, conversations, outbox, teller } = this.#client;
    return new Composer({
      form: byId("composer-form"),
      input: byId("composer"),
      banner: byId("composer-banner"),
      names,
      actions: {
        send: (text, replyTo) => outbox.add(conversations.openId, text, replyTo),
        edit: (message, text) =>
          this.#attempt(async () => {
            conversations.keep(await api.editMessage(message.conversation_id, message.id, text));
          }),
        editLast: () => {
          const own = (each) => each.sender_id === this.#me && !each.deleted_at;
          const last = conversations.current?.history.findLast(own);
          if (last) this.#composer.edit(last);
        },
        typing: () => teller.typing(conversations.openId),
        idle: () => teller.stop(),
      },
    });
  }

  async #attach(conversationId, file) {
    const button = byId("attach");
    button.disabled = true;
    try {
      const id = await this.#client.files.upload(conversationId, file);
      this.#client.outbox.add(conversationId, "", null, [id]);
    } finally {
      button.disabled = false;
    }
  }

  #makePhone(names) {
    return new Phone({
      api: this.#client.api,
      me: this.#me,
      names,
      section: byId("phone"),
      list: byId("phone-list"),
      quiet: byId("phone-quiet"),
      onOpen: (id) => this.#open(id),
    });
  }

  #makeDialogs(people, names) {
    const { api, conversations } = this.#client;
    const id = () => conversations.openId;
    const act = (work) => this.#attempt(work);
    return new Dialogs({
      people,
      names,
      me: this.#me,
      actions: {
        startDirect: (userId) => this.#start({ kind: "direct", participant_ids: [userId] }),
        startGroup: (title, userIds) =>
          this.#start({ kind: "group", participant_ids: userIds, ...(title && { title }) }),
        rename: (title) => act(() => api.renameConversation(id(), title)),
        add: (userId) => act(() => api.addParticipants(id(), [userId])),
        remove: (userId) => act(() => api.removeParticipant(id(), userId)),
        leave: () => act(() => api.removeParticipant(id(), "me")),
      },
    });
  }

  #open(id) {
    const address = id ? `#${encodeURIComponent(id)}` : location.pathname + location.search;
    const { conversations } = this.#client;
    const another = id && id !== conversations.openId;
    history[another ? "pushState" : "replaceState"](null, "", address);
    // On a touch screen the keyboard would cover the conversation.
    this.#toFocus = matchMedia("(hover: hover)").matches ? id : null;
    this.#attempt(() => conversations.open(id));
  }

  async #start(body) {
    await this.#attempt(async () => {
      const { api, conversations } = this.#client;
      const clientId = crypto.randomUUID();
      const conversation = await api.createConversation({ ...body, client_id: clientId });
      conversations.adopt(conversation);
      this.#open(conversation.id);
    });
  }

  #react({ conversation_id: id, id: messageId }, emoji, present) {
    return this.#attempt(async () => {
      const { api, conversations } = this.#client;
      conversations.keep(await api.setReaction(id, messageId, emoji, present));
    });
  }

  #conversationChoices() {
    const { api, conversations } = this.#client;
    const { current } = conversations;
    return conversationChoices(current, {
      set: (settings) =>
        this.#attempt(async () => {
          current.updateOwn({ preferences: await api.setPreferences(current.id, settings) });
          this.changed();
        }),
      markUnread: (seq) => {
        this.#open(null); // an open conversation is read at once
        this.#attempt(() => api.markUnread(current.id, seq));
      },
    });
  }

  #pin({ conversation_id: id, id: messageId, pinned_at: pinnedAt }) {
    return this.#attempt(async () => {
      const { api, conversations } = this.#client;
      conversations.keep(await api.setPinned(id, messageId, !pinnedAt));
    });
  }

  #choices(message) {
    const { data } = this.#client.conversations.current;
    const pin = {
      label: message.pinned_at ? "Unpin" : "Pin",
      testid: "pin-message",
      action: () => this.#pin(message),
    };
    const choices = [
      { label: "Reply", testid: "reply", action: () => this.#composer.reply(message) },
      ...OFFERED.map((emoji) => ({
        label: emoji,
        testid: `react-${emoji}`,
        action: () => this.#react(message, emoji, true),
      })),
      ...(mayPin(data, this.#me) ? [pin] : []),
    ];
    if (message.sender_id !== this.#me) return choices;
    return [
      ...choices,
      { label: "Edit", testid: "edit", action: () => this.#composer.edit(message) },
      { label: "Delete", testid: "delete", danger: true, action: () => this.#delete(message) },
    ];
  }

  async #delete({ conversation_id: id, id: messageId }) {
    if (!(await confirm("Delete this message for everybody?", "Delete"))) return;
    await this.#attempt(async () => {
      const { api, conversations } = this.#client;
      await api.deleteMessage(id, messageId);
      conversations.keep(await api.getMessage(id, messageId));
    });
  }

  /** Returns a quoted message if it is known. Otherwise requests it; its arrival renders again. */
  #quoted(id, messageId) {
    const { conversations } = this.#client;
    const conversation = conversations.get(id);
    const message = conversation?.find(messageId);
    if (conversation && !message) {
      conversations.loadMessage(conversation, messageId).catch(() => {}); // it may be gone for good
    }
    return message ?? null;
  }

  /** Scrolls to a message. Loads older pages until it is found. */
  async #reveal(messageId) {
    const { conversations } = this.#client;
    const { current } = conversations;
    const more = () => current.hasOlder && conversations.current === current;
    while (!this.#history.show(messageId) && more()) {
      await conversations.loadOlder(current);
      this.render();
    }
  }

  /** Runs an action, and shows its refusal as a text. */
  async #attempt(work) {
    try {
      await work();
    } catch (error) {
      if (error.name !== "ChatError") throw error;
      this.toast(error.message);
    }
  }
}
