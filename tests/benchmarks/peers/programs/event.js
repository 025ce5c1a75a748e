// What the small programs for Node and Bun share: an event as long as the product's.

"use strict";

const MORE = "x".repeat(70);

/** Return the event of a new message, as an object. */
exports.created = (conversation, number, text, sender) => ({
  type: "message.created",
  event_id: `${conversation}.${number}`,
  at: new Date().toISOString(),
  conversation_id: conversation,
  version: number,
  data: {
    message: {
      id: `${conversation}-${number}`,
      seq: number,
      sender_id: sender,
      client_id: String(number),
      text,
      more: MORE,
    },
  },
});

/** Return the events that a `fan` command asks for. */
exports.fan = function* ({ to, first, count, text }) {
  for (let number = Number(first); number < Number(first) + count; number++) {
    const digits = String(number).padStart(8, "0");
    yield exports.created(to, number, text.replace(first, digits), "sender");
  }
};

exports.HELLO = JSON.stringify({ type: "hello" });
