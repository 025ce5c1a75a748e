/** The session: tokens, addresses, its end, and what waits for it. */

import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import { ChatClient } from "../src/index.js";
import { ScriptedServer, conversation, message, until } from "./scripted_socket.js";

let server, chat, tokens;

/** The calls of the token function, which the test answers. */
function asked() {
  return new Promise((resolve, reject) => tokens.push({ resolve, reject }));
}

function client(fields = {}) {
  return new ChatClient({ url: "https://chat.example.com", WebSocket: server.WebSocket, token: asked, ...fields });
}

async function connected() {
  chat.connect();
  await until(() => tokens.length === 1);
  tokens[0].resolve("first");
  await until(() => server.socket);
  server.socket.hello();
}

beforeEach(() => {
  mock.method(Math, "random", () => 0);
  mock.method(console, "warn", () => {});
  server = new ScriptedServer();
  tokens = [];
  chat = client();
});

afterEach(() => {
  chat.disconnect();
  server.close();
  mock.restoreAll();
});

test("when the session ends, the promise of `send` rejects, and the message waits", async () => {
  await connected();
  const tea = chat.conversation("c");
  const before = tea.send("before");
  await until(() => server.socket.of("message.send").length === 1);
  server.socket.end(4503);
  await assert.rejects(before, { code: "session_ended", status: 401 });
  await assert.rejects(tea.send("after"), { code: "session_ended" });
  assert.deepEqual(chat.pending.map(({ text, error }) => [text, error]), [["before", null], ["after", null]]);

  chat.connect();
  await until(() => tokens.length === 2);
  tokens[1].resolve("second");
  await until(() => server.sockets.length === 2);
  server.socket.hello();
  const third = tea.send("third");
  for (const seq of [1, 2, 3]) {
    await until(() => server.socket.of("message.send").length === seq);
    const sent = server.socket.of("message.send").at(-1);
    server.socket.reply(sent, { message: message(seq, { client_id: sent.client_id, sender_id: "ann" }) });
  }
  assert.equal((await third).seq, 3);
  assert.deepEqual(server.socket.of("message.send").map(({ text }) => text), ["before", "after", "third"]);
});

test("each state of the connection is an event, though nobody reads the snapshot", async () => {
  const states = [];
  chat.on("connection", ({ state }) => states.push(state));
  await connected();
  server.socket.end(1006);
  await until(() => tokens.length === 2);
  tokens[1].resolve("second");
  await until(() => server.sockets.length === 2);
  server.socket.hello();
  chat.disconnect();
  chat.disconnect();
  assert.deepEqual(states, ["connecting", "live", "waiting", "connecting", "live", "signed_out"]);
});

test("at `disconnect`, all promises reject", async () => {
  await connected();
  const tea = chat.conversation("c");
  const waiting = [tea.send("Tea?"), tea.edit("m1", "Tea!"), tea.react("m1", "🎉"), tea.delete("m1")];
  chat.disconnect();
  const settled = await Promise.allSettled(waiting);
  assert.deepEqual(settled.map(({ reason }) => reason?.code), Array(4).fill("session_ended"));
  await assert.rejects(tea.edit("m1", "Tea!"), { code: "session_ended" });
});

test("after `disconnect`, nothing is loaded any more", async () => {
  server.answers.set("GET conversations", { body: { items: [conversation(1)], next_cursor: null } });
  server.answers.set("GET conversations/c/receipts", { body: { items: [] } });
  const busy = { status: 503, body: { code: "overloaded" }, headers: { "Retry-After": "0.001" } };
  server.answers.set("GET conversations/c/messages", busy);
  await connected();
  await until(() => chat.conversations.getSnapshot().isLoaded);
  const opening = chat.conversation("c").open();
  const pages = () => server.requests.filter(({ path }) => path.endsWith("messages")).length;
  await until(() => pages() > 2);
  chat.disconnect();
  await assert.rejects(opening, { code: "session_ended" });

  server.answers.set("GET conversations/c/messages", { body: { items: [message(1)], has_more_before: false } });
  chat.connect();
  await until(() => tokens.length === 2);
  tokens[1].resolve("second");
  await until(() => server.sockets.length === 2);
  server.socket.hello({ conversations: { c: { version: 1, seq: 1 } } });
  await until(() => chat.conversation("c").getSnapshot().messages.length === 1);
});

