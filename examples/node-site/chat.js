// The chat, as the back end of the site uses it: with the token of a service account.
// Requests with a client_id may be repeated: a repeat returns what the first one created.

const URL_OF_CHAT = process.env.CHAT_URL ?? "http://127.0.0.1:8000";
export const SUPPORT = "support";

// A token of the chat for the browser of a signed-in user. The chat runs with CHAT_AUTH=dev. In
// production, return getAuth().createCustomToken(userId) of firebase-admin instead.
export async function tokenFor(userId) {
  return (await call("POST", "/dev/tokens", { user_id: userId, expires_in: 3600 })).token;
}

export const nameUser = (userId, name) =>
  call("PUT", `/users/${encodeURIComponent(userId)}`, { name });

export async function createConversation(ownerId, { title, clientId }) {
  const body = {
    kind: "group",
    owner_id: ownerId,
    participant_ids: [SUPPORT],
    title,
    client_id: clientId,
  };
  return (await call("POST", "/conversations", body)).id;
}

export const sendText = (conversationId, text, { clientId }) =>
  call("POST", `/conversations/${conversationId}/messages`, { text, client_id: clientId });

// A system message, which clients show by its metadata.
export const sendEvent = (conversationId, metadata, { clientId }) =>
  call("POST", `/conversations/${conversationId}/messages`, {
    text: "",
    kind: "system",
    metadata,
    client_id: clientId,
  });

// On behalf of the user, which does not make them appear online.
export async function countUnread(userId) {
  const page = await call("GET", "/conversations", undefined, { "Chat-Act-As": userId });
  return page.items.reduce((sum, conversation) => sum + conversation.unread_count, 0);
}

async function call(method, path, body, headers = {}) {
  const answer = await fetch(`${URL_OF_CHAT}/api/v1${path}`, {
    method,
    headers: {
      Authorization: `Bearer ${process.env.CHAT_TOKEN}`,
      ...(body === undefined ? {} : { "Content-Type": "application/json" }),
      ...headers,
    },
    body: body === undefined ? undefined : JSON.stringify(body),
    signal: AbortSignal.timeout(5_000),
  });
  const document = await answer.json();
  if (!answer.ok) throw new Error(`${method} ${path}: ${document.code}: ${document.detail}`);
  return document;
}
