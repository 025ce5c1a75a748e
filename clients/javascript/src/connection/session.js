/** The connection of a person: it signs in, breaks, and comes back.
 *
 * docs/socket.md has the table of its states.
 */

import { ChatError, noAnswer } from "../errors.js";
import { pause, reconnectDelay, retryDelay } from "../delays.js";
import { Transport } from "./transport.js";

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
  /** Identifies the present attempt: an older one that goes on late is dropped. */
  #attempt = Symbol();
  /** @type {(() => void)[]} */
  #waiters = [];
  #failures = 0;
  /** `heartbeat_seconds` of the latest `hello`, in milliseconds. */
  #heartbeat = 25_000;
  /** When the instance that drains wants the client back, in milliseconds.
   * @type {number | null} */
  #comeBack = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /**
   * @param {object} options
   * @param {string} options.url of the server
   * @param {import("./tokens.js").Tokens} options.tokens
   * @param {typeof WebSocket} options.WebSocket
   * @param {object} options.on
   * @param {() => void} options.on.state
   * @param {(event: import("./transport.js").Frame) => void} options.on.event
   * @param {() => void} options.on.lost
   * @param {(data: any) => void} options.on.late
   */
  constructor({ url, tokens, WebSocket, on }) {
    this.#url = `${url.replace(/^http/, "ws").replace(/\/+$/, "")}/ws/v1`;
    this.#tokens = tokens;
    this.#WebSocket = WebSocket;
    this.#on = on;
  }

  get isLive() {
    return this.state === "live";
  }

  /** Signs in, or comes back after `signed_out` and `replaced`. */
  connect() {
    if (this.state === "signed_out" || this.state === "replaced") {
      this.#failures = 0;
      this.#open();
    }
  }

  /** Ends the session: nothing reconnects. */
  disconnect() {
    this.#become("signed_out");
    clearTimeout(this.#timer);
    this.#attempt = Symbol();
    const transport = this.#transport;
    this.#transport = null;
    transport?.end(1000);
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
    return Promise.reject(noAnswer("There is no connection."));
  }

  /** Resolves when there is a connection. Rejects if the session has ended. @returns {Promise<void>} */
  live() {
    return new Promise((resolve, reject) => {
      const wake = () => (this.isLive ? resolve() : reject(noAnswer("There is no connection.")));
      if (this.isLive) wake();
      else this.#waiters.push(wake);
    });
  }

  /** Ends the connection, and comes back at once. */
  reconnect() {
    this.#comeBack = 0;
    this.#transport?.end(1001);
  }

  /** Sends a command again until there is a final answer. Resolves to null if the connection ended
   * before it, or if there is nothing to send any more. Rejects with a refusal.
   * @param {string} type
   * @param {() => object | null} fields returns null if there is nothing to send
   * @returns {Promise<any>} */
  async persist(type, fields) {
    const attempt = this.#attempt;
    for (let tries = 0; this.isLive && attempt === this.#attempt; tries += 1) {
      const present = fields();
      if (present === null) return null;
      try {
        return await this.command(type, present);
      } catch (error) {
        if (!(error instanceof ChatError) || !error.passing) throw error;
        if (error.status !== 0) await pause(retryDelay(error, tries));
      }
    }
    return null;
  }

  /** @param {{expired?: boolean}} [options] */
  async #open({ expired = false } = {}) {
    clearTimeout(this.#timer);
    const attempt = (this.#attempt = Symbol());
    this.#become("connecting");
    let token;
    try {
      token = await this.#tokens.fresh({ expired });
    } catch (error) {
      if (attempt !== this.#attempt) return;
      if (error instanceof ChatError && error.status === 401) this.#become("signed_out");
      else this.#wait();
      return;
    }
    if (attempt !== this.#attempt) return;
    try {
      this.#transport = new Transport(this.#WebSocket, this.#url, token, this.#heartbeat, {
        onEvent: (event) => this.#received(event),
        onClose: (code) => (attempt === this.#attempt ? this.#closed(code) : this.#on.lost()),
        onLate: this.#on.late,
      });
    } catch {
      this.#closed(NOT_A_TOKEN); // a subprotocol cannot name it
    }
  }

  /** @param {import("./transport.js").Frame} event */
  #received(event) {
    switch (event.type) {
      case "hello":
        this.#failures = 0;
        this.#comeBack = null;
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
        this.#refresh(this.#attempt);
        break;
      case "draining":
        this.#comeBack = (event.data?.retry_after ?? 1) * 1000;
        this.#transport?.end(1001);
        return;
    }
    this.#on.event(event);
  }

  /** Sends a fresh token before the present one ends. @param {symbol} attempt */
  async #refresh(attempt) {
    for (let tries = 0; attempt === this.#attempt && this.isLive; tries += 1) {
      try {
        const token = await this.#tokens.fresh({ expired: true });
        if (attempt !== this.#attempt) return;
        await this.command("auth.refresh", { token });
        return;
      } catch {
        await pause(1000 + reconnectDelay(Math.min(tries, 3)));
      }
    }
  }

  /** @param {number} code */
  #closed(code) {
    this.#transport = null;
    this.code = code;
    this.degraded = false;
    if (code < 4500 || code === EXPIRED) this.#wait({ expired: code === EXPIRED });
    else this.#become(code === REPLACED ? "replaced" : "signed_out");
    this.#on.lost();
  }

  /** @param {{expired?: boolean}} [options] */
  #wait(options) {
    const delay = this.#comeBack ?? reconnectDelay(this.#failures);
    this.#comeBack = null;
    this.#failures += 1;
    this.#become("waiting");
    this.#timer = setTimeout(() => this.#open(options), delay);
  }

  /** @param {ConnectionState} state */
  #become(state) {
    this.state = state;
    if (state !== "connecting" && state !== "waiting") {
      for (const wake of this.#waiters.splice(0)) wake();
    }
    this.#on.state();
  }
}
