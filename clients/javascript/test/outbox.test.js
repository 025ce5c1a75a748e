/** What is sent: once, in order, and with an answer in the end. */

import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { ChatError } from "../src/errors.js";
import { Outbox } from "../src/outbox.js";
import { StoredOutbox } from "../src/outbox_storage/index.js";
import { message, until } from "./scripted_socket.js";

function make(storage) {
  const play = { isLive: true, sends: [], failed: [] };
  play.outbox = new Outbox({
    send: (item) => new Promise((resolve, reject) => play.sends.push({ item, resolve, reject })),
    isLive: () => play.isLive,
    onFailed: (item) => play.failed.push(item),
    onChange: () => {},
    storage,
  });
  play.answer = (index, seq) => {
    const { item, resolve } = play.sends[index];
    resolve(message(seq, { client_id: item.client_id, sender_id: "ann" }));
  };
  play.refuse = (index, status, fields = {}) =>
    play.sends[index].reject(new ChatError({ status, code: "x", detail: "Why.", ...fields }));
  return play;
}

test("the next message leaves after a final answer to the one before it", async () => {
  const play = make();
  const first = play.outbox.add("c", { text: "1" });
  play.outbox.add("c", { text: "2" });
  await until(() => play.sends.length === 1);
  play.answer(0, 1);
  assert.equal((await first).seq, 1);
  await until(() => play.sends.length === 2);
  assert.equal(play.sends[1].item.text, "2");
});

test("without an answer the same client_id is sent again", async () => {
  const play = make();
  play.outbox.add("c", { text: "1" });
  await until(() => play.sends.length === 1);
  play.refuse(0, 0);
  await until(() => play.sends.length === 2);
  assert.equal(play.sends[1].item.client_id, play.sends[0].item.client_id);
});

test("without a connection it waits for the next one", async () => {
  const play = make();
  play.isLive = false;
  play.outbox.add("c", { text: "1" });
  play.outbox.resume("ann");
  assert.equal(play.sends.length, 0);
  play.isLive = true;
  play.outbox.resume("ann");
  await until(() => play.sends.length === 1);
});

test("a refusal for the rate rests all conversations, for two seconds at least", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  let now = 0;
  const clock = mock.method(performance, "now", () => now);
  try {
    const play = make();
    play.outbox.add("c", { text: "1" });
    await until(() => play.sends.length === 1);
    play.refuse(0, 429, { retry_after: 0.1 });
    await until(() => play.outbox.items.length === 1);
    play.outbox.add("d", { text: "2" });
    for (now = 500; now < 1900; now += 500) mock.timers.tick(500);
    await until(() => true);
    assert.equal(play.sends.length, 1);
    now = 5000;
    mock.timers.tick(5000);
    await until(() => play.sends.length === 3);
  } finally {
    clock.mock.restore();
    mock.timers.reset();
  }
});

test("a refusal for good is shown, rejects, and lets the next one leave", async () => {
  const play = make();
  const first = play.outbox.add("c", { text: "1" });
  play.outbox.add("c", { text: "2" });
  await until(() => play.sends.length === 1);
  play.refuse(0, 403);
  await assert.rejects(first, { message: "Why." });
  assert.equal(play.outbox.items[0].error.message, "Why.");
  await until(() => play.sends.length === 2);
  play.outbox.retry(play.outbox.items[0].client_id);
  play.answer(1, 1);
  await until(() => play.sends.length === 3);
  assert.equal(play.sends[2].item.client_id, play.sends[0].item.client_id);
});

test("the event of a message is an answer too", async () => {
  const play = make();
  const promise = play.outbox.add("c", { text: "1" });
  const [{ client_id }] = play.outbox.items;
  play.outbox.settle(message(7, { client_id }));
  assert.equal((await promise).seq, 7);
  assert.deepEqual(play.outbox.items, []);
});

test("at most four conversations send at once, and the others follow", async () => {
  const play = make();
  for (let number = 0; number < 6; number += 1) play.outbox.add(`c${number}`, { text: "1" });
  await until(() => play.sends.length === 4);
  for (let number = 0; number < 4; number += 1) play.answer(number, number + 1);
  await until(() => play.sends.length === 6);
});

