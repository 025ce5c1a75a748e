/** The client of this page's person: its token, its outbox, and the instance that serves it. */

import { ChatClient } from "chat-client";
import { StoredOutbox } from "chat-client/outbox";
import { withEarlierMessages } from "./earlier_outbox.js";

/**
 * Builds the client of the person of `config`. `chat.instanceId` is the instance that serves the
 * present socket; null before the first `hello`.
 */
export function makeChat(config) {
  let instanceId = null;
  /** Reads `instance_id` from `hello`, the first frame of a socket: the package has no such field. */
  class WatchedSocket extends WebSocket {
    constructor(...options) {
      super(...options);
      const hello = ({ data }) => (instanceId = instanceOf(JSON.parse(data)));
      this.addEventListener("message", hello, { once: true });
    }
  }
  const stored = new StoredOutbox({
    userId: config.user_id,
    onFailure: (error) => console.warn("A waiting message is in memory only:", error),
  });
  const chat = new ChatClient({
    url: location.origin,
    token: ({ expired }) => (expired ? renewedToken(config) : config.token),
    WebSocket: WatchedSocket,
    outbox: withEarlierMessages(stored, config.user_id),
  });
  return Object.defineProperty(chat, "instanceId", { get: () => instanceId });
}

function instanceOf({ data, instance_id: instanceId }) {
  return data?.instance_id ?? instanceId ?? null;
}

/** Tokens come from this page. An app would get them from its own server, or from Firebase. */
async function renewedToken(config) {
  const response = await fetch(location.href, { cache: "no-store" });
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  config.token = JSON.parse(page.getElementById("config").textContent).token;
  return config.token;
}
