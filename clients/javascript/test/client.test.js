/** The whole client, with a server that the test plays by hand. */

import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import { ChatClient } from "../src/index.js";
import { ScriptedServer, conversation, message, until } from "./scripted_socket.js";

const POST = "POST conversations";
let server, chat, tokens;

beforeEach(async () => {
  mock.method(Math, "random", () => 0); // no delay before a reconnect
  server = new ScriptedServer();
  tokens = [];
  chat = new ChatClient({
    url: "https://chat.example.com/",
    WebSocket: server.WebSocket,
    token: (hint) => {
      tokens.push(hint);
      return `token${tokens.length}`;
    },
  });
  chat.connect();
  await until(() => server.socket);
});

afterEach(() => {
  chat.disconnect();
  server.close();
  mock.restoreAll();
});

/** Says hello, with one conversation of `seq` messages, which is opened. */
async function opened(seq) {
  const data = conversation(seq);
  server.answers.set("GET conversations", { body: { items: [data], next_cursor: null } });
  const items = Array.from({ length: seq }, (_, index) => message(index + 1));
  server.answers.set("GET conversations/c/messages", { body: { items, has_more_before: false } });
  server.answers.set("GET conversations/c/receipts", { body: { items: [] } });
  server.socket.hello({ conversations: { c: { version: seq, seq } } });
  await until(() => chat.conversations.getSnapshot().isLoaded);
  await chat.conversation("c").open();
  return chat.conversation("c");
}

function created(seq, fields) {
  const body = { message: message(seq, fields) };
  server.socket.push("message.created", body, { conversation_id: "c", version: seq });
}

test("the token travels as a subprotocol, and never in the address", () => {
  assert.equal(server.socket.url, "wss://chat.example.com/ws/v1");
  assert.deepEqual(server.socket.protocols, ["chat.v1", "bearer.token1"]);
});

test("nothing is sent before hello, and then what waits", async () => {
  chat.conversation("c").send("Tea?");
  assert.deepEqual(server.socket.commands, []);
  server.socket.hello();
  await until(() => server.socket.of("message.send").length === 1);
});

test("a message is among pending before hello", () => {
  const tea = chat.conversation("c");
  assert.deepEqual(tea.getSnapshot().pending, []);
  tea.send("Tea?");
  assert.deepEqual(tea.getSnapshot().pending.map(({ text }) => text), ["Tea?"]);
});

test("a sent message leaves pending and enters messages in one step", async () => {
  const tea = await opened(1);
  const seen = [];
  tea.subscribe(() => {
    const { messages, pending } = tea.getSnapshot();
    seen.push(messages.length + pending.length);
  });
  tea.send("Two");
  await until(() => server.socket.of("message.send").length === 1);
  const [command] = server.socket.of("message.send");
  const stored = message(2, { client_id: command.client_id, sender_id: "ann", text: "Two" });
  server.socket.reply(command, { message: stored, created: true });
  created(2, stored);
  await until(() => tea.getSnapshot().messages.length === 2);
  assert.deepEqual([...new Set(seen)], [2]);
  assert.equal(tea.getSnapshot().conversation.read_seq, 2);
});

test("a hole is synced from the cursor, and each message is told once", async () => {
  const told = [];
  const tea = await opened(1);
  chat.on("message", (event) => told.push(event.message.seq));
  created(3);
  await until(() => server.socket.of("conversation.sync").length === 1);
  const [sync] = server.socket.of("conversation.sync");
  assert.deepEqual(sync.conversations, { c: 1 });
  const changes = { status: "ok", messages: [message(2), message(3)], version: 3, more: false };
  const conversations = { c: { ...changes, conversation: conversation(3) } };
  server.socket.reply(sync, { conversations, epoch: "e1" });
  await until(() => tea.getSnapshot().messages.length === 3);
  created(3);
  assert.deepEqual(told, [2, 3]);
  assert.equal(tea.getSnapshot().conversation.unread_count, 3);
});

