/** `chat-client/history` against a real server, as tests/clients/javascript/test_history.py starts it.
 * Arguments: the URL, a conversation whose first unread message is 102 of 260, and two tokens. */

import assert from "node:assert/strict";
import { History } from "../../src/history/index.js";
import { ChatClient } from "../../src/index.js";
import { until } from "../scripted_socket.js";

const [, , url, id, annsToken, bobsToken] = process.argv;
const chat = new ChatClient({ url, token: () => annsToken });
const bob = new ChatClient({ url, token: () => bobsToken });
chat.connect();
bob.connect();
await until(() => bob.connection.getSnapshot().state === "live");

const history = new History(chat, id);
const seqs = () => history.getSnapshot().messages.map(({ seq }) => seq);
const at = (seq) => history.getSnapshot().messages.find((one) => one.seq === seq);

assert.equal(await history.jumpToFirstUnread(), 102);
const { hasOlder, hasNewer, unreadFrom } = history.getSnapshot();
assert.deepEqual([hasOlder, hasNewer, unreadFrom], [true, true, 102]);

const said = bob.conversation(id);
await said.edit(at(104).id, "Edited");
await said.react(at(105).id, "👍");
await said.delete(at(106).id);
await chat.conversation(id).react(at(107).id, "🎉");
await until(() => at(104).text === "Edited" && at(105).reactions["👍"] && at(106).deleted_at);
await until(() => at(107).my_reactions.includes("🎉"));
assert.deepEqual(at(105).my_reactions, []);

while (history.getSnapshot().hasNewer) await history.loadNewer();
await said.send("The latest");
await until(() => seqs().at(-1) === 261);
while (history.getSnapshot().hasOlder) await history.loadOlder();
assert.deepEqual(seqs(), Array.from({ length: 261 }, (_, index) => index + 1));

const stored = [];
for (let after = 0, more = true; more; after = stored.at(-1).seq) {
  const query = { after, limit: 100 };
  const page = await chat.request("GET", `conversations/${id}/messages`, { query });
  stored.push(...page.items);
  more = page.has_more_after;
}
assert.deepEqual(history.getSnapshot().messages, stored);

chat.conversation(id).read();
await until(() => chat.conversation(id).getSnapshot().conversation.unread_count === 0);
assert.equal(await history.jumpToFirstUnread(), null);
history.close();
chat.disconnect();
bob.disconnect();
console.log("It shows what the store has.");
