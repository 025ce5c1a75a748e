/** The page: connects its parts, follows the address, and runs the actions outside of a conversation. */

import { registerBrowser } from "./chat/firebase.js";
import { Names } from "./chat/names.js";
import { Present } from "./chat/present.js";
import { Quotes } from "./chat/quotes.js";
import { Typists } from "./chat/typists.js";
import { Room } from "./conversation/room.js";
import { conversationChoices } from "./list/conversation_menu.js";
import { ListView } from "./list/list_view.js";
import { offerNotifications } from "./list/notify.js";
import { Phone } from "./list/phone.js";
import { SearchView } from "./list/search_view.js";
import { becomeAvatar } from "./parts/avatar.js";
import { Connection } from "./parts/connection.js";
import { Dialogs } from "./parts/dialogs.js";
import { openMenu } from "./parts/menu.js";
import { isolated } from "./parts/words.js";

const byId = (id) => document.getElementById(id);

export class Page {
  #chat;
  #me;
  #names;
  #list;
  #room;
  #dialogs;
  #connection;
  #present;
  #search;
  #phone = null;
  #isScheduled = false;
  /** The conversation whose composer gets the focus once it is shown. */
  #toFocus = null;
  /** The names of my conversations, by id, for the text that I am no longer in one. */
  #titles = new Map();

  constructor(chat, config) {
    const { user_id: me, people, phone } = config;
    this.#chat = chat;
    this.#me = me;
    const changed = () => this.#changed();
    const attempt = (work) => this.#attempt(work);
    const names = (this.#names = new Names(chat, people, me));
    const typists = new Typists(chat, changed);
    const quotes = new Quotes(chat, changed);
    const present = (this.#present = new Present(chat, me));
    const toast = (text) => this.#toast(text);
    const onOpen = (id) => this.#open(id);
    this.#connection = new Connection(chat);
    this.#list = new ListView({
      element: byId("conversation-list"),
      archived: byId("archived"),
      empty: byId("list-empty"),
      names,
      me,
      typists,
      present,
      onOpen,
    });
    this.#room = new Room({ chat, me, names, present, quotes, attempt, toast, hasPhone: phone, onChange: changed });
    this.#search = new SearchView({ chat, names, onFound: (message) => this.#reveal(message) });
    this.#dialogs = new Dialogs({ people, names, me, actions: this.#dialogActions() });
    if (phone) this.#phone = new Phone({ chat, me, names, onOpen });
    if (phone || config.firebase) this.#offerNotifications(config);
    for (const store of [chat.conversations, chat.connection, names, present]) store.subscribe(changed);
    this.#listen();
    this.#render();
  }

  start() {
    this.#openFromAddress();
    this.#chat.connect();
    this.#phone?.start();
  }

