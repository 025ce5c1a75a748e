/** Servers of another release, apps with mistakes, and clocks that are wrong: none stops the client, or fills
 * its memory. */

import assert from "node:assert/strict";
import { setFlagsFromString } from "node:v8";
import { afterEach, beforeEach, mock, test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { runInNewContext } from "node:vm";
import { FileAddresses } from "../src/files/index.js";
import { ChatClient } from "../src/index.js";
import { ConversationModel } from "../src/model/conversation.js";
import { Store } from "../src/store.js";
import { ScriptedServer, conversation, message, until } from "./scripted_socket.js";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc");

const MINUTES = 60_000;
let server, chat;

beforeEach(async () => {
  mock.method(Math, "random", () => 0);
  mock.method(console, "error", () => {});
  server = new ScriptedServer();
  server.answers.set("GET conversations/c/receipts", { body: { items: [] } });
  await begin();
});

async function begin() {
  const before = server.sockets.length;
  chat = new ChatClient({ url: "https://chat.example.com", WebSocket: server.WebSocket, token: () => "t" });
  chat.connect();
  await until(() => server.sockets.length > before);
}

/** Begins anew, with timers that run only when the test says so. */
async function beginSlowly() {
  chat.disconnect();
  mock.timers.enable({ apis: ["setTimeout"] });
  await begin();
}

afterEach(() => {
  chat.disconnect();
  server.close();
  mock.timers.reset();
  mock.restoreAll();
});

/** How many mistakes were reported. */
function reported() {
  return console.error.mock.calls.filter((call) => call.arguments[0] instanceof Error).length;
}

/** Says hello, with one conversation. */
async function loaded(data = conversation(1)) {
  server.answers.set("GET conversations", { body: { items: [data], next_cursor: null } });
  server.socket.hello({ conversations: { c: { version: data.version, seq: data.seq } } });
  await until(() => chat.conversations.getSnapshot().isLoaded);
  return chat.conversation("c");
}

test("a frame that cannot be read ends the connection, each time for longer", async () => {
  await beginSlowly();
  mock.method(Math, "random", () => 0.5);
  for (const [frame, delay] of [["no JSON", 1000], ["null", 2000], ['{"type": "hello"}', 4000]]) {
    server.socket.hello();
    const before = server.sockets.length;
    server.socket.onmessage({ data: frame });
    assert.deepEqual(chat.connection.getSnapshot(), { state: "waiting", degraded: false, code: 1007 });
    mock.timers.tick(delay - 1);
    await setImmediate();
    assert.equal(server.sockets.length, before);
    mock.timers.tick(1);
    await until(() => server.sockets.length > before);
  }
  assert.equal(reported(), 3);
});

test("an event that cannot be applied is fetched again", async () => {
  const tea = await loaded();
  server.socket.push("message.created", null, { conversation_id: "c", version: 2 });
  await until(() => server.sockets.length === 2);
  server.socket.hello({ conversations: { c: { version: 2, seq: 2 } } });
  await until(() => server.socket.of("conversation.sync").length === 1);
  const [sync] = server.socket.of("conversation.sync");
  const changes = { status: "ok", messages: [message(2)], version: 2, more: false };
  server.socket.reply(sync, { conversations: { c: changes }, epoch: "e1" });
  await until(() => tea.getSnapshot().conversation.seq === 2);
});

test("an answer that cannot be read is asked for again, at intervals", async () => {
  await beginSlowly();
  await loaded();
  const sent = chat.conversation("c").send("Tea?");
  const sends = () => server.socket.of("message.send");
  for (const count of [1, 2]) {
    await until(() => sends().length === count);
    server.socket.reply(sends().at(-1), {});
    await setImmediate();
  }
  mock.timers.tick(999);
  await setImmediate();
  assert.equal(sends().length, 2);
  mock.timers.tick(1);
  await until(() => sends().length === 3);
  const { client_id } = sends()[2];
  assert.deepEqual(new Set(sends().map((one) => one.client_id)), new Set([client_id]));
  server.socket.reply(sends()[2], { message: message(2, { client_id, sender_id: "ann" }) });
  assert.equal((await sent).seq, 2);
});

test("a sync with an answer of a later release loads the conversation", async () => {
  const tea = await loaded();
  server.socket.push("message.created", { message: message(3) }, { conversation_id: "c", version: 3 });
  await until(() => server.socket.of("conversation.sync").length === 1);
  server.answers.set("GET conversations/c", { body: conversation(3) });
  const [sync] = server.socket.of("conversation.sync");
  server.socket.reply(sync, { conversations: { c: { status: "moved" } }, epoch: "e1" });
  await until(() => tea.getSnapshot().conversation.seq === 3);
});

test("a listener that fails stops no other", async () => {
  const store = new Store(() => 1);
  let calls = 0;
  store.subscribe(() => {
    throw new Error("a mistake in the app");
  });
  store.subscribe(() => (calls += 1));
  store.changed();
  await null;
  assert.equal(calls, 1);
  assert.equal(reported(), 1);
});

test("content that is no JSON is refused at once, and delays no other message", async () => {
  const tea = await loaded();
  const cycle = {};
  cycle.cycle = cycle;
  for (const metadata of [{ cups: 1n }, cycle]) {
    assert.throws(() => tea.send({ text: "Tea?", metadata }), TypeError);
  }
  const metadata = { cups: 1 };
  tea.send({ text: "Tea!", metadata, reply_to: undefined });
  metadata.cups = 2;
  await until(() => server.socket.of("message.send").length === 1);
  const [{ id, type, client_id, ...sent }] = server.socket.of("message.send");
  assert.deepEqual(sent, { conversation_id: "c", text: "Tea!", metadata: { cups: 1 } });
});

test("a mute ends by the clock of the server", async () => {
  const now = Date.now();
  const until5 = new Date(now + 5 * MINUTES).toISOString();
  for (const ahead of [10 * MINUTES, -10 * MINUTES]) {
    mock.timers.enable({ apis: ["Date"], now: now + ahead });
    let at = new Date(now).toISOString();
    const muted = { archived: true, archived_seq: 1, muted_until: until5 };
    const model = new ConversationModel("ann", undefined, () => chat.now());
    server.socket.push("heartbeat", {}, { at });
    assert(Math.abs(chat.now() - now) < 1000);
    model.load(conversation(1, muted));
    const data = { message: message(2) };
    model.receive({ type: "message.created", version: 2, at, data });
    assert.equal(model.summary.archived, true, "muted: only a mention ends the archiving");

    mock.timers.setTime(now + ahead + 6 * MINUTES);
    at = new Date(now + 6 * MINUTES).toISOString();
    server.socket.push("heartbeat", {}, { at });
    assert.equal(model.summary.archived, false);
    mock.timers.reset();
  }
});

test("the address of a file ends by the clock of the server", async () => {
  const now = Date.now();
  server.answers.set("GET conversations/c/attachments", () => {
    const expires_at = new Date(chat.now() + 10 * MINUTES).toISOString();
    return { body: { items: [{ id: "f1", url: "https://files.example.com", thumbnail_url: null, expires_at }] } };
  });
  for (const ahead of [10 * MINUTES, -10 * MINUTES]) {
    mock.timers.enable({ apis: ["Date"], now: now + ahead });
    server.socket.push("heartbeat", {}, { at: new Date(now).toISOString() });
    server.requests.length = 0;
    const files = new FileAddresses(chat);
    await files.get("c", "f1");
    await files.get("c", "f1");
    assert.equal(server.requests.length, 1);
    mock.timers.setTime(now + ahead + 9.5 * MINUTES);
    await files.get("c", "f1");
    assert.equal(server.requests.length, 2);
    mock.timers.reset();
  }
});

test("a number that is missing for good costs no memory", () => {
  const model = new ConversationModel("ann");
  model.load(conversation(0));
  const told = [];
  const seqs = [1, ...Array.from({ length: 1001 }, (_, index) => index + 3), 2];
  for (const [index, seq] of seqs.entries()) {
    const version = index + 1;
    model.applyChanges({ status: "ok", messages: [message(seq, { version })], version, more: false });
    told.push(...model.takeNews().filter(({ type }) => type === "message").map((one) => one.message.seq));
  }
  assert.deepEqual(told, seqs.slice(0, -1));
});

test("100 conversations that are opened together send six requests at once", async () => {
  const ids = Array.from({ length: 100 }, (_, number) => `c${number}`);
  const items = ids.map((id) => conversation(1, { id }));
  server.answers.set("GET conversations", { body: { items, next_cursor: null } });
  for (const id of ids) {
    const page = { items: [message(1, { conversation_id: id })], has_more_before: false };
    server.answers.set(`GET conversations/${id}/messages`, { body: page });
    server.answers.set(`GET conversations/${id}/receipts`, { body: { items: [] } });
  }
  server.socket.hello({ conversations: Object.fromEntries(ids.map((id) => [id, { version: 1, seq: 1 }])) });
  await until(() => chat.conversations.getSnapshot().items.length === 100);
  const answer = globalThis.fetch;
  let open = 0, most = 0;
  globalThis.fetch = async (...request) => {
    most = Math.max(most, (open += 1));
    await setImmediate();
    open -= 1;
    return answer(...request);
  };
  await Promise.all(ids.map((id) => chat.conversation(id).open()));
  globalThis.fetch = answer;
  assert.equal(most, 6);
  assert(ids.every((id) => chat.conversation(id).getSnapshot().messages.length === 1));
});

test("conversations that are entered and left 1,000 times cost no memory", async () => {
  await loaded();
  const text = "x".repeat(10_000);
  server.answers.set("GET conversations/c/messages", () => ({
    body: { items: Array.from({ length: 50 }, (_, index) => message(index + 1, { text })), has_more_before: true },
  }));
  const enter = async (number) => {
    const tea = chat.conversation("c");
    await tea.open();
    tea.close();
    const id = `left-${number}`;
    server.answers.set(`GET conversations/${id}`, { body: conversation(1, { id, title: text + number }) });
    server.socket.push("conversation.added", { conversation: conversation(1, { id }) });
    await until(() => chat.conversation(id).getSnapshot().state === "ready");
    server.socket.push("conversation.removed", { conversation_id: id });
    chat.conversations.getSnapshot();
    server.answers.delete(`GET conversations/${id}`);
    server.requests.length = server.socket.commands.length = 0;
  };
  const used = () => (collect(), process.memoryUsage().heapUsed);
  for (let number = 0; number < 50; number += 1) await enter(number);
  const before = used();
  for (let number = 50; number < 1050; number += 1) await enter(number);
  assert(used() - before < 3_000_000, `${used() - before} bytes`);
});
