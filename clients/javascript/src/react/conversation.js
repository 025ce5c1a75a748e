/** One conversation: its state, its messages, and who types in it. */

import { useCallback, useEffect, useMemo } from "react";
import { useChat } from "./context.js";
import { useSelection } from "./selection.js";

/**
 * @typedef {import("../followed.js").ConversationSnapshot} ConversationSnapshot
 *
 * @typedef {object} Messages
 * @property {readonly import("../model/conversation.js").Message[]} messages the stored ones, ascending
 *   by `seq`
 * @property {readonly import("../outbox.js").Pending[]} pending mine that are not stored yet: show them
 *   at the end
 * @property {boolean} isLoaded whether the latest messages are here
 * @property {boolean} hasOlder
 * @property {() => Promise<void>} loadOlder
 */

/** @type {ConversationSnapshot} */
const NOTHING = Object.freeze({
  id: "",
  state: "absent",
  conversation: null,
  messages: Object.freeze([]),
  pending: Object.freeze([]),
  receipts: Object.freeze({}),
  typing: Object.freeze([]),
  isLoaded: false,
  hasOlder: false,
});

/** Shows a conversation for as long as the component is mounted: its messages and read positions are
 * loaded, and kept. To send and to edit, use `useChat().conversation(id)`.
 * @param {string | null | undefined} id null: no conversation is chosen
 * @returns {ConversationSnapshot} */
export function useConversation(id) {
  useOpen(id);
  return useSelection(useConversationStore(id), whole);
}

/** Shows the messages of a conversation for as long as the component is mounted.
 * @param {string | null | undefined} id @returns {Messages} */
export function useMessages(id) {
  const chat = useChat();
  useOpen(id);
  const shown = useSelection(useConversationStore(id), selectMessages);
  const loadOlder = useCallback(
    () => (id ? chat.conversation(id).loadOlder() : Promise.resolve()),
    [chat, id],
  );
  return useMemo(() => ({ ...shown, loadOlder }), [shown, loadOlder]);
}

/** Returns the ids of the others who type in a conversation.
 * @param {string | null | undefined} id @returns {readonly string[]} */
export function useTyping(id) {
  return useSelection(useConversationStore(id), selectTyping);
}

/** @param {string | null | undefined} id */
function useOpen(id) {
  const chat = useChat();
  useEffect(() => {
    if (!id) return;
    const conversation = chat.conversation(id);
    conversation.open().catch(() => {}); // the state of the conversation says it
    return () => conversation.close();
  }, [chat, id]);
}

/** Asks the client for the conversation each time: until somebody subscribes, it may forget it.
 * @param {string | null | undefined} id */
function useConversationStore(id) {
  const chat = useChat();
  return useMemo(
    () => ({
      subscribe: (/** @type {() => void} */ listener) =>
        id ? chat.conversation(id).subscribe(listener) : () => {},
      getSnapshot: () => (id ? chat.conversation(id).getSnapshot() : NOTHING),
    }),
    [chat, id],
  );
}

/** @param {ConversationSnapshot} snapshot */
function whole(snapshot) {
  return snapshot;
}

/** @param {ConversationSnapshot} snapshot */
function selectMessages({ messages, pending, hasOlder, isLoaded }) {
  return { messages, pending, hasOlder, isLoaded };
}

/** @param {ConversationSnapshot} snapshot */
function selectTyping({ typing }) {
  return typing;
}
