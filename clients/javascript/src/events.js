/** The events of a client, by type.
 *
 * `message` and `message.changed` come once for each change, in order, whether it came live or was
 * fetched after a break. Where a conversation is loaded anew, they do not come for what was missed:
 * after more than 1,000 missed changes, after a removal, and after a restore of the store. The other
 * events are never repeated.
 *
 * @typedef {import("../schema/frames.js").Message} Message
 * @typedef {import("./connection/session.js").ConnectionState} ConnectionState
 * @typedef {import("./errors.js").ChatError} ChatError
 *
 * @typedef {{type: "message", conversation_id: string, message: Message}} MessageEvent
 *   a new message, one's own included
 * @typedef {{type: "message.changed", conversation_id: string, message: Message}} MessageChangedEvent
 *   an edit, a deletion, a pin or a reaction: the message as it is now
 * @typedef {{type: "conversation.added", conversation_id: string}} AddedEvent
 *   the person is in this conversation now, and it is loaded
 * @typedef {{type: "conversation.removed", conversation_id: string}} RemovedEvent
 *   the person is no longer in this conversation
 * @typedef {{type: "typing.started" | "typing.stopped", conversation_id: string, user_id: string}} TypingEvent
 *   another person began or ended to type
 * @typedef {{type: "presence.changed", user_id: string, status: "online" | "reachable" | "offline", last_active_at: string | null}} PresenceEvent
 *   a watched person came or went: see `chat-client/presence`
 * @typedef {{type: "receipt.updated", conversation_id: string, user_id: string, read_seq: number, delivered_seq: number}} ReceiptEvent
 *   a person's devices got messages, or the person read them
 * @typedef {{type: "send.failed", conversation_id: string, client_id: string, error: ChatError}} SendFailedEvent
 *   the server refused a message for good
 * @typedef {{type: "connection", state: ConnectionState}} ConnectionEvent
 *   the connection has another state
 * @typedef {{type: "restored"}} RestoredEvent
 *   the store was restored from a backup: everything is loaded anew
 *
 * @typedef {MessageEvent | MessageChangedEvent | AddedEvent | RemovedEvent | TypingEvent
 *   | PresenceEvent | ReceiptEvent | SendFailedEvent | ConnectionEvent | RestoredEvent} ChatEvent
 */

/**
 * The event of a type; `*` stands for all.
 * @template {ChatEvent["type"] | "*"} K
 * @typedef {K extends "*" ? ChatEvent : Extract<ChatEvent, {type: K}>} EventOf
 */

export {};
