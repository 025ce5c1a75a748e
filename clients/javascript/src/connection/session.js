/** The connection of a person: it signs in, breaks, and comes back.
 *
 * docs/socket.md has the table of its states.
 */

import { ChatError, noAnswer, sessionEnded } from "../errors.js";
import { reconnectDelay, repeat } from "../delays.js";
import { Transport, UNREADABLE } from "./transport.js";

/**
 * @typedef {"signed_out" | "connecting" | "live" | "waiting" | "replaced"} ConnectionState
 *
 * @typedef {object} Connection
 * @property {ConnectionState} state
 * @property {boolean} degraded whether events may arrive some seconds late
 * @property {number | null} code the code of the latest close
 */

const REPLACED = 4506;
const EXPIRED = 4502;
const NOT_A_TOKEN = 4501;

export class Session {
  /** @type {ConnectionState} */
  state = "signed_out";
  degraded = false;
  /** @type {number | null} */
  code = null;

  #url;
  #tokens;
  #WebSocket;
  #on;
  /** @type {Transport | null} */
  #transport = null;
  /** Identifies the present attempt: an older one that goes on late is dropped. Null until the first
   * `connect`. @type {symbol | null} */
  #attempt = null;
  /** @type {(() => void)[]} */
  #waiters = [];
  #failures = 0;
  /** How many connections in a row ended because of a frame: the next `hello` may bring it again. */
  #faults = 0;
  /** How far the server's clock is ahead of the clock here, in milliseconds. */
  #ahead = 0;
  /** `heartbeat_seconds` of the latest `hello`, in milliseconds. */
  #heartbeat = 25_000;
  /** The delay before the next attempt, if `drop` names one. @type {number | null} */
  #comeBack = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /**
   * @param {string} url of the server, without a slash at its end
   * @param {import("./tokens.js").Tokens} tokens
   * @param {typeof WebSocket} WebSocket
   * @param {object} on
   * @param {() => void} on.state
   * @param {(event: import("./transport.js").Frame) => void} on.event
   * @param {() => void} on.lost
   * @param {(data: any) => void} on.late
   */
  constructor(url, tokens, WebSocket, on) {
    this.#url = `${url.replace("http", "ws")}/ws/v1`;
    this.#tokens = tokens;
    this.#WebSocket = WebSocket;
    this.#on = on;
  }

  get isLive() {
    return this.state === "live";
  }

  /** Whether the session has ended: only `connect` begins another. */
  get isOver() {
    return this.state === "signed_out" || this.state === "replaced";
  }

  /** The server's time, in milliseconds, as far as it is known: the clock here may be wrong. */
  now = () => Date.now() + this.#ahead;

  /** Signs in, or comes back after `signed_out` and `replaced`. */
  connect() {
    if (!this.#WebSocket) {
      throw new TypeError("Set the option `WebSocket`.");
    }
    if (this.isOver) {
      this.#failures = 0;
      this.#open();
    }
  }