test("one command syncs as many conversations as the server allows", async () => {
  const items = ["c", "d"].map((id) => ({ ...conversation(1), id }));
  server.answers.set("GET conversations", { body: { items, next_cursor: null } });
  const at = (seq) => ({ c: { version: seq, seq }, d: { version: seq, seq } });
  server.socket.hello({ conversations: at(1) });
  await until(() => chat.conversations.getSnapshot().isLoaded);
  server.socket.hello({ conversations: at(2), limits: { sync_conversations: 1 } });
  await until(() => server.socket.of("conversation.sync").length > 0);
  const named = server.socket.of("conversation.sync").map(({ conversations }) => conversations);
  assert.deepEqual(named, [{ c: 1 }, { d: 1 }]);
});

test("an event that the store does not know is not asked for without end", async () => {
  await opened(1);
  created(9);
  await until(() => server.socket.of("conversation.sync").length === 1);
  const [sync] = server.socket.of("conversation.sync");
  const changes = { status: "ok", messages: [], conversation: conversation(1), version: 1, more: false };
  server.socket.reply(sync, { conversations: { c: changes }, epoch: "e1" });
  created(2);
  await until(() => chat.conversation("c").getSnapshot().messages.length === 2);
  assert.equal(server.socket.of("conversation.sync").length, 1);
});

test("a heartbeat is answered at once", () => {
  server.socket.hello();
  server.socket.push("heartbeat");
  assert.equal(server.socket.of("ping").length, 1);
});

test("a read position is shown at once, and given up when it is refused", async () => {
  const tea = await opened(3);
  tea.read(2);
  assert.equal(tea.getSnapshot().conversation.unread_count, 1);
  await until(() => server.socket.of("receipt.read").length === 1);
  server.socket.refuse(server.socket.of("receipt.read")[0], 400);
  await until(() => tea.getSnapshot().conversation.unread_count === 3);
});

test("a mark as unread is cleared by reading, also where all was read", async () => {
  const tea = await opened(1);
  server.answers.set("PUT conversations/c/unread", { body: {} });
  tea.read();
  await until(() => server.socket.of("receipt.read").length === 1);
  server.socket.reply(server.socket.of("receipt.read")[0], { read_seq: 1, unread_count: 0 });
  await tea.markUnread();
  assert.equal(tea.getSnapshot().conversation.marked_unread, 1);
  tea.read();
  assert.equal(tea.getSnapshot().conversation.marked_unread, null);
  await until(() => server.socket.of("receipt.read").length === 2);
  assert.equal(server.socket.of("receipt.read")[1].clear, true);
});

test("after 4502 the client asks for another token; after 4503 for nothing", async () => {
  server.socket.hello();
  server.socket.end(4502);
  assert.equal(chat.connection.getSnapshot().state, "waiting");
  await until(() => server.sockets.length === 2);
  assert.deepEqual(tokens.at(-1), { expired: true });
  server.socket.hello();
  server.socket.end(4503);
  assert.equal(chat.connection.getSnapshot().state, "signed_out");
});

test("who comes back in a hurry after 4502 asks for another token, too", async () => {
  server.socket.hello();
  mock.method(Math, "random", () => 1); // the client waits
  const listeners = new EventTarget();
  globalThis.addEventListener = listeners.addEventListener.bind(listeners);
  try {
    chat.disconnect();
    chat.connect();
    await until(() => server.sockets.length === 2);
    server.socket.hello();
    server.socket.end(4502);
    listeners.dispatchEvent(new Event("online"));
    await until(() => server.sockets.length === 3);
    assert.deepEqual(tokens.at(-1), { expired: true });
  } finally {
    delete globalThis.addEventListener;
  }
});

test("who has no token is signed out, and not connected", async () => {
  const nobody = new ChatClient({ url: "http://x", WebSocket: server.WebSocket, token: () => null });
  nobody.connect();
  await until(() => nobody.connection.getSnapshot().state === "signed_out");
  assert.equal(server.sockets.length, 1);
});

test("an expired token of REST is replaced, and the request sent again", async () => {
  server.socket.hello();
  let asked = 0;
  server.answers.set("GET me", () => {
    asked += 1;
    return asked === 1 ? { status: 401, body: { code: "token_expired" } } : { body: { user_id: "ann" } };
  });
  assert.deepEqual(await chat.request("GET", "me"), { user_id: "ann" });
  assert.equal(server.requests.at(-1).headers.Authorization, `Bearer token${tokens.length}`);
});

