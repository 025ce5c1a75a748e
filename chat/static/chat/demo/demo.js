/** The entry point: builds the client of this page's person. */

import { Api } from "./api.js";
import { Attention } from "./attention.js";
import { pause, waitAfter } from "./backoff.js";
import { Conversations } from "./conversations.js";
import { Files } from "./files.js";
import { Outbox } from "./outbox.js";
import { ChatSocket } from "./socket.js";
import { TypingIndicators, TypingTeller } from "./typing.js";
import { View } from "./view.js";

const config = readConfig(document);
const client = {};
let view = null;

const changed = () => view?.changed();
const token = () => config.token;

client.api = new Api({ token, renew: renewToken });
client.files = new Files({ api: client.api });
client.socket = new ChatSocket({
  url: `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws/v1`,
  token,
  onEvent: handle,
  onState: connectionChanged,
});
client.typing = new TypingIndicators({ onChange: changed });
client.teller = new TypingTeller({ socket: client.socket });
client.outbox = new Outbox({
  userId: config.user_id,
  api: client.api,
  socket: client.socket,
  onSent: (message) => client.conversations.keep(message),
  onChange: changed,
});
client.conversations = new Conversations({
  userId: config.user_id,
  api: client.api,
  socket: client.socket,
  typing: client.typing,
  onChange: changed,
  onMessage: (conversation, message) => {
    if (message.sender_id === config.user_id) client.outbox.settle(message);
    else client.attention.arrived(message);
    view.announce(conversation, message);
  },
  onGone: (conversation) => view.gone(conversation),
  onUsers: (users) => view.learn(users),
});
client.attention = new Attention({
  socket: client.socket,
  unread: () => client.conversations.list.filter((conversation) => conversation.unread > 0),
});
view = new View({ client, config });
start();

/** Loads the list before it opens the socket: `hello` shows what changed in between. */
async function start() {
  for (let attempt = 0; !client.conversations.loaded; attempt += 1) {
    try {
      await client.conversations.start();
    } catch (error) {
      view.toast(error.message);
      if (!error.passing) break;
      await pause(waitAfter(error, attempt));
    }
  }
  view.openFromAddress();
  view.startPhone();
  client.socket.connect();
}

function handle(event) {
  if (event.type === "auth.expiring") refreshSession();
  client.conversations.handle(event);
}

function connectionChanged() {
  if (client.socket.connected) {
    client.outbox.resume();
    client.attention.tell();
  } else {
    client.conversations.disconnected();
  }
  changed();
}

/** Sends the socket a fresh token before the present one expires. */
async function refreshSession() {
  try {
    await renewToken();
    await client.socket.command("auth.refresh", { token: config.token });
  } catch {
    view.toast("Your session could not be renewed. Reload the page before it ends.");
  }
}

/** Tokens come from this page. An app would get them from Firebase. */
async function renewToken() {
  const response = await fetch(location.href, { cache: "no-store" });
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  config.token = readConfig(page).token;
}

function readConfig(page) {
  return JSON.parse(page.getElementById("config").textContent);
}
