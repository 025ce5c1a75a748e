// The site: users with sessions, orders with conversations.

import { randomBytes } from "node:crypto";
import { createServer } from "node:http";
import * as chat from "./chat.js";
import { receive } from "./webhooks.js";

const PORT = Number(process.env.PORT ?? 8200);
const MAX_BODY = 256 * 1024;
const sessions = new Map(); // a session's id -> the user
const orders = []; // in memory: their numbers begin again with each start, the ids in the chat do not
const start = randomBytes(8).toString("hex");

const routes = {
  // A real site checks a password here.
  "POST /login": async ({ body, response }) => {
    const user = { id: `member-${body.name}`, name: body.name };
    const id = randomBytes(16).toString("hex");
    sessions.set(id, user);
    response.setHeader("Set-Cookie", `session=${id}; HttpOnly; SameSite=Lax; Path=/`);
    await chat.nameUser(user.id, user.name);
    return { user };
  },
  // Turn the session into a token of the chat, for the client in the page.
  "GET /chat/token": async ({ user }) => ({ token: await chat.tokenFor(user.id) }),
  "GET /": async ({ user }) => ({
    user,
    unread: await chat.countUnread(user.id),
    orders: orders.filter((order) => order.userId === user.id),
  }),
  "POST /orders": async ({ user, body }) => {
    const id = orders.length + 1;
    const order = { id, userId: user.id, item: body.item, state: "placed", messages: 0 };
    order.conversationId = await chat.createConversation(user.id, {
      title: `Order ${id}: ${order.item}`,
      clientId: `node-order-${start}-${id}`,
    });
    orders.push(order);
    await tell(order);
    return order;
  },
  "POST /orders/ship": async ({ body }) => {
    const order = orders.find((one) => one.id === body.id);
    order.state = "shipped";
    await tell(order);
    return order;
  },
};

// Send the state of an order into its conversation.
const tell = (order) =>
  chat.sendEvent(
    order.conversationId,
    { event: `order.${order.state}`, order: order.id },
    { clientId: `node-order-${start}-${order.id}-${order.state}` },
  );

async function handle(request, response) {
  const text = await read(request);
  if (request.method === "POST" && request.url === "/hooks/chat") {
    response.writeHead(await receive(request.headers, text, orders)).end();
    return;
  }
  const route = `${request.method} ${request.url}`;
  const cookie = /(?:^|; )session=([0-9a-f]+)/.exec(request.headers.cookie ?? "");
  const user = sessions.get(cookie?.[1]);
  if (!(route in routes)) return void response.writeHead(404).end();
  if (user === undefined && route !== "POST /login") return void response.writeHead(401).end();
  const body = text === "" ? {} : JSON.parse(text);
  const document = JSON.stringify(await routes[route]({ body, user, response }));
  response.writeHead(200, { "Content-Type": "application/json" }).end(document);
}

async function read(request) {
  const parts = [];
  let size = 0;
  for await (const part of request) {
    size += part.length;
    if (size > MAX_BODY) throw new Error("The body is too large.");
    parts.push(part);
  }
  return Buffer.concat(parts).toString("utf8");
}

createServer((request, response) => {
  handle(request, response).catch((error) => {
    console.error(error);
    if (!response.headersSent) response.writeHead(500);
    response.end();
  });
}).listen(PORT, "127.0.0.1", () => console.log(`http://127.0.0.1:${PORT}`));
