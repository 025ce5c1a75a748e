/** `chat-client`: see README.md. */

export { ChatClient } from "./client.js";
export { ChatError } from "./errors.js";

/**
 * @typedef {import("./client.js").Options} ChatClientOptions
 * @typedef {import("./connection/session.js").Connection} Connection
 * @typedef {import("./connection/session.js").ConnectionState} ConnectionState
 * @typedef {import("./conversation.js").Conversation} Conversation
 * @typedef {import("./followed.js").ConversationSnapshot} ConversationSnapshot
 * @typedef {import("./conversations.js").ListSnapshot} ListSnapshot
 * @typedef {import("./model/conversation.js").ConversationData} ConversationData
 * @typedef {import("./model/conversation.js").Message} Message
 * @typedef {import("./outbox.js").Draft} Draft
 * @typedef {import("./outbox.js").Pending} Pending
 * @typedef {import("./events.js").ChatEvent} ChatEvent
 */