/** Holds the requests of REST back until the returned function is called. */
function held() {
  const { fetch } = globalThis;
  let release;
  const gate = new Promise((resolve) => (release = resolve));
  globalThis.fetch = async (...request) => (await gate, fetch(...request));
  return () => {
    globalThis.fetch = fetch;
    release();
  };
}

for (const code of ["token_revoked", "banned"]) {
  test(`an answer of an earlier session does not end the present one: ${code}`, async () => {
    server.socket.hello();
    server.answers.set("GET me", { status: 401, body: { code } });
    const release = held();
    const request = chat.request("GET", "me");
    server.socket.end(4503);
    chat.connect();
    await until(() => server.sockets.length === 2);
    server.socket.hello();
    release();
    await assert.rejects(request, { code: "session_ended" });
    assert.equal(chat.connection.getSnapshot().state, "live");
  });
}

test("a request of one person is not sent again with the token of another one", async () => {
  server.socket.hello();
  const expired = { status: 401, body: { code: "token_expired" } };
  server.answers.set("PATCH me", () => (server.answers.set("PATCH me", { body: {} }), expired));
  const release = held();
  const request = chat.request("PATCH", "me", { body: { name: "Ann" } });
  chat.disconnect();
  chat.connect();
  await until(() => server.sockets.length === 2);
  server.socket.hello({ user_id: "bob" });
  release();
  await assert.rejects(request, { code: "session_ended", status: 401 });
  assert.equal(server.requests.filter(({ method }) => method === "PATCH").length, 1);
});

test("a token that is fetched for a session that ended meanwhile is not used", async () => {
  server.answers.set("GET me", { status: 401, body: { code: "token_expired" } });
  let give;
  const fetched = new Promise((resolve) => (give = resolve));
  const token = ({ expired }) => (expired ? fetched : "first");
  const slow = new ChatClient({ url: "https://chat.example.com", WebSocket: server.WebSocket, token });
  slow.connect();
  await until(() => server.sockets.length === 2);
  server.socket.hello();
  const request = slow.request("GET", "me");
  await until(() => server.requests.some(({ path }) => path === "me"));
  await new Promise((resolve) => setImmediate(resolve)); // the answer is read
  slow.disconnect();
  give("of another person");
  await assert.rejects(request, { code: "session_ended" });
  assert.equal(server.requests.filter(({ path }) => path === "me").length, 1);
});

test("a page of a proxy is an error with its status", async () => {
  server.answers.set("GET me", { status: 502, body: "<html>", headers: { "Retry-After": "7" } });
  await assert.rejects(chat.request("GET", "me"), { status: 502, code: "unreadable", retryAfter: 7 });
});

test("a conversation is created again with the same client_id", async () => {
  server.socket.hello();
  server.answers.set(POST, () => {
    server.answers.set(POST, { status: 201, body: conversation(0) });
    return { status: 503, body: { code: "store_unavailable" }, headers: { "Retry-After": "0.01" } };
  });
  const tea = await chat.createConversation({ kind: "direct", participant_ids: ["bob"] });
  const [first, second] = server.requests.filter(({ method }) => method === "POST");
  assert.equal(first.body.client_id, second.body.client_id);
  assert.equal(tea.getSnapshot().state, "ready");
});

test("a conversation beyond the quota of the day is refused at once", async () => {
  server.socket.hello();
  const refusal = { status: 429, body: { code: "rate_limited" }, headers: { "Retry-After": "864" } };
  server.answers.set(POST, refusal);
  const created = chat.createConversation({ kind: "direct", participant_ids: ["bob"] });
  let error = null;
  created.catch((reason) => (error = reason));
  await until(() => error);
  assert.deepEqual([error.code, error.retryAfter], ["rate_limited", 864]);
});

test("a message that is too large for a frame never leaves", async () => {
  server.socket.hello();
  await assert.rejects(chat.conversation("c").send("x".repeat(70_000)), { status: 413 });
  assert.deepEqual(server.socket.of("message.send"), []);
});

