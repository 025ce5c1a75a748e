/** What holds for one person alone, as the server derives it. */

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { ConversationModel } from "../src/model/conversation.js";
import { conversation, message } from "./scripted_socket.js";

let model;

beforeEach(() => {
  model = new ConversationModel("ann");
});

function created(seq, fields = {}) {
  const data = { message: message(seq, fields) };
  model.receive({ type: "message.created", version: data.message.version, at: "", data });
}

function deleted(seq, version, fields = {}) {
  const data = { message: message(seq, { version, deleted_at: "2026-01-31T13:00:00.000Z", text: null, ...fields }) };
  model.receive({ type: "message.deleted", version, at: "", data });
}

const archivedAt = (seq, fields) => conversation(seq, { archived: true, archived_seq: seq, ...fields });

test("a mention of others counts until it is read, by a position or by an answer", () => {
  model.load(conversation(1));
  created(2, { mentions: ["ann"] });
  assert.equal(model.summary.mentioned_seq, 2);
  created(3, { mentions_all: true });
  assert.equal(model.summary.mentioned_seq, 3);
  created(4, { sender_id: "ann", mentions: ["ann"] });
  assert.equal(model.summary.mentioned_seq, null);
  created(5, { mentions: ["ann"] });
  model.positions.want(5);
  assert.equal(model.summary.mentioned_seq, null);
});

test("an earlier mention does not come back when the latest one is deleted", () => {
  model.load(conversation(1));
  created(2, { mentions: ["ann"] });
  created(3, { mentions: ["ann"] });
  deleted(3, 4);
  assert.equal(model.summary.mentioned_seq, null);
  assert.equal(model.own.takeDoubt(), false);
});

test("a message that was deleted before it came may have been a mention", () => {
  model.load(conversation(1));
  deleted(2, 2);
  assert.equal(model.own.takeDoubt(), true);
  assert.equal(model.own.takeDoubt(), false, "it is asked for once");
});

test("a message of somebody else ends the archiving, one of mine or of the system does not", () => {
  model.load(archivedAt(2));
  created(3, { sender_id: "ann" });
  created(4, { kind: "system", sender_id: "service:system" });
  assert.equal(model.summary.archived, true);
  created(5);
  assert.equal(model.summary.archived, false);
});

test("a conversation is archived again when what ended it is deleted, as far as is known", () => {
  model.load(archivedAt(1));
  created(2);
  created(3);
  deleted(2, 4);
  assert.equal(model.summary.archived, false);
  assert.equal(model.own.takeDoubt(), false);
  deleted(3, 5);
  assert.equal(model.summary.archived, true);
  model.own.takeDoubt();
  created(4, { sender_id: "ann", version: 6 });
  assert.equal(model.summary.archived, false, "until the server tells");
});

test("a page from before a deletion does not undo it", () => {
  model.load(archivedAt(1));
  created(2);
  created(3, { sender_id: "ann" });
  deleted(2, 4);
  const preferences = { muted_until: null, notify: "all", pinned: false, archived: true, archived_seq: 1 };
  model.mergeOwn({ preferences });
  assert.equal(model.summary.archived, true);
  model.addPage({ items: [message(1), message(2), message(3, { sender_id: "ann" })], has_more_before: false });
  assert.equal(model.summary.archived, true);
});

test("a deletion is in doubt where others may have written too", () => {
  model.load(conversation(5, { archived: false, archived_seq: 1 }));
  deleted(5, 6);
  assert.equal(model.own.takeDoubt(), true);
});

test("where not every message rings, a mention ends the archiving", () => {
  model.load(archivedAt(1, { notify: "mentions" }));
  created(2);
  assert.equal(model.summary.archived, true);
  created(3, { mentions: ["ann"] });
  assert.equal(model.summary.archived, false);
});

test("the end of a mute puts the archiving in doubt", () => {
  const soon = new Date(Date.now() + 30).toISOString();
  model.load(archivedAt(1, { muted_until: soon }));
  created(2);
  assert.equal(model.summary.archived, true);
  assert.equal(model.own.takeDoubt(), false);
  while (Date.now() <= Date.parse(soon));
  assert.equal(model.own.takeDoubt(), true);
});

test("an answer that was asked for before my settings changed does not undo the change", () => {
  model.load(conversation(1));
  const { changes } = model.own;
  const preferences = { muted_until: null, notify: "none", pinned: true, archived: true, archived_seq: 1 };
  model.mergeOwn({ preferences });
  model.merge(conversation(1), changes);
  assert.equal(model.summary.archived, true);
  assert.equal(model.summary.pinned, true);
  assert.equal(model.own.takeDoubt(), true);
});

test("a system message counts for nobody, and does not move the conversation", () => {
  model.load(conversation(1));
  const before = model.activeAt;
  created(2, { kind: "system", sender_id: "service:system", created_at: "2026-02-01T12:00:00.000Z" });
  assert.equal(model.summary.unread_count, 1);
  assert.equal(model.activeAt, before);
  assert.deepEqual(Object.keys(model.positions.others), ["bob"]);
});

test("settings that are older than what the server told are in doubt", () => {
  model.load(conversation(3, { archived: false, archived_seq: 1 }));
  const preferences = { muted_until: null, notify: "all", pinned: false, archived: true, archived_seq: 1 };
  model.mergeOwn({ preferences });
  assert.equal(model.own.takeDoubt(), true);
  model.mergeOwn({ preferences: { ...preferences, archived_seq: 3 } });
  assert.equal(model.own.takeDoubt(), false);
});
