// The receiver of webhooks (https://www.standardwebhooks.com): verified, and each event once.

import { Webhook } from "standardwebhooks";
import * as chat from "./chat.js";

const handled = new Map(); // the id of an event -> the promise of its handling

// Return the status of the answer. An error leads to a repeat, which has the same webhook-id.
export async function receive(headers, body, orders) {
  let event;
  try {
    event = new Webhook(process.env.CHAT_WEBHOOK_SECRET ?? "").verify(body, headers);
  } catch {
    return 400;
  }
  const id = headers["webhook-id"];
  if (!handled.has(id)) handled.set(id, handle(event, id, orders));
  try {
    await handled.get(id);
  } catch (error) {
    handled.delete(id);
    throw error;
  }
  return 204;
}

async function handle(event, id, orders) {
  if (event.type === "message.created") await answer(event.data.message, id, orders);
}

// Count the messages of people, and answer the question for the state of an order.
async function answer(message, eventId, orders) {
  // The answers of this site come back as events, too.
  if (message.kind !== "text" || message.sender_id.startsWith("service:")) return;
  const order = orders.find((one) => one.conversationId === message.conversation_id);
  if (order === undefined) return;
  if (message.text.trim().toLowerCase() === "status?") {
    // If this event is repeated after a crash, the client_id keeps it from answering twice.
    const text = `Order ${order.id}: ${order.item} is ${order.state}.`;
    await chat.sendText(order.conversationId, text, { clientId: eventId.slice(-128) });
  }
  order.messages += 1;
}
