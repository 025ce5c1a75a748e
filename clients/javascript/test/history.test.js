/** `chat-client/history`, with a server that the test plays by hand. tests/clients/javascript plays the
 * same with a real one. */

import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import { History } from "../src/history/index.js";
import { Stretch } from "../src/history/stretch.js";
import { firstUnread } from "../src/history/unread.js";
import { ChatClient } from "../src/index.js";
import { ScriptedServer, conversation, message, until } from "./scripted_socket.js";

const SEQ = 300;
let server, chat, history;

const range = (from, to) => Array.from({ length: to - from + 1 }, (_, index) => message(from + index));
const page = (from, to) => ({ items: range(from, to), has_more_before: from > 1 });
const seqs = () => history.getSnapshot().messages.map(({ seq }) => seq);
const at = (seq) => history.getSnapshot().messages.find((one) => one.seq === seq);
const isWhole = (list) => list.every((seq, index) => index === 0 || seq === list[index - 1] + 1);

/** What the server says of messages. */
function answer({ around, before, after }) {
  if (around) return page(Math.max(1, around - 25), +around + 24);
  if (before) return page(Math.max(1, before - 50), before - 1);
  if (after) return page(+after + 1, Math.min(SEQ, +after + 50));
  return page(SEQ - 49, SEQ);
}

beforeEach(async () => {
  mock.method(Math, "random", () => 0);
  server = new ScriptedServer();
  chat = new ChatClient({ url: "https://chat.example.com", WebSocket: server.WebSocket, token: () => "t" });
  chat.connect();
  await until(() => server.socket);
  const data = conversation(SEQ, { visible_from: 1, read_seq: 100 });
  server.answers.set("GET conversations", { body: { items: [data], next_cursor: null } });
  server.answers.set("GET conversations/c", { body: data });
  server.answers.set("GET conversations/c/receipts", { body: { items: [] } });
  server.answers.set("GET conversations/c/messages", (query) => ({ body: answer(query) }));
  server.socket.hello({ conversations: { c: { version: SEQ, seq: SEQ } } });
  await until(() => chat.conversations.getSnapshot().isLoaded);
  history = new History(chat, "c");
});

afterEach(() => {
  history.close();
  chat.disconnect();
  server.close();
  mock.restoreAll();
});

/** Holds the next answer of REST back. Returns a function that lets it go. */
function heldBack() {
  const fetch = globalThis.fetch;
  let go;
  const released = new Promise((resolve) => (go = resolve));
  globalThis.fetch = async (...request) => {
    globalThis.fetch = fetch;
    const response = await fetch(...request);
    await released;
    return response;
  };
  return go;
}

function change(seq, version, fields) {
  const body = { message: message(seq, { version, ...fields }) };
  server.socket.push("message.updated", body, { conversation_id: "c", version });
}

test("it shows the latest messages until somebody jumps", async () => {
  await history.open();
  assert.deepEqual([seqs()[0], seqs().length], [251, 50]);
  assert.equal(history.getSnapshot().hasNewer, false);
  await history.jump(260); // it is here
  assert.deepEqual([seqs()[0], seqs().length], [251, 50]);
});

test("it jumps to the first unread message, and comes back page by page", async () => {
  assert.equal(await history.jumpToFirstUnread(), 101);
  const { hasOlder, hasNewer, pending, unreadFrom } = history.getSnapshot();
  assert.deepEqual({ hasOlder, hasNewer, pending, unreadFrom }, { hasOlder: true, hasNewer: true, pending: [], unreadFrom: 101 });
  chat.conversation("c").send("Later").catch(() => {});
  assert.deepEqual(history.getSnapshot().pending, []);
  while (history.getSnapshot().hasNewer) await history.loadNewer();
  assert.equal(history.getSnapshot().pending.length, 1);
  while (history.getSnapshot().hasOlder) await history.loadOlder();
  assert.deepEqual([seqs()[0], seqs().at(-1), isWhole(seqs())], [1, SEQ, true]);
  change(2, SEQ + 1, { text: "changed" });
  server.socket.push("message.created", { message: message(SEQ + 1, { version: SEQ + 2 }) }, { conversation_id: "c", version: SEQ + 2 });
  await until(() => seqs().at(-1) === SEQ + 1);
  assert.equal(at(2).text, "changed");
  history.latest();
  assert.equal(seqs()[0], 251);
});

