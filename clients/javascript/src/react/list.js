/** The list of conversations, what is unread in it, and the state of the connection. */

import { useSyncExternalStore } from "react";
import { useChat } from "./context.js";
import { useSelection } from "./selection.js";

/**
 * @typedef {import("../conversations.js").ListSnapshot} ListSnapshot
 *
 * @typedef {object} Unread
 * @property {number} messages the unread messages of all conversations
 * @property {number} conversations those with an unread message, or with an unread mark
 * @property {number} mentions the conversations with an unread mention of me
 */

/** Returns the conversations, the latest activity first. An item stays the same object until it changes.
 * @returns {ListSnapshot} */
export function useConversations() {
  return useStore(useChat().conversations);
}

/** Returns whether there is a connection, and how good it is.
 * @returns {import("../connection/session.js").Connection} */
export function useConnection() {
  return useStore(useChat().connection);
}

/** Returns how much is unread, for a title or a badge. @returns {Unread} */
export function useUnread() {
  return useSelection(useChat().conversations, countUnread);
}

/** @template S @param {import("../store.js").Observable<S>} store */
function useStore({ subscribe, getSnapshot }) {
  return useSyncExternalStore(subscribe, getSnapshot, getSnapshot);
}

/** @param {ListSnapshot} list @returns {Unread} */
function countUnread({ items }) {
  return {
    messages: items.reduce((sum, one) => sum + one.unread_count, 0),
    conversations: items.filter((one) => one.unread_count > 0 || one.marked_unread !== null).length,
    mentions: items.filter((one) => one.mentioned_seq !== null).length,
  };
}
