/** The parts of a client that a conversation uses.
 *
 * @typedef {object} Parts
 * @property {import("./connection/session.js").Session} session
 * @property {import("./connection/rest.js").Rest} rest
 * @property {import("./outbox.js").Outbox} outbox
 * @property {import("./sync/loading.js").Loading} loading
 * @property {import("./sync/reading.js").Reading} reading
 * @property {import("./people/typing.js").TypingIndicators} typing
 * @property {import("./people/typing.js").TypingTeller} typingTeller
 * @property {(message: import("./model/conversation.js").Message,
 *   reaction?: import("./model/reactions.js").Reaction) => void} keep keeps a message of a reply
 * @property {(conversation: import("./followed.js").Followed) => void} changed
 * @property {() => string} userId
 */

export {};
