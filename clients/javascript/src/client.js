/** The client of one person: builds the parts, and connects them. */

import { Activity } from "./people/activity.js";
import { CatchingUp } from "./sync/catching_up.js";
import { Conversations } from "./conversations.js";
import { Emitter } from "./emitter.js";
import { ChatError, noAnswer } from "./errors.js";
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
 * @typedef {import("./parts.js").Parts} Parts
 * @typedef {import("./connection/session.js").Connection} Connection
 *
 * @typedef {object} Options
 * @property {string} url where the server is, such as `https://chat.example.com`
 * @property {import("./connection/tokens.js").TokenFunction} token
 * @property {typeof WebSocket} [WebSocket] for Node 20, which has no `WebSocket`: the class of `ws`
 * @property {"page" | "manual"} [activity] `page` (in browsers): the person is active while the page
 *   is looked at; `manual`: `setActive` tells
 * @property {import("./outbox.js").OutboxStorage} [outbox] stores the unsent messages, so that they
 *   survive a reload: see `chat-client/outbox`
 */

/** How many times `createConversation` sends its request. */
const MAX_ATTEMPTS = 5;

export class ChatClient {
  /** @type {string | null} */
  #userId = null;
  #frameBytes = Infinity;
  #parts;
  #activity;
  /** The state of the latest event `connection`. @type {Connection["state"]} */
  #state = "signed_out";
  /** Removes the listeners of a connected client. @type {AbortController | null} */
  #listening = null;

  /** @param {Options} options */
  constructor({ url, token, WebSocket = globalThis.WebSocket, activity, outbox }) {
    if (!/^https?:\/\/[^?#]+$/.test(url)) throw new TypeError("`url` is like https://chat.example.com.");
    const base = url.replace(/\/+$/, "");
    const tokens = new Tokens(token);
    const emitter = new Emitter();
    const session = new Session(base, tokens, WebSocket, {
      state: () => this.#stateChanged(),
      event: (event) => {
        if (event.type === "hello") this.#welcomed(event.data);
        else parts.following.handle(event);
      },
      lost: () => {
        for (const { model } of parts.conversations.all) model?.lost();
      },
      late: (data) => data?.message && parts.following.keep(data.message),
    });
    const rest = new Rest(base, tokens, () => this.disconnect());
    const changed = (/** @type {string} */ id) => this.#parts.conversations.get(id).changed();
    const parts = (this.#parts = /** @type {Parts} */ ({
      session,
      rest,
      emitter,
      userId: () => this.#userId ?? "",
      typing: new TypingIndicators(changed),
    }));
    parts.teller = new TypingTeller(parts);
    parts.conversations = new Conversations(parts);
    parts.activity = new Activity(parts);
    parts.outbox = new Outbox({
      send: (item) => this.#send(item),
      isLive: () => session.isLive,
      onFailed: ({ conversation_id, client_id }, error) =>
        emitter.emit({ type: "send.failed", conversation_id, client_id, error }),
      onChange: changed,
      storage: outbox,
    });
    parts.following = new Following(parts);
    parts.loading = new Loading(parts);
    parts.syncing = new Syncing(parts);
    parts.catchingUp = new CatchingUp(parts);
    parts.reading = new Reading(parts);
    /** The list of conversations.
     * @type {import("./store.js").Observable<import("./conversations.js").ListSnapshot>} @readonly */
    this.conversations = parts.conversations;
    /** The state of the connection. @type {Store<Connection>} @readonly */
    this.connection = new Store(() => {
      const { state, degraded, code } = session;
      return Object.freeze({ state, degraded, code });
    });
    this.#activity = activity ?? (globalThis.document ? "page" : "manual");
  }

  /** The person's id; null until the first `hello`. */
  get userId() {
    return this.#userId;
  }

  /** Signs the person in. Call it again to come back from `signed_out` or `replaced`. */
  connect() {
    const { session, outbox, activity } = this.#parts;
    session.connect();
    if (this.#listening) return;
    const { signal } = (this.#listening = new AbortController());
    const when = (/** @type {string} */ event, /** @type {() => void} */ act) =>
      globalThis.addEventListener?.(event, act, { signal });
    // Nothing else tells at once that the network is gone: the socket stays open.
    when("offline", () => session.drop());
    // Reconnects at once when the network is back, or the person looks at the page.
    when("online", () => session.hurry());
    when("visibilitychange", () => document.hidden || session.hurry());
    if (this.#activity === "page") activity.follow(signal);
    outbox.resume();
  }

  /** Signs the person out here. Messages that wait are kept; with a stored outbox, another page of the
   * person may send them. */
  disconnect() {
    this.#listening?.abort();
    this.#listening = null;
    this.setActive(false);
    this.#parts.teller.stop();
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
    if (data === undefined) throw noAnswer();
    await loading.loaded(conversations.get(data.id), data);
    return this.conversation(data.id);
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

  /** The server's time, in milliseconds since 1970, as far as it is known: compare `expires_at` and
   * `muted_until` with it. The clock of this machine may be wrong. */
  now() {
    return this.#parts.session.now();
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
      const detail = `The message exceeds ${this.#frameBytes} bytes.`;
      throw new ChatError({ status: 413, code: "payload_too_large", detail });
    }
    const answer = await this.#parts.session.command("message.send", fields);
    if (!answer?.message) throw noAnswer();
    this.#parts.following.keep(answer.message);
    return answer.message;
  }

  /** @param {any} hello */
  #welcomed(hello) {
    const { catchingUp, outbox, reading, activity, syncing } = this.#parts;
    if (this.#userId && this.#userId !== hello.user_id) catchingUp.forget();
    this.#userId = hello.user_id;
    this.#frameBytes = hello.limits?.frame_bytes ?? Infinity;
    syncing.atOnce = hello.limits?.sync_conversations ?? 100;
    catchingUp.compare(hello);
    outbox.resume(hello.user_id);
    reading.resume();
    activity.resume();
  }

  #stateChanged() {
    const { session, outbox, emitter } = this.#parts;
    const { state } = session;
    this.connection.changed();
    outbox.session(session.isOver);
    if (state === this.#state) return;
    this.#state = state;
    emitter.emit({ type: "connection", state });
  }
}
