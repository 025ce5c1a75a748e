// A client on the `ws` package of Node: opens a socket, sends what a browser and a library would,
// and writes what came back as one JSON object.

const WebSocket = require("ws");

const [, , url, token] = process.argv;
const socket = new WebSocket(url, ["chat.v1", `bearer.${token}`], { perMessageDeflate: true });
const seen = { frames: [], pongs: [] };

socket.on("open", () => {
  seen.protocol = socket.protocol;
  seen.extensions = socket.extensions;
});
socket.on("pong", (data) => seen.pongs.push(data.toString()));
socket.on("message", (data, binary) => {
  const frame = JSON.parse(data.toString());
  seen.frames.push([frame.type, frame.id ?? null, binary]);
  if (frame.type === "hello") {
    socket.ping("here");
    socket.send('{"id": 1, "type": "ping"}');
    socket.send('{"id": 2, ', { fin: false });
    socket.ping("between");
    socket.send('"type": "ping"}', { fin: true });
    socket.send(`{"id": 3, "type": "ping"${" ".repeat(60_000)}}`);
    socket.send(Buffer.from("{}"), { binary: true });
    socket.send('{"id": 4, "type": "ping"}');
  } else if (frame.id === 4) {
    socket.close(1000, "done");
  }
});
socket.on("close", (code) => console.log(JSON.stringify({ ...seen, code })));
socket.on("error", (error) => console.log(JSON.stringify({ error: String(error) })));
