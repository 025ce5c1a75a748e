/** REST, under /api/v1: one method per request. Failures are `ChatError`s. */

import { ChatError } from "./errors.js";

const TIMEOUT = 15000;

export class Api {
  #token;
  #renew;

  /** `token()` returns the bearer token; `renew()` fetches a new one once it has expired. */
  constructor({ token, renew }) {
    this.#token = token;
    this.#renew = renew;
  }

  listConversations(cursor) {
    return this.#request("GET", "conversations", { query: { limit: 100, cursor } });
  }

  getConversation(id) {
    return this.#request("GET", conversation(id));
  }

  createConversation(body) {
    return this.#request("POST", "conversations", { body });
  }

  renameConversation(id, title) {
    return this.#request("PATCH", conversation(id), { body: { title } });
  }

  addParticipants(id, userIds) {
    return this.#request("POST", `${conversation(id)}/participants`, {
      body: { user_ids: userIds },
    });
  }

  /** Removes a participant; `me` leaves. */
  removeParticipant(id, userId) {
    const who = encodeURIComponent(userId);
    return this.#request("DELETE", `${conversation(id)}/participants/${who}`);
  }

  /** The names of the people who are or were in a conversation. */
  listUsers(conversationId, cursor) {
    return this.#request("GET", "users", { query: { conversation_id: conversationId, cursor } });
  }

  listMessages(id, { before, limit = 50 } = {}) {
    return this.#request("GET", `${conversation(id)}/messages`, { query: { before, limit } });
  }

  getMessage(id, messageId) {
    return this.#request("GET", message(id, messageId));
  }

  sendMessage(id, body) {
    return this.#request("POST", `${conversation(id)}/messages`, { body });
  }

  editMessage(id, messageId, text) {
    return this.#request("PATCH", message(id, messageId), { body: { text } });
  }

  deleteMessage(id, messageId) {
    return this.#request("DELETE", message(id, messageId));
  }

  announceFile(body) {
    return this.#request("POST", "attachments", { body });
  }

  completeFile(attachmentId) {
    return this.#request("POST", `attachments/${encodeURIComponent(attachmentId)}/complete`);
  }

  listFiles(id, attachmentIds) {
    const query = { ids: attachmentIds.join(",") };
    return this.#request("GET", `${conversation(id)}/attachments`, { query });
  }

  setReaction(id, messageId, emoji, present) {
    const path = `${message(id, messageId)}/reactions/${encodeURIComponent(emoji)}`;
    return this.#request(present ? "PUT" : "DELETE", path);
  }

  setPinned(id, messageId, pinned) {
    return this.#request(pinned ? "PUT" : "DELETE", `${message(id, messageId)}/pin`);
  }

  listPins(id) {
    return this.#request("GET", `${conversation(id)}/pins`);
  }

  /** Changes my own settings: `pinned`, `archived`. */
  setPreferences(id, body) {
    return this.#request("PATCH", `${conversation(id)}/preferences`, { body });
  }

  markUnread(id, seq) {
    return this.#request("PUT", `${conversation(id)}/unread`, { body: { seq } });
  }

  listReceipts(id) {
    return this.#request("GET", `${conversation(id)}/receipts`);
  }

  read(id, body) {
    return this.#request("POST", `${conversation(id)}/read`, { body });
  }

  registerDevice(id, body) {
    return this.#request("PUT", `devices/${encodeURIComponent(id)}`, { body });
  }

  /** Not part of the API: the notifications on the demo page's phone. */
  listDemoNotifications() {
    return this.#request("GET", "/demo/notifications");
  }

  async #request(method, path, options = {}, renewed = false) {
    const response = await this.#fetch(method, path, options);
    if (response.status === 204) return null;
    const answer = await response.json().catch(() => null);
    if (response.ok && answer !== null) return answer;
    const error = refusal(response, answer);
    if (error.code === "token_expired" && !renewed) {
      await this.#renew();
      return this.#request(method, path, options, true);
    }
    throw error;
  }

  async #fetch(method, path, { query = {}, body }) {
    const url = new URL(path, `${location.origin}/api/v1/`);
    for (const [name, value] of Object.entries(query)) {
      if (value !== undefined && value !== null) url.searchParams.set(name, value);
    }
    const headers = { Authorization: `Bearer ${this.#token()}`, Accept: "application/json" };
    if (body !== undefined) headers["Content-Type"] = "application/json";
    try {
      return await fetch(url, {
        method,
        headers,
        body: body === undefined ? undefined : JSON.stringify(body),
        signal: AbortSignal.timeout(TIMEOUT),
      });
    } catch {
      throw new ChatError({ detail: "The server cannot be reached." });
    }
  }
}

function conversation(id) {
  return `conversations/${encodeURIComponent(id)}`;
}

function message(id, messageId) {
  return `${conversation(id)}/messages/${encodeURIComponent(messageId)}`;
}

/** Reads problem+json. From any other answer (a proxy's page) it takes the status. */
function refusal(response, problem) {
  const after = Number(response.headers.get("Retry-After"));
  const unreadable = { code: "unreadable", detail: "The server gave no readable answer." };
  return new ChatError({
    ...(problem?.code ? problem : unreadable),
    status: response.ok ? 0 : response.status,
    retry_after: after > 0 ? after : null,
  });
}
