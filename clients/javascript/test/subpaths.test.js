/** Presence, people, search and files: each a module of its own. */

import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import { FileAddresses, uploadFile } from "../src/files/index.js";
import { ChatClient } from "../src/index.js";
import { People } from "../src/people.js";
import { Presence } from "../src/presence.js";
import { Search } from "../src/search.js";
import { ScriptedServer, until } from "./scripted_socket.js";

let server, chat;

beforeEach(async () => {
  mock.method(Math, "random", () => 0);
  server = new ScriptedServer();
  chat = new ChatClient({ url: "https://chat.example.com", WebSocket: server.WebSocket, token: () => "t" });
  chat.connect();
  await until(() => server.socket);
});

afterEach(() => {
  chat.disconnect();
  server.close();
  mock.restoreAll();
});

const watched = () => server.socket.of("presence.watch").map(({ user_ids }) => user_ids);
const person = (user_id, status) => ({ user_id, status, last_active_at: null });

test("presence watches what all parts of a page watch together, on each connection", async () => {
  server.socket.hello();
  const presence = new Presence(chat);
  const stop = presence.watch(["bob", "cid"]);
  presence.watch(["bob"]);
  await until(() => watched().length === 1);
  assert.deepEqual(watched(), [["bob", "cid"]]);
  server.socket.reply(server.socket.of("presence.watch")[0], { items: [person("bob", "online")] });
  await until(() => presence.getSnapshot().bob);
  server.socket.push("presence.changed", person("bob", "offline"));
  assert.equal(presence.getSnapshot().bob.status, "offline");
  stop();
  stop();
  await until(() => watched().length === 2);
  assert.deepEqual(watched()[1], ["bob"]);
  server.socket.end(4002);
  await until(() => server.sockets.length === 2);
  server.socket.hello();
  await until(() => watched().length === 1);
  presence.close();
  server.socket.reply(server.socket.of("presence.watch")[0], { items: [] });
  await until(() => watched().length === 2);
  assert.deepEqual(watched()[1], []);
  assert.deepEqual(presence.getSnapshot(), {});
});

test("who is watched again in the same step stays known", async () => {
  server.socket.hello();
  const presence = new Presence(chat);
  let stop = presence.watch(["bob", "cid"]);
  await until(() => watched().length === 1);
  const items = [person("bob", "online"), person("cid", "offline")];
  server.socket.reply(server.socket.of("presence.watch")[0], { items });
  await until(() => presence.getSnapshot().bob);
  const seen = [];
  presence.subscribe(() => seen.push(Object.keys(presence.getSnapshot()).sort()));
  stop(); // as React does: the effect of one component ends before that of another one begins
  stop = presence.watch(["cid", "bob"]);
  await until(() => seen.length > 0);
  assert.deepEqual(presence.getSnapshot(), { bob: items[0], cid: items[1] });
  assert.deepEqual(seen, [["bob", "cid"]]);
  assert.equal(watched().length, 1);
  stop();
  assert.deepEqual(presence.getSnapshot(), {});
  await until(() => watched().length === 2);
  server.socket.reply(server.socket.of("presence.watch")[1], { items: [] });
  presence.watch(["bob"]);
  await until(() => watched().length === 3);
  assert.deepEqual(presence.getSnapshot(), {}); // it may have changed meanwhile
});

test("a watch that is refused for the moment is repeated", async () => {
  server.socket.hello();
  new Presence(chat).watch(["bob"]);
  await until(() => watched().length === 1);
  server.socket.refuse(server.socket.of("presence.watch")[0], 503, { retry_after: 0.001 });
  while (watched().length < 2) await new Promise((resolve) => setTimeout(resolve, 2));
});

test("people are asked for together, and once in ten minutes", async () => {
  const ann = { user_id: "ann", name: "Ann", picture: null, is_service: false };
  server.answers.set("GET users", { body: { items: [ann], next_cursor: null } });
  const people = new People(chat);
  await Promise.all([people.need(["ann"]), people.need(["stranger", "ann"])]);
  await people.need(["ann", "stranger"]);
  const asked = server.requests.filter(({ path }) => path === "users");
  assert.deepEqual(asked.map(({ query }) => query), [{ user_ids: "ann,stranger" }]);
  assert.deepEqual(people.getSnapshot(), { ann });
  assert.equal(people.name("ann"), "Ann");
  assert.equal(people.name("stranger"), "stranger");
  const now = performance.now();
  mock.method(performance, "now", () => now + 11 * 60_000);
  await people.need(["ann"]);
  assert.equal(server.requests.filter(({ path }) => path === "users").length, 2);
});

test("people who are wanted are asked for until there is an answer, all together", async () => {
  const ann = { user_id: "ann", name: "Ann", picture: null, is_service: false };
  let answers = 0;
  server.answers.set("GET users", () => {
    answers += 1;
    const refused = { status: 503, body: { code: "overloaded" }, headers: { "Retry-After": "0.01" } };
    return answers > 3 ? { body: { items: [ann], next_cursor: null } } : refused;
  });
  const people = new People(chat);
  const stops = [people.want(["ann"]), people.want(["stranger"])];
  const soon = () => new Promise((resolve) => setTimeout(resolve, 1));
  while (answers < 1) await soon();
  stops.push(people.want(["eve"]));
  stops.push(people.want(["bob"]));
  stops.pop()(); // nobody wants bob any more
  while (!people.getSnapshot().ann) await soon();
  const asked = server.requests.filter(({ path }) => path === "users").map(({ query }) => query.user_ids);
  assert.deepEqual(asked, ["ann,stranger", "eve,bob", "ann,stranger,eve", "ann,stranger,eve"]);
  for (const stop of stops) stop();
});