  #offerNotifications({ worker_url: workerUrl, firebase }) {
    const allowed = async () => {
      try {
        if (firebase) await registerBrowser(this.#chat, workerUrl, firebase);
        else await this.#phone.mirror(workerUrl);
      } catch (error) {
        this.#toast(`This computer shows no notifications: ${error.message}`);
      }
    };
    offerNotifications({ allowed, onOpen: (id) => this.#open(id) });
  }

  /** Schedules one rendering after the present step of the event loop. */
  #changed() {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    queueMicrotask(() => {
      this.#isScheduled = false;
      this.#render();
    });
  }

  #render() {
    const name = this.#names.of(this.#me);
    byId("my-name").textContent = name;
    becomeAvatar(byId("my-avatar"), this.#me, name);
    const list = this.#chat.conversations.getSnapshot();
    this.#titles = new Map(list.items.map((one) => [one.id, this.#names.ofConversation(one)]));
    this.#connection.render();
    this.#list.render(list, this.#room.id);
    byId("app").dataset.pane = this.#room.id ? "conversation" : "list";
    const unread = list.items.reduce((sum, each) => sum + each.unread_count, 0);
    document.title = `${unread ? `(${unread}) ` : ""}${name} · Chat`;
    this.#room.render();
    this.#search.render();
    const { data } = this.#room;
    this.#present.watch(list.items, data);
    byId("nothing-open").hidden = data !== null;
    if (byId("details-dialog").open) this.#dialogs.renderDetails(data);
    if (data === null || this.#toFocus !== data.id) return;
    this.#toFocus = null;
    this.#room.focus();
  }

  #listen() {
    const chat = this.#chat;
    addEventListener("hashchange", () => this.#openFromAddress());
    byId("search").addEventListener("click", () => this.#search.open(this.#room.id));
    addEventListener("keydown", (event) => this.#pressed(event));
    byId("back").addEventListener("click", () => this.#open(null));
    const more = byId("conversation-menu");
    more.addEventListener("click", () => openMenu(more, this.#conversationChoices()));
    byId("details").addEventListener("click", () => this.#dialogs.openDetails(this.#room.data));
    chat.on("message", ({ message }) => this.#announce(message));
    chat.on("conversation.removed", ({ conversation_id: id }) => this.#gone(id));
  }

  #pressed(event) {
    if (event.key !== "k" || !(event.ctrlKey || event.metaKey) || document.querySelector("dialog[open]")) return;
    event.preventDefault();
    this.#search.open(this.#room.id);
  }

  /** Announces a new message to assistive technology. */
  #announce({ conversation_id: id, sender_id: sender, text }) {
    if (!text || sender === this.#me || id !== this.#room.id) return;
    byId("announcer").textContent = `${this.#names.of(sender)}: ${text}`;
  }

  #gone(id) {
    const title = this.#titles.get(id);
    if (title !== undefined) this.#toast(`You are no longer in “${isolated(title)}”.`);
    if (id === this.#room.id) this.#open(null);
  }

  #openFromAddress() {
    this.#room.open(idInAddress());
  }

  #open(id) {
    const address = id ? `#${encodeURIComponent(id)}` : location.pathname + location.search;
    const isAnother = id && id !== this.#room.id;
    history[isAnother ? "pushState" : "replaceState"](null, "", address);
    // On a touch screen the keyboard would cover the conversation.
    this.#toFocus = matchMedia("(hover: hover)").matches ? id : null;
    this.#room.open(id);
    this.#changed();
  }

  /** Opens the conversation of a message, at this message. */
  #reveal(message) {
    this.#open(message.conversation_id);
    return this.#room.reveal(message);
  }

  #dialogActions() {
    const path = (rest = "") => `conversations/${this.#room.id}${rest}`;
    const act = (method, to, body) => this.#attempt(() => this.#chat.request(method, to, { body }));
    const remove = (who) => act("DELETE", path(`/participants/${encodeURIComponent(who)}`));
    return {
      startDirect: (userId) => this.#start({ kind: "direct", participant_ids: [userId] }),
      startGroup: (title, userIds) =>
        this.#start({ kind: "group", participant_ids: userIds, title, system_messages: true }),
      rename: (title) => act("PATCH", path(), { title }),
      add: (userId) => act("POST", path("/participants"), { user_ids: [userId] }),
      remove,
      leave: () => remove("me"),
    };
  }

  #start(fields) {
    return this.#attempt(async () => {
      const { id } = await this.#chat.createConversation(fields);
      this.#open(id);
    });
  }

  #conversationChoices() {
    const { conversation } = this.#room;
    return conversationChoices(conversation.getSnapshot().conversation, {
      set: (settings) => this.#attempt(() => conversation.setPreferences(settings)),
      markUnread: () => {
        this.#open(null); // an open conversation is read at once
        this.#attempt(() => conversation.markUnread());
      },
    });
  }

  /** Shows a text for a few seconds. */
  #toast(text) {
    const toasts = byId("toasts");
    if ([...toasts.children].some((shown) => shown.textContent === text)) return;
    const toast = document.createElement("p");
    toast.textContent = text;
    toasts.append(toast);
    setTimeout(() => toast.remove(), 6000);
  }

  /** Runs an action, and shows its refusal as a text. */
  async #attempt(work) {
    try {
      await work();
    } catch (error) {
      if (error.name !== "ChatError") throw error;
      this.#toast(error.message);
    }
  }
}

/** Returns the id of the conversation that the address names; null if it names none. */
function idInAddress() {
  try {
    return decodeURIComponent(location.hash.slice(1)) || null;
  } catch {
    return null; // a `%` without digits, which this page does not write
  }
}
