// socket.io with its Redis adapter: rooms, and `emit` to a room.

"use strict";

const { createServer } = require("http");
const { Server } = require("socket.io");
const { createAdapter } = require("@socket.io/redis-adapter");
const Redis = require("ioredis");
const { fan } = require("./event.js");

const [port] = process.argv.slice(2);
const publisher = new Redis(process.env.REDIS_URL);
const http = createServer();
const io = new Server(http, { transports: ["websocket"], perMessageDeflate: false });
io.adapter(createAdapter(publisher, publisher.duplicate()));

io.on("connection", (socket) => {
  const room = socket.handshake.query.conversation;
  socket.join(room);
  socket.on("fan", (command) => {
    for (const event of fan(command)) io.to(command.to).emit("message", event);
  });
  socket.on("ping", ({ id }) => socket.emit("reply", { type: "reply", id }));
  socket.on("typing", ({ to, id }) => {
    socket.to(to).emit("typing", { type: "typing.started", conversation_id: to });
    socket.emit("reply", { type: "reply", id });
  });
  socket.emit("hello", { type: "hello" });
});

http.listen(Number(port), "127.0.0.1");
