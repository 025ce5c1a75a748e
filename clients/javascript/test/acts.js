/** The acts that the checking suite asks of a client: docs/checking-a-client.md has the protocol. Used in
 * Node (adapter.js) and in a page (browser/checked_page.js). */

import { ChatClient } from "../src/index.js";
import { Presence } from "../src/presence.js";

let chat = null;
let presence = null;
let stopWatching = () => {};
const opened = new Set();

const acts = {
  connect({ url, token_url: tokenUrl }) {
    chat ??= create(url, tokenUrl);
    chat.connect();
  },
  send({ conversation_id: id, text }) {
    chat.conversation(id).send(text);
  },
  read({ conversation_id: id, seq }) {
    chat.conversation(id).read(seq);
  },
  watch({ user_ids: userIds }) {
    stopWatching();
    stopWatching = presence.watch(userIds);
  },
  state() {
    return { state: state() };
  },
};

function create(url, tokenUrl) {
  const client = new ChatClient({
    url,
    token: async () => {
      const response = await fetch(tokenUrl);
      if (!response.ok) throw new Error(`${response.status}`);
      return response.text();
    },
  });
  presence = new Presence(client);
  // The suite looks into every conversation.
  client.conversations.subscribe(() => {
    const ids = client.conversations.getSnapshot().items.map(({ id }) => id);
    for (const id of ids) if (!opened.has(id)) client.conversation(id).open();
    for (const id of opened) if (!ids.includes(id)) client.conversation(id).close();
    opened.clear();
    for (const id of ids) opened.add(id);
  });
  return client;
}

function state() {
  const { state: connection, degraded } = chat.connection.getSnapshot();
  const pending = chat.pending;
  return {
    connection,
    degraded,
    conversations: chat.conversations.getSnapshot().items.map(({ id }) => conversation(id)),
    outbox: pending
      .filter((item) => !item.error)
      .map(({ conversation_id, text }) => ({ conversation_id, text })),
    failed: pending
      .filter((item) => item.error)
      .map(({ text, error }) => ({ text, detail: error.message })),
    presence: Object.fromEntries(
      Object.entries(presence.getSnapshot()).map(([id, { status }]) => [id, status]),
    ),
  };
}

function conversation(id) {
  const { conversation: data, messages, receipts, typing } = chat.conversation(id).getSnapshot();
  return {
    id,
    title: data.title,
    messages: messages.map(({ id, seq, sender_id, text, deleted_at }) => ({
      ...{ id, seq, sender_id, text },
      deleted: deleted_at !== null,
    })),
    read_seq: data.read_seq,
    unread_count: data.unread_count,
    receipts: Object.fromEntries(
      Object.entries(receipts).map(([userId, { read_seq: seq }]) => [userId, seq]),
    ),
    typing,
  };
}

/** Carries out one question, and returns the answer. */
export function answered({ id, do: act, ...fields }) {
  try {
    return { id, ...(acts[act] ? acts[act](fields) : { error: `cannot ${act}` }) };
  } catch (error) {
    console.error(error);
    return { id, error: String(error) };
  }
}