  /** Ends the session: nothing reconnects. */
  disconnect() {
    this.#become("signed_out");
    clearTimeout(this.#timer);
    this.#attempt = Symbol();
    this.#transport?.end(1000);
    this.#transport = null;
  }

  /** Reconnects at once if the client waits, and otherwise sees whether the server is there. */
  hurry() {
    if (this.state === "waiting") this.#open();
    else if (this.isLive) this.#transport?.probe();
  }

  /** Sends a command over the present socket.
   * @param {string} type
   * @param {object} [fields]
   * @returns {Promise<any>} */
  command(type, fields) {
    if (this.#transport && this.isLive) return this.#transport.command(type, fields);
    return Promise.reject(noAnswer());
  }

  /** Resolves when there is a connection, also if `connect` comes later. Rejects if the session has
   * ended. @returns {Promise<void>} */
  live() {
    return new Promise((resolve) => {
      const wake = () => resolve(this.isLive ? undefined : Promise.reject(sessionEnded()));
      if (this.isLive || (this.isOver && this.#attempt)) wake();
      else this.#waiters.push(wake);
    });
  }

  /** Ends the connection, and comes back.
   * @param {number | null} [delay] in milliseconds; without it, as after a broken connection */
  drop(delay = null) {
    this.#comeBack = delay;
    this.#transport?.end(1001);
  }

  /** Sends a command again until there is a final answer. Resolves to null if the connection ended
   * before it, or if there is nothing to send any more. Rejects with a refusal.
   * @param {string} type
   * @param {() => object | null | undefined} fields returns nothing if there is nothing to send
   * @returns {Promise<any>} */
  async persist(type, fields) {
    const send = async () => {
      const present = fields();
      return present && this.command(type, present);
    };
    return (await this.#repeat(send)) ?? null;
  }

  /** Repeats work for as long as the present connection lasts. @param {() => Promise<any>} work */
  #repeat(work) {
    const attempt = this.#attempt;
    return repeat(work, () => this.isLive && attempt === this.#attempt);
  }

  async #open() {
    clearTimeout(this.#timer);
    const attempt = (this.#attempt = Symbol());
    this.#become("connecting");
    let token;
    try {
      token = await this.#tokens.fresh({ expired: this.code === EXPIRED });
    } catch (error) {
      if (attempt !== this.#attempt) return;
      if (/** @type {ChatError} */ (error).status === 401) this.#become("signed_out");
      else this.#wait();
      return;
    }
    if (attempt !== this.#attempt) return;
    try {
      this.#transport = new Transport(this.#WebSocket, this.#url, token, this.#heartbeat, {
        event: (event) => this.#received(event),
        closed: (code) => (attempt === this.#attempt ? this.#closed(code) : this.#on.lost()),
        late: this.#on.late,
      });
    } catch {
      this.#closed(NOT_A_TOKEN); // a subprotocol cannot name it
    }
  }

  /** @param {import("./transport.js").Frame} event */
  #received(event) {
    // Other events may be older than their delivery.
    if (["hello", "heartbeat"].includes(event.type)) this.#ahead = Date.parse(event.at) - Date.now() || 0;
    switch (event.type) {
      case "hello":
        this.#failures = 0;
        this.degraded = Boolean(event.data.degraded);
        this.#heartbeat = event.data.heartbeat_seconds * 1000;
        this.#become("live");
        break;
      case "degraded":
      case "restored":
        this.degraded = event.type === "degraded";
        this.#on.state();
        break;
      case "auth.expiring":
        this.#repeat(() => this.#refresh()).catch(() => {}); // refused: the server ends the connection
        break;
      case "draining":
        return this.drop((event.data?.retry_after ?? 1) * 1000);
    }
    this.#on.event(event);
  }

  /** Sends a fresh token before the present one ends. */
  async #refresh() {
    const attempt = this.#attempt;
    const token = await this.#tokens.fresh({ expired: true });
    if (attempt === this.#attempt) await this.command("auth.refresh", { token });
  }

  /** @param {number} code */
  #closed(code) {
    this.#transport = null;
    this.code = code;
    this.degraded = false;
    this.#faults = code === UNREADABLE ? this.#faults + 1 : 0;
    if (code < 4500 || code === EXPIRED) this.#wait();
    else this.#become(code === REPLACED ? "replaced" : "signed_out");
    this.#on.lost();
  }

  #wait() {
    const delay = this.#comeBack ?? reconnectDelay(this.#failures + this.#faults);
    this.#comeBack = null;
    this.#failures += 1;
    this.#become("waiting");
    this.#timer = setTimeout(() => this.#open(), delay);
  }

  /** @param {ConnectionState} state */
  #become(state) {
    this.state = state;
    if (this.isOver) this.#tokens.forget();
    if (this.isLive || this.isOver) {
      for (const wake of this.#waiters.splice(0)) wake();
    }
    this.#on.state();
  }
}
