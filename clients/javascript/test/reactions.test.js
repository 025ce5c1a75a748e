/** Which reactions are mine. */

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { ConversationModel } from "../src/model/conversation.js";
import { conversation, message } from "./scripted_socket.js";

const ten = Array.from({ length: 10 }, (_, number) => `p${number}`);
let model;

beforeEach(() => {
  model = new ConversationModel("ann");
  model.load(conversation(1));
  model.addPage({ items: [message(1, { my_reactions: [] })], has_more_before: false });
});

function receive(type, version, fields, data = {}) {
  const changed = message(1, { version, ...fields });
  model.receive({ type, version, at: "", data: { message: changed, ...data } });
}

const mine = () => model.history.messages[0].my_reactions;

test("where all people are named, the message tells", () => {
  receive("reaction.updated", 2, { reactions: { "👍": { count: 2, user_ids: ["bob", "ann"] } } }, { by: "bob" });
  assert.deepEqual(mine(), ["👍"]);
  assert.deepEqual(model.takeUnsure(), []);
});

test("where not all are named, the event tells, and what was known stays", () => {
  const reactions = (count) => ({ reactions: { "👍": { count, user_ids: ten } } });
  receive("reaction.updated", 2, reactions(11), { by: "ann", emoji: "👍", added: true });
  assert.deepEqual(mine(), ["👍"]);
  receive("reaction.updated", 3, reactions(12), { by: "bob", emoji: "👍", added: true });
  assert.deepEqual(mine(), ["👍"]);
  receive("reaction.updated", 4, reactions(11), { by: "ann", emoji: "👍", added: false });
  assert.deepEqual(mine(), []);
  assert.deepEqual(model.takeUnsure(), []);
});

test("where neither tells, the message is loaded, once, and the answer of the same version counts", () => {
  const fields = { reactions: { "👍": { count: 11, user_ids: ten } } };
  receive("message.updated", 2, fields);
  assert.deepEqual(model.takeUnsure(), ["m1"]);
  assert.deepEqual(model.takeUnsure(), []);
  model.keep(message(1, { version: 2, ...fields, my_reactions: ["👍"] }));
  assert.deepEqual(mine(), ["👍"]);
});

test("a reply to my own reaction counts, whichever comes first", () => {
  const changed = message(1, { version: 2, reactions: { "👍": { count: 11, user_ids: ten } } });
  const reaction = { by: "ann", emoji: "👍", added: true };
  model.keep(changed, reaction);
  assert.deepEqual(mine(), ["👍"]);
  receive("reaction.updated", 2, changed, reaction);
  assert.deepEqual(mine(), ["👍"]);
  assert.deepEqual(model.takeUnsure(), []);
});
