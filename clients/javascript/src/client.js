/** The client of one person: builds the parts, and connects them. */

import { Activity } from "./people/activity.js";
import { CatchingUp } from "./sync/catching_up.js";
import { Conversations } from "./conversations.js";
import { Emitter } from "./emitter.js";
import { ChatError } from "./errors.js";
import { Following } from "./sync/following.js";
import { randomId } from "./ids.js";
import { Loading } from "./sync/loading.js";
import { Outbox } from "./outbox.js";
import { Reading } from "./sync/reading.js";
import { Rest } from "./connection/rest.js";
import { Session } from "./connection/session.js";
import { Store } from "./store.js";
import { Syncing } from "./sync/syncing.js";
import { Tokens } from "./connection/tokens.js";
import { TypingIndicators, TypingTeller } from "./people/typing.js";

/**
 * @typedef {import("./model/conversation.js").Message} Message
 * @typedef {import("./connection/session.js").Connection} Connection
 *
 * @typedef {object} Options
 * @property {string} url where the server is, such as `https://chat.example.com`
 * @property {import("./connection/tokens.js").TokenFunction} token
 * @property {typeof WebSocket} [WebSocket] for Node 20, which has none of its own: that of `ws`
 * @property {"page" | "manual"} [activity] `page` (in browsers): the person is active while the page
 *   is looked at; `manual`: `setActive` tells
 * @property {import("./outbox.js").OutboxStorage} [outbox] keeps what waits to be sent, so that it
 *   survives a reload: see `chat-client/outbox`
 *
 * @typedef {import("./parts.js").Parts & {
 *   conversations: Conversations,
 *   activity: Activity,
 *   catchingUp: CatchingUp,
 *   syncing: Syncing,
 *   emitter: Emitter,
 * }} Insides
 */

/** How often a conversation is tried to be created. */
const MAX_ATTEMPTS = 5;

export class ChatClient {
  /** @type {string | null} */
  #userId = null;
  #frameBytes = Infinity;
  #parts;
  #following;
  #activity;
  /** @type {(() => void)[]} */
  #stops = [];