test("another person does not send what the one before had written", async () => {
  server.socket.hello();
  chat.conversation("c").send("Mine");
  server.socket.end(4501);
  chat.connect();
  await until(() => server.sockets.length === 2);
  server.socket.hello({ user_id: "bob" });
  assert.deepEqual(chat.pending, []);
  assert.deepEqual(server.socket.of("message.send"), []);
});

test("who looks at the app acknowledges what comes", async () => {
  await opened(1);
  chat.setActive(true);
  await until(() => server.socket.of("receipt.delivered").length === 1);
  created(2);
  await until(() => server.socket.of("receipt.delivered").length === 2);
  assert.equal(server.socket.of("receipt.delivered")[1].seq, 2);
  chat.setActive(false);
  created(3);
  await until(() => server.socket.of("activity").length === 2);
  assert.equal(server.socket.of("receipt.delivered").length, 2);
});

test("typing is told once in three seconds, and its end", async () => {
  const tea = await opened(1);
  tea.typing();
  await until(() => server.socket.of("typing.start").length === 1);
  tea.typing();
  tea.stopTyping();
  await until(() => server.socket.of("typing.stop").length === 1);
  assert.equal(server.socket.of("typing.start").length, 1);
});

test("an indicator with a far end is shown", async () => {
  const tea = await opened(1);
  const data = { user_id: "bob", expires_at: "2999-01-01T00:00:00.000Z" };
  const fields = { conversation_id: "c", at: "2026-01-31T12:00:00.000Z" };
  server.socket.push("typing.started", data, fields);
  await new Promise((resolve) => setTimeout(resolve, 5)); // a timer that is too long fires at once
  assert.deepEqual(tea.getSnapshot().typing, ["bob"]);
  created(2);
  assert.deepEqual(tea.getSnapshot().typing, []);
});

test("a removed conversation is absent, and comes back in the same object", async () => {
  const tea = await opened(2);
  server.socket.push("conversation.removed", { conversation_id: "c" });
  assert.equal(tea.getSnapshot().state, "absent");
  assert.deepEqual(chat.conversations.getSnapshot().items, []);
  server.answers.set("GET conversations/c", { body: conversation(2) });
  server.socket.push("conversation.added", { conversation: conversation(2) });
  await until(() => tea.getSnapshot().messages.length === 2);
  assert.equal(chat.conversation("c"), tea);
});

test("a message from while a new conversation is loaded is told", async () => {
  const told = [];
  await opened(1);
  chat.on("message", (event) => told.push(event.message.seq));
  server.answers.set("GET conversations/d", { body: conversation(3, { id: "d" }) });
  server.socket.push("conversation.added", { conversation: conversation(1, { id: "d" }) });
  await until(() => server.socket.of("conversation.sync").length === 1);
  const [sync] = server.socket.of("conversation.sync");
  assert.deepEqual(sync.conversations, { d: 1 });
  const messages = [message(2), message(3)].map((one) => ({ ...one, conversation_id: "d" }));
  const changes = { status: "ok", messages, version: 3, more: false };
  server.socket.reply(sync, { conversations: { d: changes }, epoch: "e1" });
  await until(() => told.length === 2);

  server.socket.push("conversation.added", { conversation: conversation(1, { id: "d" }) });
  const next = { message: { ...message(4), conversation_id: "d" } };
  server.socket.push("message.created", next, { conversation_id: "d", version: 4 });
  await until(() => told.length === 3);
  assert.equal(server.socket.of("conversation.sync").length, 1);
  assert.deepEqual(told, [2, 3, 4]);
});

test("another epoch discards everything, and sends the outbox again", async () => {
  const tea = await opened(3);
  tea.send("Mine");
  await until(() => server.socket.of("message.send").length === 1);
  const first = server.socket.of("message.send")[0];
  server.answers.set("GET conversations", { body: { items: [conversation(1)], next_cursor: null } });
  server.answers.set("GET conversations/c/messages", { body: { items: [message(1)], has_more_before: false } });
  server.socket.end(4004);
  await until(() => server.sockets.length === 2);
  server.socket.hello({ epoch: "e2", conversations: { c: { version: 1, seq: 1 } } });
  await until(() => tea.getSnapshot().messages.length === 1);
  await until(() => server.socket.of("message.send").length === 1);
  assert.equal(server.socket.of("message.send")[0].client_id, first.client_id);
});

