// Bun's own server with its topics: one process, no Redis.

"use strict";

const { fan, HELLO } = require("./event.js");

const [port] = process.argv.slice(2);

const server = Bun.serve({
  hostname: "127.0.0.1",
  port: Number(port),
  fetch: (request, own) => {
    const room = new URL(request.url).searchParams.get("conversation");
    if (!own.upgrade(request, { data: { room } })) return new Response("no socket");
  },
  websocket: {
    backpressureLimit: 64 * 1024 * 1024,
    open: (socket) => {
      socket.subscribe(socket.data.room);
      socket.send(HELLO);
    },
    message: (socket, text) => {
      const { do: what, to, id, ...rest } = JSON.parse(text);
      if (what === "fan") {
        for (const event of fan({ to, ...rest })) server.publish(to, JSON.stringify(event));
        return;
      }
      if (what === "typing") {
        socket.publish(to, JSON.stringify({ type: "typing.started", conversation_id: to }));
      }
      socket.send(JSON.stringify({ type: "reply", id }));
    },
  },
});
