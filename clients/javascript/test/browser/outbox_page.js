/** A page whose waiting messages are stored, as tests/clients/javascript/test_stored_outbox.py drives it. */

import { StoredOutbox } from "../../src/outbox_storage/index.js";
import { ChatClient } from "../../src/index.js";

const failures = [];
let userId = new URLSearchParams(location.search).get("user");

const chat = new ChatClient({
  url: location.origin,
  token: async () => (await fetch(`/token?user=${userId}`)).text(),
  outbox: new StoredOutbox({ onFailure: (error) => failures.push(String(error)) }),
});

window.page = {
  send: (id, text) => void chat.conversation(id).send(text).catch(() => {}),
  pending: () => chat.pending.map(({ text, error }) => text + (error ? ` (${error.code})` : "")),
  state: () => chat.connection.getSnapshot().state,
  failures: () => failures,
  discard: () => chat.pending.forEach((one) => chat.conversation(one.conversation_id).discard(one.client_id)),
  /** Signs another person in. */
  become: (other) => {
    chat.disconnect();
    userId = other;
    chat.connect();
  },
};
chat.connect();
