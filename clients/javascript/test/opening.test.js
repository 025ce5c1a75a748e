/** `open` and what follows it resolve when the conversation is there, whenever they are called. */

import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import { ChatClient } from "../src/index.js";
import { History } from "../src/history/index.js";
import { ScriptedServer, conversation, message, until } from "./scripted_socket.js";

const BUSY = { status: 503, body: { code: "overloaded" }, headers: { "Retry-After": "0.001" } };
let server, chat, tea, unhandled;

const note = (error) => unhandled.push(error);

beforeEach(() => {
  mock.method(Math, "random", () => 0); // no delay before a reconnect
  unhandled = [];
  process.on("unhandledRejection", note);
  server = new ScriptedServer();
  chat = new ChatClient({ url: "https://chat.example.com", WebSocket: server.WebSocket, token: () => "token" });
  tea = chat.conversation("c");
});

afterEach(async () => {
  chat.disconnect();
  await new Promise(setImmediate);
  process.off("unhandledRejection", note);
  server.close();
  mock.restoreAll();
  assert.deepEqual(unhandled, []);
});

/** The server has one conversation of `seq` messages, of which a page has three. */
function stored(seq) {
  const data = conversation(seq, { visible_from: 1 });
  server.answers.set("GET conversations", { body: { items: [data], next_cursor: null } });
  server.answers.set("GET conversations/c", { body: data });
  server.answers.set("GET conversations/c/messages", ({ before = seq + 1 }) => {
    const first = Math.max(1, before - 3);
    const items = Array.from({ length: before - first }, (_, index) => message(first + index));
    return { body: { items, has_more_before: first > 1 } };
  });
  const receipt = { user_id: "bob", read_seq: seq, delivered_seq: seq };
  server.answers.set("GET conversations/c/receipts", { body: { items: [receipt] } });
}

async function connected(seq, named = { c: { version: seq, seq } }) {
  chat.connect();
  await until(() => server.socket);
  server.socket.hello({ conversations: named });
}

/** Opens the conversation while the server is too busy for its messages, until `answer` is called. */
async function openedWhileBusy() {
  stored(2);
  const page = server.answers.get("GET conversations/c/messages");
  server.answers.set("GET conversations/c/messages", BUSY);
  await connected(2);
  const opening = tea.open();
  await until(() => requests("conversations/c/messages").length > 1);
  return { opening, answer: () => server.answers.set("GET conversations/c/messages", page) };
}

function requests(path) {
  return server.requests.filter((request) => request.path === path);
}

const seqs = () => tea.getSnapshot().messages.map(({ seq }) => seq);

for (const when of ["before `connect`", "before `hello`", "after `hello`"]) {
  test(`open ${when} resolves when messages and positions are there`, async () => {
    stored(2);
    let opening;
    if (when === "before `connect`") opening = tea.open();
    chat.connect();
    await until(() => server.socket);
    if (when === "before `hello`") opening = tea.open();
    server.socket.hello({ conversations: { c: { version: 2, seq: 2 } } });
    opening ??= tea.open();
    assert.equal(await opening, undefined);
    const { state, isLoaded, receipts } = tea.getSnapshot();
    assert.deepEqual([state, isLoaded, receipts.bob.read_seq, seqs()], ["ready", true, 2, [1, 2]]);
  });
}

test("a conversation that `hello` left out is loaded, and followed", async () => {
  stored(2);
  server.answers.set("GET conversations", { body: { items: [], next_cursor: null } });
  await connected(2, {});
  await until(() => chat.conversations.getSnapshot().isLoaded); // the list forgets what nobody uses
  await tea.open();
  assert.deepEqual(seqs(), [1, 2]);
  await until(() => server.socket.of("conversation.sync").length === 1);
  assert.deepEqual(server.socket.of("conversation.sync")[0].conversations, { c: 2 });
  server.socket.push("message.created", { message: message(3) }, { conversation_id: "c", version: 3 });
  assert.deepEqual(seqs(), [1, 2, 3]);
  assert.equal(chat.conversation("c").getSnapshot().messages.length, 3);
});

