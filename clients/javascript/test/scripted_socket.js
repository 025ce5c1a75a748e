/** A server that a test plays by hand, at the two borders of the client: `WebSocket` and `fetch`. */

import { setImmediate } from "node:timers/promises";

export class ScriptedServer {
  /** Every socket that was opened. */
  sockets = [];
  /** By "METHOD path": what REST answers, `{status, headers, body}`. */
  answers = new Map();
  requests = [];
  #fetch = globalThis.fetch;

  constructor() {
    const { sockets } = this;
    this.WebSocket = class {
      commands = [];
      isClosed = false;

      constructor(url, protocols) {
        Object.assign(this, { url, protocols });
        sockets.push(this);
      }

      send(text) {
        this.commands.push(JSON.parse(text));
      }

      close() {
        this.isClosed = true;
      }

      /** Sends a frame to the client. */
      push(type, data = {}, fields = {}) {
        this.onmessage({ data: JSON.stringify({ type, data, ...fields }) });
      }

      hello(data = {}) {
        const limits = { frame_bytes: 65_536 };
        this.push("hello", {
          ...{ user_id: "ann", heartbeat_seconds: 25, limits, degraded: false, epoch: "e1" },
          ...{ conversations: {}, truncated: false, at: "2026-01-31T12:00:00.000Z" },
          ...data,
        });
      }

      of(type) {
        return this.commands.filter((command) => command.type === type);
      }

      reply({ id }, data = {}) {
        this.push("reply", data, { id });
      }

      refuse({ id }, status, fields = {}) {
        this.push("error", undefined, { id, status, code: "of_a_test", detail: "It says why.", ...fields });
      }

      end(code) {
        this.onclose?.({ code });
      }
    };
    this.answers.set("GET conversations", { body: { items: [], next_cursor: null } });
    globalThis.fetch = async (url, { method, headers, body }) => {
      const { pathname, searchParams } = new URL(url);
      const path = pathname.replace("/api/v1/", "");
      const query = Object.fromEntries(searchParams);
      this.requests.push({ method, path, query, headers, body: body && JSON.parse(body) });
      const answer = this.answers.get(`${method} ${path}`) ?? { status: 404, body: { code: "not_found" } };
      const { status = 200, headers: given = {}, body: sent } = typeof answer === "function" ? answer(query) : answer;
      return new Response(typeof sent === "string" ? sent : JSON.stringify(sent), { status, headers: given });
    };
  }

  get socket() {
    return this.sockets.at(-1);
  }

  close() {
    globalThis.fetch = this.#fetch;
  }
}

/** Waits until something holds. */
export async function until(holds, what = holds) {
  for (const end = Date.now() + 10_000; !holds(); ) {
    if (Date.now() > end) throw new Error(`in vain: ${what}`);
    await setImmediate();
  }
}

export function message(seq, fields = {}) {
  const at = "2026-01-31T12:00:00.000Z";
  return {
    ...{ id: `m${seq}`, conversation_id: "c", seq, version: seq, created_version: seq },
    ...{ sender_id: "bob", client_id: null, text: `Message ${seq}`, created_at: at },
    ...{ edited_at: null, deleted_at: null, kind: "text", mentions: [], mentions_all: false },
    ...{ reactions: {}, ...fields },
  };
}

export function conversation(seq, fields = {}) {
  return {
    ...{ id: "c", title: "Tea", seq, version: seq, participants: [{ user_id: "ann" }] },
    ...{ participant_count: 1, last_message: seq ? message(seq) : null, uncounted: [] },
    ...{ created_at: "2026-01-31T12:00:00.000Z", read_seq: 0, marked_unread: null },
    ...{ mentioned_seq: null, muted_until: null, notify: "all", pinned: false, archived: false },
    ...{ archived_seq: null, pinned_count: 0, ...fields },
  };
}