test("a token that was requested before a sign-out is not used after it", async () => {
  chat.connect();
  await until(() => tokens.length === 1);
  chat.disconnect();
  chat.connect();
  await until(() => tokens.length === 2);
  tokens[1].resolve("of the next person");
  await until(() => server.sockets.length === 1);
  tokens[0].resolve("of the person before");
  server.answers.set("GET me", { body: {} });
  await chat.request("GET", "me");
  assert.deepEqual(server.socket.protocols, ["chat.v1", "bearer.of the next person"]);
  assert.equal(server.requests.at(-1).headers.Authorization, "Bearer of the next person");
});

test("a request for another token does not get the expired one", async () => {
  await connected();
  server.answers.set("GET me", { status: 401, body: { code: "token_expired" } });
  server.socket.end(1006);
  await until(() => tokens.length === 2);
  const request = chat.request("GET", "me").catch(() => {});
  await until(() => tokens.length === 3);
  tokens[1].resolve("expired");
  server.answers.set("GET me", { body: {} });
  tokens[2].resolve("fresh");
  await request;
  assert.equal(server.requests.at(-1).headers.Authorization, "Bearer fresh");
});

test("a token function that fails is asked again", async () => {
  const broken = client({
    token: () => {
      throw new TypeError("no network");
    },
  });
  broken.connect();
  await until(() => broken.connection.getSnapshot().state === "waiting");
  await assert.rejects(broken.request("GET", "me"), { code: "unreachable", status: 0 });
  assert(console.warn.mock.callCount() >= 2);
  broken.disconnect();
});

test("a token function that hangs is given up after 30 seconds, and asked again", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const slow = client();
  slow.connect();
  await until(() => tokens.length === 1);
  mock.timers.tick(29_999);
  assert.equal(slow.connection.getSnapshot().state, "connecting");
  mock.timers.tick(1);
  await until(() => slow.connection.getSnapshot().state === "waiting");
  mock.timers.tick(1);
  await until(() => tokens.length === 2);
  slow.disconnect();
  mock.timers.reset();
});

test("mounting, unmounting and mounting again, as React does in strict mode, connects once", async () => {
  chat.connect();
  chat.disconnect();
  chat.connect();
  await until(() => tokens.length === 2);
  for (const one of tokens) one.resolve("t");
  await until(() => server.sockets.length > 0);
  server.socket.hello();
  assert.equal(server.sockets.length, 1);
  assert.equal(chat.connection.getSnapshot().state, "live");
});

test("a token from a file may end with a line", async () => {
  chat.connect();
  await until(() => tokens.length === 1);
  tokens[0].resolve("first\n");
  await until(() => server.socket);
  assert.deepEqual(server.socket.protocols, ["chat.v1", "bearer.first"]);
});

test("the server may be below a path", async () => {
  for (const url of ["https://example.com/chat", "https://example.com/chat//"]) {
    const below = client({ url, token: () => "t" });
    below.connect();
    await until(() => server.socket);
    assert.equal(server.sockets.pop().url, "wss://example.com/chat/ws/v1");
    await below.request("GET", "me").catch(() => {});
    assert.equal(server.requests.at(-1).path, "/chatme");
    below.disconnect();
  }
});

test("an invalid address is refused at once", () => {
  const query = "https://chat.example.com/?a=1";
  for (const url of ["chat.example.com", "ws://chat.example.com", "", "/chat", "https://", query, undefined]) {
    assert.throws(() => client({ url }), { name: "TypeError", message: /https:\/\/chat\.example\.com/ });
  }
});

test("a page may be rendered where there is no WebSocket", () => {
  const { WebSocket } = globalThis;
  delete globalThis.WebSocket; // Node 22 has one
  try {
    const rendered = client({ WebSocket: undefined });
    assert.deepEqual(rendered.conversations.getSnapshot(), { isLoaded: false, items: [] });
    assert.throws(() => rendered.connect(), { name: "TypeError", message: /option `WebSocket`/ });
  } finally {
    if (WebSocket) globalThis.WebSocket = WebSocket;
  }
});
