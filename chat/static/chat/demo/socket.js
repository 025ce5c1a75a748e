/** The WebSocket: commands and their replies, events, and reconnects.
 *
 * The socket is connected once `hello` has arrived. It stores no command for later: without a
 * connection a command fails at once. `hello` shows what was missed.
 */

import { backoff } from "./backoff.js";
import { ChatError } from "./errors.js";

const HELLO_TIMEOUT = 10000;
const REPLY_TIMEOUT = 6000;

/** Close codes from 4500 on: a reconnect would end in the same way. */
const FINAL = {
  4501: "You are not signed in. Reload the page to sign in again.",
  4502: "Your session has ended. Reload the page to go on.",
  4503: "You were signed out.",
  4504: "This page may not connect: its origin is not among ALLOWED_ORIGINS.",
  4505: "The server did not understand this page. Reload it.",
  4506: "Too many windows are open. Close some, then reload this one.",
};

export class ChatSocket {
  /** `connecting`, `connected`, `reconnecting` or `stopped`. */
  state = "connecting";
  instanceId = null;
  degraded = false;
  /** Why it stopped, for people. */
  message = null;

  #url;
  #token;
  #onEvent;
  #onState;
  #socket = null;
  #waiting = new Map();
  #lastCommand = 0;
  #failures = 0;
  /** When to reconnect, if the instance is draining; otherwise null. */
  #returnAt = null;
  #sentAt = 0;
  /** `heartbeat_seconds`, in milliseconds. */
  #pulse = 0;
  #timers = { hello: null, ping: null, drain: null, reconnect: null };

  constructor({ url, token, onEvent, onState }) {
    this.#url = url;
    this.#token = token;
    this.#onEvent = onEvent;
    this.#onState = onState;
    addEventListener("online", () => this.#hurry());
    document.addEventListener("visibilitychange", () => this.#hurry());
  }

  get connected() {
    return this.state === "connected";
  }

  connect() {
    const socket = new WebSocket(this.#url, ["chat.v1", `bearer.${this.#token()}`]);
    this.#socket = socket;
    this.#timers.hello = setTimeout(() => this.#lost(socket), HELLO_TIMEOUT);
    socket.onmessage = ({ data }) => this.#received(JSON.parse(data));
    socket.onclose = ({ code }) => this.#lost(socket, code);
  }

  /** Sends a command, and resolves to the data of its reply. Rejects with a `ChatError`. Its status
   * is 0 if no answer arrived; the command may have been run. */
  command(type, fields = {}, { timeout = REPLY_TIMEOUT } = {}) {
    if (!this.connected) return Promise.reject(noAnswer("There is no connection."));
    const id = ++this.#lastCommand;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(id);
        reject(noAnswer("The server did not answer in time."));
      }, timeout);
      this.#waiting.set(id, { resolve, reject, timer });
      this.#sentAt = performance.now();
      this.#socket.send(JSON.stringify({ id, type, ...fields }));
    });
  }

  #received(frame) {
    if (frame.type === "reply" || frame.type === "error") {
      this.#answered(frame);
      return;
    }
    if (frame.type === "hello") this.#welcomed(frame);
    else if (frame.type === "degraded" || frame.type === "restored") this.#graded(frame.type);
    else if (frame.type === "draining") this.#draining(frame.data?.retry_after ?? 1);
    // In a hidden tab, timers run once a minute, but frames arrive at once: answer each heartbeat.
    else if (frame.type === "heartbeat") this.#ping();
    this.#onEvent(frame);
  }

  #answered(frame) {
    const waiting = this.#waiting.get(frame.id);
    if (!waiting) return;
    this.#waiting.delete(frame.id);
    clearTimeout(waiting.timer);
    if (frame.type === "reply") waiting.resolve(frame.data);
    else waiting.reject(new ChatError(frame));
  }

  #welcomed({ instance_id, data }) {
    clearTimeout(this.#timers.hello);
    this.#failures = 0;
    this.#returnAt = null;
    this.instanceId = data.instance_id ?? instance_id;
    this.degraded = Boolean(data.degraded);
    this.#pulse = data.heartbeat_seconds * 1000;
    this.#timers.ping = setInterval(() => this.#ping(), this.#pulse / 2);
    this.#become("connected");
  }

  /** Sends a ping if nothing else was sent lately. Any frame keeps the socket open. */
  #ping() {
    if (!this.connected || performance.now() - this.#sentAt < this.#pulse / 2 - 100) return;
    const socket = this.#socket;
    this.command("ping", {}, { timeout: this.#pulse }).catch((error) => {
      if (error.status === 0) this.#lost(socket);
    });
  }

  #graded(type) {
    this.degraded = type === "degraded";
    this.#become(this.state);
  }

  /** Handles the shutdown of the instance. `retry_after`, in seconds, spreads its clients. */
  #draining(retryAfter) {
    this.#returnAt = performance.now() + retryAfter * 1000;
    const socket = this.#socket;
    this.#timers.drain = setTimeout(() => this.#lost(socket, 4002), retryAfter * 1000);
  }

  #lost(socket, code = 1006) {
    if (socket !== this.#socket) return;
    this.#socket = null;
    socket.onmessage = socket.onclose = null;
    socket.close(); // without a network, `onclose` may take minutes
    clearTimeout(this.#timers.hello);
    clearInterval(this.#timers.ping);
    clearTimeout(this.#timers.drain);
    for (const { reject, timer } of this.#waiting.values()) {
      clearTimeout(timer);
      reject(noAnswer("The connection was lost."));
    }
    this.#waiting.clear();
    if (code >= 4500) {
      this.message = FINAL[code] ?? "The server ended this session.";
      this.#become("stopped");
      return;
    }
    const now = performance.now();
    const delay = this.#returnAt === null ? backoff(this.#failures) : this.#returnAt - now;
    this.#returnAt = null;
    this.#failures += 1;
    this.#timers.reconnect = setTimeout(() => this.connect(), delay);
    this.#become("reconnecting");
  }

  /** Reconnects at once when the network or the person is back. */
  #hurry() {
    if (this.state !== "reconnecting" || this.#socket || document.hidden) return;
    clearTimeout(this.#timers.reconnect);
    this.connect();
  }

  #become(state) {
    this.state = state;
    this.#onState();
  }
}

function noAnswer(detail) {
  return new ChatError({ code: "unreachable", detail });
}
