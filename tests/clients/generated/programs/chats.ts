/* Chats by `openapi-fetch` with the types that `openapi-typescript` generates. Arguments: the URL of
 * a server. Prints what the test looks at. */

import createClient, { type Client } from "openapi-fetch";
import type { components, paths } from "./rest.js";

type Message = components["schemas"]["OwnMessage"];
type Code = components["schemas"]["Problem"]["code"];

declare const process: { argv: string[] };

const url = process.argv[2] ?? "";
const later: Code = "a_code_of_a_later_version";
const until = "2030-01-31T12:00:00.000Z";

const ann = await signedIn("ann");
const { data: group } = await ann.POST("/api/v1/conversations", {
  body: {
    kind: "group",
    participant_ids: ["bob"],
    title: "Tea",
    client_id: crypto.randomUUID(),
  },
});
if (!group || group.last_message !== null) throw new Error("There is no new group.");
const path = { conversation_id: group.id };

const body = { text: "Tea?", client_id: "1", mentions: ["bob"], metadata: { topic: "tea" } };
const first = await ann.POST("/api/v1/conversations/{conversation_id}/messages", {
  params: { path },
  body,
});
const again = await ann.POST("/api/v1/conversations/{conversation_id}/messages", {
  params: { path },
  body,
});
const sent: Message | undefined = first.data;
if (!sent || sent.id !== again.data?.id) throw new Error("A retry has sent another message.");
const reacted = await ann.PUT(
  "/api/v1/conversations/{conversation_id}/messages/{message_id}/reactions/{emoji}",
  { params: { path: { ...path, message_id: sent.id, emoji: "👍" } } },
);

const bob = await signedIn("bob");
const page = await bob.GET("/api/v1/conversations/{conversation_id}/messages", {
  params: { path, query: { around: 1, limit: 10 } },
});
const read = await bob.POST("/api/v1/conversations/{conversation_id}/read", {
  params: { path },
  body: { seq: 1 },
});
const muted = await bob.PATCH("/api/v1/conversations/{conversation_id}/preferences", {
  params: { path },
  body: { muted_until: until },
});
const missing = await bob.GET("/api/v1/conversations/{conversation_id}", {
  params: { path: { conversation_id: "q2m6v5b4x3n7k8j9h0g1f2d3s4" } },
});
// @ts-expect-error - a number of a message is no text
await bob.POST("/api/v1/conversations/{conversation_id}/read", { params: { path }, body: { seq: "1" } });

console.log(
  JSON.stringify({
    conversation_id: group.id,
    statuses: [first.response.status, again.response.status],
    texts: page.data?.items.map((one) => one.text),
    reactions: reacted.data?.my_reactions,
    unread_count: read.data?.unread_count,
    is_muted: muted.data?.muted_until === until,
    refused: [missing.error?.status, missing.error?.code ?? later],
  }),
);

async function signedIn(user_id: string): Promise<Client<paths>> {
  const client = createClient<paths>({ baseUrl: url });
  const { data } = await client.POST("/api/v1/dev/tokens", { body: { user_id } });
  if (!data) throw new Error("There is no token.");
  client.use({
    onRequest: ({ request }) => request.headers.set("Authorization", `Bearer ${data.token}`),
  });
  return client;
}
