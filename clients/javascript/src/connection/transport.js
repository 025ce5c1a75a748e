/** One WebSocket: commands and their answers, events, and the end of a silent connection. */

import { ChatError, noAnswer, report } from "../errors.js";

/**
 * @typedef {{type: string, id?: any, at?: any, data?: any, [name: string]: any}} Frame
 *
 * @typedef {object} Handlers
 * @property {(event: Frame) => void} event
 * @property {(code: number) => void} closed
 * @property {(data: any) => void} late the answer to a command that nobody waits for any more
 */

/** The code of a connection with a frame that the client could not read or apply. */
export const UNREADABLE = 1007;
const ANSWER_TIMEOUT = 10_000;
/** How long a server that was perhaps asleep, or is perhaps gone, may take for an answer. */
const PROBE_TIMEOUT = 5_000;

export class Transport {
  #heartbeat;
  /** @type {WebSocket | null} */
  #socket;
  #handlers;
  /** By the id of the command. @type {Map<number, (outcome: any) => void>} */
  #waiting = new Map();
  #lastId = 0;
  #heardAt = performance.now();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #silence;

  /**
   * @param {typeof WebSocket} WebSocketClass
   * @param {string} url
   * @param {string} token
   * @param {number} heartbeat `heartbeat_seconds` of an earlier `hello`, in milliseconds
   * @param {Handlers} handlers
   */
  constructor(WebSocketClass, url, token, heartbeat, handlers) {
    this.#heartbeat = heartbeat;
    this.#handlers = handlers;
    const socket = new WebSocketClass(url, ["chat.v1", `bearer.${token}`]);
    this.#socket = socket;
    socket.onmessage = ({ data }) => {
      try {
        this.#received(data);
      } catch (error) {
        report(error);
        this.end(UNREADABLE); // the next connection brings the content of the frame
      }
    };
    socket.onclose = ({ code }) => this.end(code);
    socket.onerror = () => {}; // `onclose` follows
    this.#watch();
  }

  /** Sends a command, and resolves to the data of its reply. Rejects with a `ChatError`; its status
   * is 0 if no answer arrived, and the command may have been run.
   * @param {string} type
   * @param {object} [fields]
   * @param {number} [timeout] in milliseconds
   * @returns {Promise<any>} */
  command(type, fields = {}, timeout = ANSWER_TIMEOUT) {
    return new Promise((resolve) => {
      const id = this.#send(type, fields);
      const timer = setTimeout(() => answer(Promise.reject(noAnswer())), timeout);
      const answer = (/** @type {any} */ outcome) => {
        clearTimeout(timer);
        this.#waiting.delete(id);
        resolve(outcome);
      };
      this.#waiting.set(id, answer);
    });
  }

  /** Finds out whether the server is still there, after a sleep or another network. */
  probe() {
    this.command("ping", {}, PROBE_TIMEOUT).catch((error) => {
      if (error.status === 0) this.end(1006);
    });
  }

  /** Ends the connection, without waiting for the server: it may be gone. @param {number} code */
  end(code) {
    const socket = this.#socket;
    if (socket === null) return;
    this.#socket = null;
    socket.onmessage = socket.onclose = null;
    socket.close();
    clearTimeout(this.#silence);
    for (const answer of this.#waiting.values()) answer(Promise.reject(noAnswer()));
    this.#handlers.closed(code);
  }

  /** @param {string} type @param {object} fields */
  #send(type, fields) {
    this.#lastId += 1;
    this.#socket?.send(JSON.stringify({ id: this.#lastId, type, ...fields }));
    return this.#lastId;
  }

  /** @param {string} text */
  #received(text) {
    this.#heardAt = performance.now();
    /** @type {Frame} */
    const frame = JSON.parse(text);
    if (frame.type === "reply" || frame.type === "error") {
      this.#answered(frame);
      return;
    }
    if (frame.type === "hello") {
      this.#heartbeat = frame.data.heartbeat_seconds * 1000;
      this.#watch();
    }
    // Timers of a hidden page run once a minute, but frames arrive at once.
    if (frame.type === "heartbeat") this.#send("ping", {});
    this.#handlers.event(frame);
  }

  /** @param {Frame} frame */
  #answered(frame) {
    const answer = this.#waiting.get(frame.id);
    if (frame.type === "error") answer?.(Promise.reject(new ChatError(/** @type {object} */ (frame))));
    else if (answer) answer(frame.data);
    else this.#handlers.late(frame.data);
  }

  /** Ends the connection when nothing was heard for two heartbeats. */
  #watch() {
    clearTimeout(this.#silence);
    const left = this.#heardAt + 2 * this.#heartbeat - performance.now();
    if (left <= 0) this.end(1006);
    else this.#silence = setTimeout(() => this.#watch(), left);
  }
}
