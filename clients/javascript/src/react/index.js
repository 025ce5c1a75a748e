/** `chat-client/react`: hooks, for React 18 or newer.
 *
 * Each hook renders again only if what it returns has changed. They are safe in strict mode and with
 * concurrent rendering. Where the page is rendered on a server, they return the client's present state.
 */

export { ChatProvider, useChat } from "./context.js";
export { useConnection, useConversations, useUnread } from "./list.js";
export { useConversation, useMessages, useTyping } from "./conversation.js";
export { usePeople, usePresence } from "./people.js";

/**
 * @typedef {import("./list.js").Unread} Unread
 * @typedef {import("./conversation.js").Messages} Messages
 */
