// Node `ws` with Redis between instances, as its users write it: publish, receive, send to each.

"use strict";

const { WebSocketServer } = require("ws");
const Redis = require("ioredis");
const { fan, HELLO } = require("./event.js");

const [port] = process.argv.slice(2);
const publisher = new Redis(process.env.REDIS_URL);
const subscriber = new Redis(process.env.REDIS_URL);
const rooms = new Map();

subscriber.on("messageBuffer", (channel, data) => {
  for (const socket of rooms.get(channel.toString()) ?? []) {
    socket.send(data, { binary: false });
  }
});

function handle(socket, { do: what, to, id, ...rest }) {
  if (what === "fan") {
    for (const event of fan({ to, ...rest })) publisher.publish(to, JSON.stringify(event));
    return;
  }
  if (what === "typing") {
    publisher.publish(to, JSON.stringify({ type: "typing.started", conversation_id: to }));
  }
  socket.send(JSON.stringify({ type: "reply", id }));
}

const server = new WebSocketServer({ host: "127.0.0.1", port: Number(port) });
server.on("connection", async (socket, request) => {
  const room = new URL(request.url, "http://localhost").searchParams.get("conversation");
  socket.on("message", (data) => handle(socket, JSON.parse(data)));
  socket.on("close", () => rooms.get(room)?.delete(socket));
  if (!rooms.has(room)) {
    rooms.set(room, new Set());
    await subscriber.subscribe(room);
  }
  rooms.get(room).add(socket);
  socket.send(HELLO);
});
