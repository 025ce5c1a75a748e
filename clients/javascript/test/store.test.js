/** Observable values, and events. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { Emitter } from "../src/emitter.js";
import { Store } from "../src/store.js";

test("a snapshot stays the same until the value changes", () => {
  let value = 1;
  const store = new Store(() => ({ value }));
  const before = store.getSnapshot();
  assert.equal(store.getSnapshot(), before);
  value = 2;
  store.changed();
  assert.notEqual(store.getSnapshot(), before);
  assert.deepEqual(store.getSnapshot(), { value: 2 });
});

test("the changes of one step reach a listener together", async () => {
  const store = new Store(() => 1);
  let calls = 0;
  const stop = store.subscribe(() => (calls += 1));
  store.changed();
  store.changed();
  await null;
  assert.equal(calls, 1);
  stop();
  store.changed();
  await null;
  assert.equal(calls, 1);
});

test("an iterator gets the events since it was made, in order", async () => {
  const emitter = new Emitter();
  emitter.emit({ type: "restored" });
  const events = emitter.events();
  emitter.emit({ type: "connection", state: "live" });
  emitter.emit({ type: "connection", state: "waiting" });
  const seen = [];
  for await (const event of events) {
    seen.push(event.state);
    if (seen.length === 1) setTimeout(() => emitter.emit({ type: "connection", state: "live" }), 5);
    if (seen.length === 3) break;
  }
  assert.deepEqual(seen, ["live", "waiting", "live"]);
});

test("an iterator that is not read ends with an error, and not with a gap", async () => {
  const emitter = new Emitter();
  const events = emitter.events();
  for (let number = 0; number < 10_001; number += 1) emitter.emit({ type: "restored" });
  let read = 0;
  await assert.rejects(
    async () => {
      for await (const _ of events) read += 1;
    },
    { code: "events_lost" },
  );
  assert.equal(read, 10_000);
});