test("before the client is connected, it waits; at `close`, it gives up", async () => {
  const later = new ChatClient({ url: "https://chat.example.com", WebSocket: server.WebSocket, token: () => "t" });
  const waiting = new History(later, "c");
  const jumped = waiting.jumpToFirstUnread();
  later.connect();
  await until(() => server.sockets.length === 2);
  server.socket.hello({ conversations: { c: { version: SEQ, seq: SEQ } } });
  assert.equal(await jumped, 101);
  waiting.close();
  later.disconnect();

  const given = new History(later, "unknown");
  const never = given.jumpToFirstUnread();
  given.close();
  assert.equal(await never, null);
});

test("a change that overtakes a page is not lost", async () => {
  await history.open();
  const go = heldBack();
  const jumped = history.jump(100);
  await until(() => history.getSnapshot().isLoading);
  change(99, SEQ + 1, { text: "changed" });
  go();
  await jumped;
  assert.equal(at(99).text, "changed");
  change(98, SEQ + 2, { deleted_at: "2026-01-31T12:00:00.000Z", text: null });
  assert.equal(at(98).text, null);
});

test("only the place that was asked for last is shown", async () => {
  await history.open();
  const go = heldBack();
  const first = history.jump(100);
  await until(() => history.getSnapshot().isLoading);
  await history.jump(30);
  go();
  await first;
  assert.equal(seqs()[0], 5);
  const later = heldBack();
  const third = history.jump(100);
  await until(() => history.getSnapshot().isLoading);
  history.latest();
  later();
  await third;
  assert.equal(seqs()[0], 251);
});

test("a page that fails says why, and may be asked for again", async () => {
  await history.jump(100);
  server.answers.set("GET conversations/c/messages", { status: 503, body: { status: 503, code: "overloaded" } });
  await history.loadOlder();
  assert.equal(history.getSnapshot().error.code, "overloaded");
  server.answers.set("GET conversations/c/messages", (query) => ({ body: answer(query) }));
  await history.loadOlder();
  assert.deepEqual([seqs()[0], history.getSnapshot().error], [25, null]);
});

test("a conversation that is loaded anew loads the stretch anew", async () => {
  await history.jump(100);
  const before = server.requests.length;
  server.socket.end(4002);
  await until(() => server.sockets.length === 2);
  const changes = { c: { status: "reset" } };
  server.socket.hello({ conversations: { c: { version: SEQ + 2_000, seq: SEQ } } });
  await until(() => server.socket.of("conversation.sync").length === 1);
  server.socket.reply(server.socket.of("conversation.sync")[0], { conversations: changes, epoch: "e1" });
  const isAsked = () => server.requests.slice(before).some(({ query }) => query.around === "99");
  await until(isAsked);
  await until(() => !history.getSnapshot().isLoading);
  assert.equal(seqs()[0], 74);
});

test("reactions of mine that no event names are asked for", async () => {
  await history.jump(100);
  const reactions = { "👍": { count: 11, user_ids: ["a", "b"] } };
  const whole = message(99, { version: SEQ + 1, reactions, my_reactions: ["👍"] });
  server.answers.set("GET conversations/c/messages", ({ ids }) => ({ body: { items: ids === "m99" ? [whole] : [] } }));
  change(99, SEQ + 1, { reactions });
  await until(() => at(99).my_reactions?.[0] === "👍");
});

test("a stretch has a bound, and drops what is far", () => {
  const stretch = new Stretch(page(101, 150), "ann", 60);
  stretch.addNewer(page(151, 200));
  assert.deepEqual([stretch.firstSeq, stretch.lastSeq, stretch.hasOlder], [141, 200, true]);
  stretch.addOlder(page(91, 140));
  assert.deepEqual([stretch.firstSeq, stretch.lastSeq], [91, 150]);
  assert.equal(stretch.keep(message(120, { version: 1 })), false);
  assert.equal(stretch.keep(message(151, { version: 999 })), false);
  assert.equal(stretch.keep(message(120, { version: 999 })), true);
});

test("the first unread message", () => {
  const first = (fields) => firstUnread(conversation(10, { visible_from: 1, ...fields }));
  assert.equal(first({ read_seq: 10 }), null);
  assert.equal(first({ read_seq: 4 }), 5);
  assert.equal(first({ read_seq: 4, uncounted: [[2, 3], [5, 6], [7, 7]] }), 8);
  assert.equal(first({ read_seq: 4, uncounted: [[5, 10]] }), null);
  assert.equal(first({ read_seq: 0, visible_from: 7 }), 7);
  assert.equal(first({ read_seq: 10, marked_unread: 3 }), 3);
});
