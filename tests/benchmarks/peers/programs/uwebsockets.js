// uWebSockets for Node, with its own topics: one process, no Redis.

"use strict";

const { App } = require("uwebsockets");
const { fan, HELLO } = require("./event.js");

const [port] = process.argv.slice(2);
const decoder = new TextDecoder();

function handle(app, socket, { do: what, to, id, ...rest }) {
  if (what === "fan") {
    for (const event of fan({ to, ...rest })) app.publish(to, JSON.stringify(event));
    return;
  }
  if (what === "typing") {
    socket.publish(to, JSON.stringify({ type: "typing.started", conversation_id: to }));
  }
  socket.send(JSON.stringify({ type: "reply", id }));
}

const app = App();
app.ws("/*", {
  maxBackpressure: 64 * 1024 * 1024,
  upgrade: (response, request, context) =>
    response.upgrade(
      { room: new URLSearchParams(request.getQuery()).get("conversation") },
      request.getHeader("sec-websocket-key"),
      request.getHeader("sec-websocket-protocol"),
      request.getHeader("sec-websocket-extensions"),
      context,
    ),
  open: (socket) => {
    socket.subscribe(socket.getUserData().room);
    socket.send(HELLO);
  },
  message: (socket, data) => handle(app, socket, JSON.parse(decoder.decode(data))),
});
app.listen("127.0.0.1", Number(port), (listening) => {
  if (!listening) process.exit(1);
});
