// A bot in ten lines, with the package `chat-client`: it signs in as a person, hears by the socket,
// and answers every text in every conversation that it is in.

import { ChatClient } from "chat-client";

const { CHAT_TOKEN, CHAT_URL = "http://127.0.0.1:8000" } = process.env;

if (!CHAT_TOKEN) throw new Error("Set CHAT_TOKEN to a token, see README.md.");

const chat = new ChatClient({ url: CHAT_URL, token: () => CHAT_TOKEN });
// It hears as long as this prints `live`. `signed_out`: the chat refuses the token.
chat.on("connection", ({ state }) => console.log(state));
chat.connect();
for await (const { type, conversation_id: id, message } of chat.events()) {
  // A message without a text is a file, or reports a change of the conversation.
  if (type !== "message" || !message.text || message.sender_id === chat.userId) continue;
  const answer = chat.conversation(id).send(`You said: ${message.text}`);
  answer.catch((error) => console.error(error.message)); // such as: only admins may write there
}