test("150 people take two requests", async () => {
  server.answers.set("GET users", { body: { items: [], next_cursor: null } });
  await new People(chat).need(Array.from({ length: 150 }, (_, number) => `p${number}`));
  assert.equal(server.requests.filter(({ path }) => path === "users").length, 2);
});

test("only the answer to the latest question counts, and empty pages are passed over", async () => {
  const found = (id) => ({ message: { id }, snippet: [] });
  const pages = {
    tea: [{ items: [found("old")], next_cursor: null }],
    milk: [
      { items: [], next_cursor: "1" },
      { items: [found("a")], next_cursor: "2" },
      { items: [found("b")], next_cursor: null },
    ],
  };
  server.answers.set("GET search", ({ q }) => ({ body: pages[q].shift() }));
  const search = new Search(chat);
  const first = search.ask("tea");
  await search.ask({ q: "milk" });
  await first;
  assert.deepEqual(search.getSnapshot().items.map(({ message }) => message.id), ["a"]);
  await search.more();
  const { items, hasMore, isLoading } = search.getSnapshot();
  assert.deepEqual(items.map(({ message }) => message.id), ["a", "b"]);
  assert.deepEqual([hasMore, isLoading], [false, false]);
  const cursors = server.requests.filter(({ query }) => query.q === "milk").map(({ query }) => query.cursor);
  assert.deepEqual(cursors, [undefined, "1", "2"]);
});

test("a refused search says why", async () => {
  server.answers.set("GET search", { status: 400, body: { code: "invalid_request", detail: "Too short." } });
  const search = new Search(chat);
  await search.ask("t");
  assert.equal(search.getSnapshot().error.message, "Too short.");
});

/** A server that takes files. */
function storage({ statuses = [200], checks = [200] } = {}) {
  const upload = { method: "PUT", url: "https://files.example.com/f1", headers: { "Content-Type": "text/plain" } };
  server.answers.set("POST attachments", { status: 201, body: { attachment: { id: "f1" }, upload } });
  server.answers.set("POST attachments/f1/complete", () => {
    const status = checks.shift();
    const body = status === 200 ? { attachment: { id: "f1", status: "ready" } } : { code: "overloaded" };
    return { status, body, headers: { "Retry-After": "0.001" } };
  });
  const rest = globalThis.fetch;
  const puts = [];
  globalThis.fetch = (url, options) => {
    if (String(url) !== upload.url) return rest(url, options);
    puts.push(options);
    const status = statuses.shift();
    return status === 0 ? Promise.reject(new TypeError("no network")) : Promise.resolve(new Response("", { status }));
  };
  return puts;
}

test("a file is announced, sent without a token, and checked until there is an answer", async () => {
  const puts = storage({ statuses: [503, 200], checks: [503, 200] });
  const progress = [];
  const file = new File(["tea"], "tea.txt", { type: "text/plain" });
  const attachment = await uploadFile(chat, "c", file, { onProgress: (now) => progress.push(now.state) });
  assert.equal(attachment.status, "ready");
  const announced = server.requests.find(({ path }) => path === "attachments").body;
  assert.deepEqual(announced, { conversation_id: "c", filename: "tea.txt", content_type: "text/plain", size: 3 });
  assert.deepEqual(puts.map(({ headers }) => headers), Array(2).fill({ "Content-Type": "text/plain" }));
  assert.equal(progress.at(-1), "ready");
  assert.equal(server.requests.filter(({ path }) => path.endsWith("complete")).length, 2);
});

test("a storage that refuses a file is not asked again", async () => {
  const puts = storage({ statuses: [403] });
  await assert.rejects(uploadFile(chat, "c", new Blob(["tea"])), { code: "upload_refused", status: 403 });
  assert.equal(puts.length, 1);
});

test("an aborted upload ends", async () => {
  storage();
  const aborting = new AbortController();
  const upload = uploadFile(chat, "c", new Blob(["tea"]), {
    signal: aborting.signal,
    onProgress: () => aborting.abort(),
  });
  await assert.rejects(upload, { code: "aborted" });
});

test("an upload that waits for its next attempt ends at once", async () => {
  const puts = storage({ statuses: [503] });
  const aborting = new AbortController();
  const progress = [];
  const upload = uploadFile(chat, "c", new Blob(["tea"]), {
    signal: aborting.signal,
    onProgress: ({ state }) => progress.push(state),
  });
  await until(() => puts.length === 1);
  aborting.abort();
  await assert.rejects(upload, { code: "aborted" });
  await assert.rejects(uploadFile(chat, "c", new Blob(["tea"]), { signal: aborting.signal }), { code: "aborted" });
  assert.deepEqual(progress, ["uploading"]);
});

test("the addresses of several files take one request, and are kept while they work", async () => {
  let left = 600_000;
  server.answers.set("GET conversations/c/attachments", ({ ids }) => ({
    body: {
      items: ids.split(",").filter((id) => id !== "secret").map((id) => ({
        ...{ id, url: `https://files.example.com/${id}`, thumbnail_url: null },
        expires_at: new Date(Date.now() + left).toISOString(),
      })),
    },
  }));
  const files = new FileAddresses(chat);
  const [one, none] = await Promise.all([files.get("c", "f1"), files.get("c", "secret")]);
  assert.equal(one.url, "https://files.example.com/f1");
  assert.equal(none, null);
  left = 30_000;
  assert.equal(await files.get("c", "f1"), one);
  await files.get("c", "f2");
  await files.get("c", "f2");
  const asked = server.requests.filter(({ path }) => path.endsWith("attachments")).map(({ query }) => query.ids);
  assert.deepEqual(asked, ["f1,secret", "f2", "f2"]);
});