test("a shown conversation that nobody shows any more keeps its latest messages", async () => {
  const tea = await opened(60);
  assert.equal(tea.getSnapshot().messages.length, 60);
  tea.close();
  assert.equal(tea.getSnapshot().messages.length, 50);
  assert.equal(tea.getSnapshot().hasOlder, true);
});

test("my settings on another device are shown, and change here at once", async () => {
  const tea = await opened(2);
  const preferences = { muted_until: null, notify: "all", pinned: true, archived: true, archived_seq: 2 };
  server.socket.push("preferences.updated", { conversation_id: "c", preferences }, { conversation_id: "c" });
  assert.equal(chat.conversations.getSnapshot().items[0].archived, true);
  server.answers.set("PATCH conversations/c/preferences", {
    body: { ...preferences, archived: false, archived_seq: null },
  });
  await tea.setPreferences({ archived: false });
  assert.equal(chat.conversations.getSnapshot().items[0].archived, false);
  assert.equal(chat.conversations.getSnapshot().items[0].pinned, true);
});

test("what only the server can tell is asked for", async () => {
  const tea = await opened(1);
  const data = conversation(2, { mentioned_seq: null, version: 2 });
  server.answers.set("GET conversations/c", { body: data });
  const gone = message(2, { text: null, deleted_at: "2026-01-31T13:00:00.000Z" });
  server.socket.push("message.deleted", { message: gone }, { conversation_id: "c", version: 2 });
  const asked = () => server.requests.filter(({ path }) => path === "conversations/c").length;
  await until(() => asked() === 1);
  await until(() => tea.getSnapshot().conversation.seq === 2);
  assert.equal(asked(), 1);
});

test("reactions that no event tells are loaded for who looks at them", async () => {
  const tea = await opened(1);
  const people = Array.from({ length: 10 }, (_, number) => `p${number}`);
  const reactions = { "👍": { count: 11, user_ids: people } };
  const changed = message(1, { version: 2, reactions });
  server.answers.set("GET conversations/c/messages", { body: { items: [{ ...changed, my_reactions: ["👍"] }] } });
  server.socket.push("message.updated", { message: changed }, { conversation_id: "c", version: 2 });
  await until(() => tea.getSnapshot().messages[0].my_reactions?.length === 1);
  assert.deepEqual(server.requests.at(-1).query, { ids: "m1" });
});

test("a reaction and a pin are commands of one line", async () => {
  const tea = await opened(1);
  const reacting = tea.react("m1", "🎉");
  await until(() => server.socket.of("reaction.add").length === 1);
  const reactions = { "🎉": { count: 1, user_ids: ["ann"] } };
  const [command] = server.socket.of("reaction.add");
  assert.deepEqual([command.message_id, command.emoji], ["m1", "🎉"]);
  server.socket.reply(command, { message: message(1, { version: 2, reactions }) });
  await reacting;
  assert.deepEqual(tea.getSnapshot().messages[0].my_reactions, ["🎉"]);
  const pinned_at = "2026-01-31T13:00:00.000Z";
  server.answers.set("PUT conversations/c/messages/m1/pin", { body: message(1, { version: 3, pinned_at }) });
  await tea.pin("m1");
  assert.equal(tea.getSnapshot().messages[0].pinned_at, pinned_at);
});

test("an item of the list stays the same object until it changes", async () => {
  await opened(1);
  const other = conversation(1, { id: "d" });
  server.answers.set("GET conversations/d", { body: other });
  server.socket.push("conversation.added", { conversation: other });
  await until(() => chat.conversations.getSnapshot().items.length === 2);
  const item = (id) => chat.conversations.getSnapshot().items.find((one) => one.id === id);
  const [c, d] = [item("c"), item("d")];
  created(2);
  assert.notEqual(item("c"), c);
  assert.equal(item("d"), d);
});
