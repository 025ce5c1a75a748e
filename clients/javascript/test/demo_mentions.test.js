/** Mentions in the composer of the demo page. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { completed, matching, mentionsOf, queryAt } from "../demo/conversation/mentions.js";

const PEOPLE = ["Anna Berg", "Ángel", "Bob"].map((name) => ({ id: name.toLowerCase(), name }));

test("a query is the text between an @ and the caret", () => {
  assert.equal(queryAt("Hi @an", 6), "an");
  assert.equal(queryAt("@", 1), "");
  assert.equal(queryAt("Hi @an and", 6), "an");
  assert.equal(queryAt("Hi @an and", 10), null);
  assert.equal(queryAt("mail@example", 12), null);
});

test("a word of the name begins with the query, in any case and with any accent", () => {
  const names = (query) => matching(PEOPLE, query).map((one) => one.name);
  assert.deepEqual(names("an"), ["Anna Berg", "Ángel"]);
  assert.deepEqual(names("BER"), ["Anna Berg"]);
  assert.deepEqual(names(""), ["Anna Berg", "Ángel", "Bob"]);
  assert.deepEqual(names("x"), []);
});

test("a name takes the place of the query, and the caret goes behind it", () => {
  assert.deepEqual(completed("Hi @an!", 6, "Anna Berg"), { text: "Hi @Anna Berg !", caret: 14 });
});

test("a person whom the text no longer names is not mentioned", () => {
  const chosen = new Map([["Anna Berg", "ann"], ["Anna", "nan"], ["Bob", "bob"], ["everyone", "everyone"]]);
  assert.deepEqual(mentionsOf("@Anna Berg, tea?", chosen), { mentions: ["ann"], mentions_all: false });
  assert.deepEqual(mentionsOf("@Bob **@Bob**", chosen), { mentions: ["bob"], mentions_all: false });
  assert.deepEqual(mentionsOf("@everyone", chosen), { mentions: [], mentions_all: true });
});