  /** @param {Options} options */
  constructor({ url, token, WebSocket = globalThis.WebSocket, activity, outbox }) {
    if (!WebSocket) {
      throw new TypeError("There is no WebSocket here. Pass the option `WebSocket`.");
    }
    const tokens = new Tokens(token);
    const emitter = new Emitter();
    const session = new Session({
      url,
      tokens,
      WebSocket,
      on: {
        state: () => this.#stateChanged(),
        event: (event) => this.#received(event),
        lost: () => this.#lost(),
        late: (data) => data?.message && this.#keep(data.message),
      },
    });
    const rest = new Rest({ url, tokens, onRevoked: () => this.disconnect() });
    /** @param {string} type @param {object} fields */
    const command = (type, fields) => session.command(type, fields);
    const changed = (/** @type {string} */ id) => this.#parts.conversations.get(id).changed();
    const parts = /** @type {Insides} */ ({
      session,
      rest,
      emitter,
      userId: () => this.#userId ?? "",
      keep: (message, reaction) => this.#keep(message, reaction),
      changed: (conversation) => following.changed(conversation),
      typing: new TypingIndicators(changed),
      typingTeller: new TypingTeller(command),
    });
    this.#parts = parts;
    parts.conversations = new Conversations(parts);
    parts.activity = new Activity(command, () =>
      this.conversations.getSnapshot().items.filter((one) => one.unread_count > 0),
    );
    parts.outbox = new Outbox({
      send: (item) => this.#send(item),
      isLive: () => session.isLive,
      onSent: (message) => this.#keep(message),
      onFailed: ({ conversation_id, client_id, error }) => {
        if (error) emitter.emit({ type: "send.failed", conversation_id, client_id, error });
      },
      onChange: changed,
      storage: outbox,
    });
    const following = (this.#following = new Following(parts));
    parts.loading = new Loading(rest, {
      changed: (conversation) => following.changed(conversation),
      refused: (conversation) => following.ended(conversation),
      messages: (messages) => {
        for (const one of messages) if (one.sender_id === this.#userId) parts.outbox.settle(one);
      },
    });
    parts.syncing = new Syncing(session, {
      changes: (id, model, changes) => following.synced(id, model, changes),
      refused: (id) => void following.reload(parts.conversations.get(id)),
      epoch: (epoch) => {
        if (!parts.catchingUp.isPresent(epoch)) session.reconnect();
      },
    });
    parts.catchingUp = new CatchingUp(parts, parts.conversations, {
      changed: (conversation) => following.changed(conversation),
      ended: (conversation) => following.ended(conversation),
      restored: () => {
        parts.reading.forget();
        parts.typing.clear();
        emitter.emit({ type: "restored" });
      },
    });
    parts.reading = new Reading(session, (id, answer) => this.#readAnswered(id, answer));
    /** The list of conversations.
     * @type {import("./store.js").Observable<import("./conversations.js").ListSnapshot>} @readonly */
    this.conversations = parts.conversations;
    /** The state of the connection. @type {Store<Connection>} @readonly */
    this.connection = new Store(() => {
      const { state, degraded, code } = session;
      return Object.freeze({ state, degraded, code });
    });
    this.#activity = activity ?? (typeof document === "undefined" ? "manual" : "page");
  }

  /** The person's id; null until the first `hello`. */
  get userId() {
    return this.#userId;
  }

  /** Signs the person in. Call it again to come back from `signed_out` or `replaced`. */
  connect() {
    if (this.#stops.length === 0) {
      this.#listen();
      this.#parts.outbox.resume();
    }
    this.#parts.session.connect();
  }

  /** Signs the person out here. Messages that wait are kept; with a stored outbox, another page of the
   * person may send them. */
  disconnect() {
    for (const stop of this.#stops.splice(0)) stop();
    this.#parts.typingTeller.stop();
    this.#parts.session.disconnect();
    this.#parts.outbox.close();
  }

  /** A conversation by its id. @param {string} id */
  conversation(id) {
    return this.#parts.conversations.get(id).face;
  }

  /** Creates a conversation: a repetition after a lost answer does not create another one.
   * @param {import("../schema/rest.js").components["schemas"]["CreateConversationRequest"]} fields */
  async createConversation(fields) {
    const body = { client_id: randomId(), ...fields };
    const { rest, conversations, loading } = this.#parts;
    const isWanted = (/** @type {number} */ attempt) => attempt < MAX_ATTEMPTS;
    const data = await rest.persist("POST", "conversations", { body }, isWanted);
    if (data === undefined) {
      throw new ChatError({ detail: "The conversation could not be created. Try again later." });
    }
    const conversation = conversations.get(data.id);
    if (!conversation.model && this.#userId) conversation.begin(this.#userId);
    await loading.loaded(conversation, data);
    return conversation.face;
  }

  /** Sends any request of REST.
   * @param {string} method
   * @param {string} path below /api/v1, such as `users`
   * @param {import("./connection/rest.js").RequestOptions} [options]
   * @returns {Promise<any>} */
  request(method, path, options) {
    return this.#parts.rest.request(method, path, options);
  }

  /** Sends any command of the socket. Rejects with the status 0 if there is no connection, or if it
   * ends before the answer.
   * @param {string} type such as `presence.watch`
   * @param {object} [fields]
   * @returns {Promise<any>} the `data` of the reply */
  command(type, fields) {
    return this.#parts.session.command(type, fields);
  }

  /** Tells whether the person looks at the app. @param {boolean} isActive */
  setActive(isActive) {
    this.#parts.activity.become(isActive);
  }

  /** The messages that are not stored yet, of all conversations. */
  get pending() {
    return this.#parts.outbox.items;
  }

  /** Calls `listener` at every event of a type (`*`: of all). Returns a function that ends this.
   * @template {import("./events.js").ChatEvent["type"] | "*"} K
   * @param {K} type
   * @param {(event: import("./events.js").EventOf<K>) => void} listener
   * @returns {() => void} */
  on(type, listener) {
    return this.#parts.emitter.on(type, listener);
  }

  /** The events from now on, for `for await`.
   * @returns {AsyncGenerator<import("./events.js").ChatEvent, void, void>} */
  events() {
    return this.#parts.emitter.events();
  }

  /** @param {import("./outbox.js").Pending} item @returns {Promise<Message>} */
  async #send({ created_at: _, error: __, ...fields }) {
    const bytes = new TextEncoder().encode(JSON.stringify(fields)).length + 100;
    if (bytes > this.#frameBytes) {
      const detail = `The message is larger than ${this.#frameBytes} bytes.`;
      throw new ChatError({ status: 413, code: "payload_too_large", detail });
    }
    return (await this.#parts.session.command("message.send", fields)).message;
  }

  /** @param {import("./connection/transport.js").Frame} event */
  #received(event) {
    if (event.type === "hello") this.#welcomed(event.data);
    else this.#following.handle(event);
  }

  /** @param {any} hello */
  #welcomed(hello) {
    const { catchingUp, outbox, reading, activity } = this.#parts;
    if (this.#userId !== null && this.#userId !== hello.user_id) {
      reading.forget();
      catchingUp.forget();
    }
    this.#userId = hello.user_id;
    this.#frameBytes = hello.limits?.frame_bytes ?? Infinity;
    catchingUp.compare(hello.user_id, hello);
    outbox.resume(hello.user_id);
    reading.resume();
    activity.resume();
  }

  #lost() {
    for (const { model } of this.#parts.conversations.all) {
      if (!model) continue;
      model.syncing = null;
      model.cursor.disconnected();
    }
  }

  #stateChanged() {
    const before = this.connection.getSnapshot().state;
    this.connection.changed();
    const { state } = this.connection.getSnapshot();
    if (state !== before) this.#parts.emitter.emit({ type: "connection", state });
  }

  /** Keeps a message of a reply: it does not move the cursor.
   * @param {Message} message @param {import("./model/reactions.js").Reaction} [reaction] */
  #keep(message, reaction) {
    const { conversations, outbox } = this.#parts;
    const conversation = conversations.known(message.conversation_id);
    if (conversation?.model?.data) conversation.model.keep(message, reaction);
    if (message.sender_id === this.#userId) outbox.settle(message);
    if (conversation) this.#following.changed(conversation);
  }

  /** @param {string} id @param {{read_seq: number, marked_unread?: number | null} | null} answer */
  #readAnswered(id, answer) {
    const conversation = this.#parts.conversations.known(id);
    if (answer && this.#userId) conversation?.model?.positions.moved(this.#userId, answer.read_seq);
    else conversation?.model?.positions.unwant();
    this.#parts.conversations.changed(conversation ?? undefined);
  }

  /** Comes back at once when the network or the person does. */
  #listen() {
    const hurry = () => this.#parts.session.hurry();
    globalThis.addEventListener?.("online", hurry);
    this.#stops.push(() => globalThis.removeEventListener?.("online", hurry));
    if (typeof document !== "undefined") {
      const visible = () => document.hidden || hurry();
      document.addEventListener("visibilitychange", visible);
      this.#stops.push(() => document.removeEventListener("visibilitychange", visible));
    }
    if (this.#activity === "page") this.#stops.push(this.#parts.activity.followPage());
    else this.#stops.push(() => this.setActive(false));
  }
}