for (const status of [403, 404]) {
  test(`a conversation that the server refuses with ${status} rejects`, async () => {
    const events = [];
    chat.on("conversation.removed", (event) => events.push(event));
    server.answers.set("GET conversations/c", { status, body: { code: "of_a_test", detail: "It says why." } });
    const early = tea.open();
    await connected(0, {});
    const refusal = { code: "of_a_test", status, message: "It says why." };
    for (const promise of [early, tea.open(), tea.loadOlder(), tea.markUnread()]) await assert.rejects(promise, refusal);
    void tea.open();
    tea.read();
    assert.equal(tea.getSnapshot().state, "absent");
    assert.deepEqual(events, []); // the person was not in it
    assert.deepEqual(requests("conversations/c/unread"), []);
  });
}

test("it goes on over reconnects", async () => {
  const { opening, answer } = await openedWhileBusy();
  server.socket.end(1006);
  await until(() => server.sockets.length === 2);
  answer();
  server.socket.hello({ conversations: { c: { version: 2, seq: 2 } } });
  await opening;
  assert.deepEqual(seqs(), [1, 2]);
});

for (const [how, end] of [
  ["`disconnect`", () => chat.disconnect()],
  ["4503", () => server.socket.end(4503)],
]) {
  test(`when the session ends by ${how}, it rejects, and the next session shows the conversation`, async () => {
    const { opening, answer } = await openedWhileBusy();
    end();
    await assert.rejects(opening, { code: "session_ended", status: 401 });
    void tea.open(); // need not be awaited
    await assert.rejects(tea.open(), { code: "session_ended" });
    answer();
    chat.connect();
    await until(() => server.sockets.length === 2);
    server.socket.hello({ conversations: { c: { version: 2, seq: 2 } } });
    await until(() => tea.getSnapshot().isLoaded);
  });
}

test("an attempt that waits for a connection rejects at `disconnect`", async () => {
  const opening = tea.open();
  chat.connect();
  await until(() => server.socket);
  chat.disconnect();
  await assert.rejects(opening, { code: "session_ended" });
});

test("what is called right after `open` waits for it", async () => {
  stored(7);
  server.answers.set("PUT conversations/c/unread", { status: 204 });
  void tea.open();
  const older = tea.loadOlder();
  tea.read();
  await connected(7);
  await older;
  assert.deepEqual(seqs(), [2, 3, 4, 5, 6, 7]);
  await until(() => server.socket.of("receipt.read").length === 1);
  assert.equal(server.socket.of("receipt.read")[0].seq, 7);
  const before = server.requests.length;
  await tea.loadOlder();
  assert.deepEqual(seqs(), [1, 2, 3, 4, 5, 6, 7]);
  assert.equal(server.requests.length, before + 1);
});

test("the latest message is marked as unread, also before it is known", async () => {
  stored(7);
  server.answers.set("PUT conversations/c/unread", { body: {} });
  const marking = tea.markUnread();
  await connected(7);
  await marking;
  assert.deepEqual(requests("conversations/c/unread").map(({ body }) => body), [{ seq: 7 }]);
  assert.equal(tea.getSnapshot().conversation.marked_unread, 7);
});

test("an empty conversation is not marked as unread", async () => {
  stored(0);
  await connected(0);
  await assert.rejects(tea.markUnread(), { code: "invalid_request", status: 400 });
  assert.deepEqual(requests("conversations/c/unread"), []);
});

test("without `open`, `loadOlder` loads the latest messages", async () => {
  stored(7);
  await connected(7);
  await tea.loadOlder();
  assert.deepEqual(seqs(), [5, 6, 7]);
});

test("a history says why it cannot be opened, and may be opened again", async () => {
  const refused = { status: 404, body: { code: "conversation_not_found" } };
  server.answers.set("GET conversations/c", refused);
  await connected(0, {});
  const history = new History(chat, "c");
  await assert.rejects(history.open(), { code: "conversation_not_found" });
  assert.equal(await history.jumpToFirstUnread(), null);
  assert.equal(history.getSnapshot().error.code, "conversation_not_found");
  stored(2);
  await history.open();
  assert.equal(history.getSnapshot().messages.length, 2);
  assert.equal(history.getSnapshot().error, null);
  history.close();
});

test("a history waits for the next session, as in strict mode of React", async () => {
  stored(2);
  await connected(2);
  chat.disconnect();
  const history = new History(chat, "c");
  const jumped = history.jumpToFirstUnread();
  await until(() => chat.connection.getSnapshot().state === "signed_out");
  chat.connect();
  await until(() => server.sockets.length === 2);
  server.socket.hello({ conversations: { c: { version: 2, seq: 2 } } });
  assert.equal(await jumped, 1);
  assert.equal(history.getSnapshot().error, null);
  history.close();
});
