/** A page that is rendered on a server: there is no window, and in Node 20 no WebSocket. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { createElement as h } from "react";
import { renderToString } from "react-dom/server";
import { FileAddresses } from "../src/files/index.js";
import { History } from "../src/history/index.js";
import { useHistory } from "../src/history/react.js";
import { ChatClient } from "../src/index.js";
import { StoredOutbox } from "../src/outbox_storage/index.js";
import * as hooks from "../src/react/index.js";
import { Search } from "../src/search.js";

function Room() {
  const { messages, isLoaded, hasOlder } = hooks.useMessages("c");
  const { state } = hooks.useConnection();
  const list = hooks.useConversations().items;
  const people = { ...hooks.usePeople(["bob"]), ...hooks.usePresence(["bob"]) };
  const shown = { messages, isLoaded, hasOlder, state, list, people, unread: hooks.useUnread().messages };
  return h("p", null, JSON.stringify({ ...shown, typing: hooks.useTyping("c"), far: useHistory("c").isLoaded }));
}

test("it shows that nothing is loaded", () => {
  const outbox = new StoredOutbox({ userId: "ann" });
  const chat = new ChatClient({ url: "https://chat.example.com", token: () => "t", outbox });
  for (const part of [new History(chat, "c"), new Search(chat)]) assert(part.getSnapshot());
  assert(new FileAddresses(chat));
  const page = renderToString(h(hooks.ChatProvider, { client: chat }, h(Room)));
  const shown = JSON.parse(page.slice(3, -4).replaceAll("&quot;", '"'));
  assert.deepEqual(shown, {
    ...{ messages: [], isLoaded: false, hasOlder: false, state: "signed_out", list: [] },
    ...{ people: {}, unread: 0, typing: [], far: false },
  });
});