test("a thousand messages wait at most", () => {
  const play = make();
  play.isLive = false;
  for (let number = 0; number < 1000; number += 1) play.outbox.add("c", { text: "1" });
  assert.throws(() => play.outbox.add("c", { text: "1" }), { code: "outbox_full" });
});

test("refused messages do not fill the outbox: the oldest one makes room", async () => {
  const play = make();
  for (let number = 0; number < 1000; number += 1) {
    play.outbox.add("c", { text: `${number}` });
    await until(() => play.sends.length === number + 1);
    play.refuse(number, 403);
    await until(() => play.failed.length === number + 1);
  }
  play.outbox.add("c", { text: "next" });
  await until(() => play.sends.length === 1001);
  assert.equal(play.outbox.items.length, 1000);
  assert.deepEqual([play.outbox.items[0].text, play.outbox.items.at(-1).text], ["1", "next"]);
});

/** A storage that holds what an earlier page left; `find` hands it over. */
function leftBehind(...items) {
  const storage = { user: null, saved: {} };
  storage.open = (userId, adopt) => {
    storage.user = userId;
    return new Promise((resolve) => {
      storage.find = () => {
        adopt(items);
        resolve();
      };
    });
  };
  storage.save = (now) => (storage.saved[storage.user] = now.map(({ text }) => text));
  storage.close = () => (storage.user = null);
  return storage;
}

const left = { conversation_id: "c", client_id: "left", text: "0", created_at: "", error: null };

test("what an earlier page left goes first", async () => {
  const storage = leftBehind(left);
  const play = make(storage);
  play.outbox.add("c", { text: "1" });
  play.outbox.resume("ann");
  await until(() => storage.find);
  assert.deepEqual(storage.saved.ann, ["1"]);
  assert.equal(play.sends.length, 0);
  storage.find();
  await until(() => play.sends.length === 1);
  assert.equal(play.sends[0].item.client_id, "left");
  assert.deepEqual(storage.saved.ann, ["0", "1"]);
  play.answer(0, 1);
  await until(() => play.sends.length === 2);
  assert.deepEqual(storage.saved.ann, ["1"]);
});

test("what waits of one person is not sent by the next one, and stays stored", async () => {
  const storage = leftBehind();
  const play = make(storage);
  play.isLive = false;
  play.outbox.resume("ann");
  await until(() => storage.find);
  storage.find();
  play.outbox.add("c", { text: "1" });
  assert.deepEqual(storage.saved.ann, ["1"]);
  const opening = play.outbox.resume("bob");
  storage.find();
  await opening;
  assert.deepEqual(storage.saved, { ann: ["1"], bob: [], null: [] });
  assert.deepEqual(play.outbox.items, []);
});

test("if the page names the person, the storage opens before the first connection", async () => {
  const storage = Object.assign(leftBehind(left), { userId: "ann" });
  const play = make(storage);
  play.isLive = false;
  play.outbox.add("c", { text: "1" });
  play.outbox.resume();
  await until(() => storage.find);
  assert.deepEqual(storage.saved.ann, ["1"]);
  storage.find();
  assert.deepEqual(storage.saved.ann, ["0", "1"]);
  play.isLive = true;
  storage.find = null;
  play.outbox.resume("ann");
  await until(() => play.sends.length === 1);
  assert.equal(play.sends[0].item.client_id, "left");
  assert.equal(storage.find, null); // it stayed open
});

test("what waits stays here while the storage is closed, and is then stored again", async () => {
  const storage = leftBehind();
  const play = make(storage);
  play.isLive = false;
  play.outbox.resume("ann");
  storage.find();
  play.outbox.add("c", { text: "1" });
  play.outbox.close();
  assert.equal(storage.user, null);
  storage.saved = {};
  play.isLive = true;
  play.outbox.resume("ann");
  assert.deepEqual(storage.saved.ann, ["1"]);
  await until(() => true);
  assert.equal(play.sends.length, 0);
  storage.find();
  await until(() => play.sends.length === 1);
});

test("without a signed-in person, nothing is stored, and each message reports that", () => {
  const failures = [];
  const play = make(new StoredOutbox({ onFailure: ({ message: detail }) => failures.push(detail) }));
  play.outbox.add("c", { text: "1" });
  play.outbox.add("c", { text: "2" });
  play.outbox.discard(play.outbox.items[0].client_id);
  const detail = "The message is in memory only: nobody is signed in.";
  assert.deepEqual(failures, [detail, detail]);
});
