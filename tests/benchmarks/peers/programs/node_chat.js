// A chat as users of `ws` write it: PostgreSQL stores, Redis distributes, one INSERT a message.
// With `batched` it also does what the product does: the messages that wait for a conversation are
// stored in one commit and published at once, and each socket gets them in one write.

"use strict";

const http = require("http");
const { WebSocketServer, Sender } = require("ws");
const Redis = require("ioredis");
const { Pool } = require("pg");
const { created, HELLO } = require("./event.js");

const [port, mode] = process.argv.slice(2);
const pool = new Pool({ connectionString: process.env.POSTGRES_URL });
const publisher = new Redis(process.env.REDIS_URL);
const subscriber = new Redis(process.env.REDIS_URL);
const rooms = new Map();
const queues = new Map();

const TABLE = `CREATE TABLE IF NOT EXISTS messages (
  id bigserial PRIMARY KEY, conversation_id text NOT NULL, sender_id text NOT NULL,
  client_id text NOT NULL, text text NOT NULL, created_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (conversation_id, sender_id, client_id))`;
const INSERT = `INSERT INTO messages (conversation_id, sender_id, client_id, text)
  VALUES ($1, $2, $3, $4) RETURNING id`;
const INSERT_MANY = `INSERT INTO messages (conversation_id, sender_id, client_id, text)
  SELECT $1, * FROM unnest($2::text[], $3::text[], $4::text[]) RETURNING id`;

async function store({ to, sender, id, text }) {
  const { rows } = await pool.query({
    name: "insert",
    text: INSERT,
    values: [to, sender, id, text],
  });
  publisher.publish(to, JSON.stringify(created(to, Number(rows[0].id), text, sender)));
}

/** Store a message with the others that wait for its conversation. */
function storeBatched(message) {
  return new Promise((resolve, reject) => {
    const queue = queues.get(message.to);
    if (queue) {
      queue.push({ message, resolve, reject });
    } else {
      queues.set(message.to, [{ message, resolve, reject }]);
      commitAll(message.to);
    }
  });
}

async function commitAll(to) {
  while (queues.get(to).length) {
    const batch = queues.get(to);
    queues.set(to, []);
    const field = (name) => batch.map(({ message }) => message[name]);
    try {
      const { rows } = await pool.query({
        name: "insert-many",
        text: INSERT_MANY,
        values: [to, field("sender"), field("id"), field("text")],
      });
      const events = batch.map(({ message: { text, sender } }, place) =>
        JSON.stringify(created(to, Number(rows[place].id), text, sender)),
      );
      publisher.publish(to, events.join("\n"));
      for (const { resolve } of batch) resolve();
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }
  queues.delete(to);
}

function deliver(channel, data) {
  for (const socket of rooms.get(channel.toString()) ?? []) socket.send(data, { binary: false });
}

function deliverBatched(channel, data) {
  const frames = data
    .toString()
    .split("\n")
    .flatMap((event) =>
      Sender.frame(Buffer.from(event), {
        fin: true,
        opcode: 1,
        mask: false,
        readOnly: true,
        rsv1: false,
      }),
    );
  const bytes = Buffer.concat(frames);
  for (const socket of rooms.get(channel.toString()) ?? []) {
    if (socket.readyState === socket.OPEN) socket._socket.write(bytes);
  }
}

const save = mode === "batched" ? storeBatched : store;
subscriber.on("messageBuffer", mode === "batched" ? deliverBatched : deliver);

async function onCommand(socket, user, command) {
  try {
    if (command.do === "send") await save({ ...command, sender: user });
    socket.send(JSON.stringify({ type: "reply", id: command.id }));
  } catch (error) {
    socket.send(JSON.stringify({ type: "error", id: command.id, detail: String(error) }));
  }
}

function queryOf(request) {
  return new URL(request.url, "http://localhost").searchParams;
}

const server = http.createServer((request, response) => {
  const query = queryOf(request);
  const parts = [];
  request.on("data", (part) => parts.push(part));
  request.on("end", async () => {
    const { client_id: id, text } = JSON.parse(Buffer.concat(parts));
    let status = 201;
    try {
      await save({ to: query.get("conversation"), sender: query.get("user"), id, text });
    } catch (error) {
      status = 503;
    }
    const body = JSON.stringify({ id, text });
    response.writeHead(status, {
      "content-type": "application/json",
      "content-length": Buffer.byteLength(body),
    });
    response.end(body);
  });
});

const sockets = new WebSocketServer({ server });
sockets.on("connection", async (socket, request) => {
  const query = queryOf(request);
  const room = query.get("conversation");
  const user = query.get("user");
  socket.on("message", (data) => onCommand(socket, user, JSON.parse(data)));
  socket.on("close", () => rooms.get(room)?.delete(socket));
  if (!rooms.has(room)) {
    rooms.set(room, new Set());
    await subscriber.subscribe(room);
  }
  rooms.get(room).add(socket);
  socket.send(HELLO);
});

pool.query(TABLE).then(() => server.listen(Number(port), "127.0.0.1"));
