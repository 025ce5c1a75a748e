/** The parts of a client, which its constructor connects.
 *
 * @typedef {object} Parts
 * @property {() => string} userId empty until the first `hello`
 * @property {import("./connection/session.js").Session} session
 * @property {import("./connection/rest.js").Rest} rest
 * @property {import("./emitter.js").Emitter} emitter
 * @property {import("./conversations.js").Conversations} conversations
 * @property {import("./outbox.js").Outbox} outbox
 * @property {import("./sync/following.js").Following} following
 * @property {import("./sync/loading.js").Loading} loading
 * @property {import("./sync/syncing.js").Syncing} syncing
 * @property {import("./sync/catching_up.js").CatchingUp} catchingUp
 * @property {import("./sync/reading.js").Reading} reading
 * @property {import("./people/activity.js").Activity} activity
 * @property {import("./people/typing.js").TypingIndicators} typing
 * @property {import("./people/typing.js").TypingTeller} teller
 */

export {};
