/** What is unread in a conversation: pure, without input or output. */

/**
 * @typedef {import("../model/conversation.js").Message} Message
 * @typedef {import("../model/conversation.js").ConversationData} ConversationData
 */

/** Returns the `seq` of the first message that may be unread; null if all are read. The message that
 * the person marked as unread counts, with all after it.
 * @param {ConversationData} conversation @returns {number | null} */
export function firstUnread({ seq, read_seq, marked_unread, visible_from, uncounted }) {
  if (marked_unread !== null) return marked_unread;
  let first = Math.max(read_seq + 1, visible_from);
  for (const [from, to] of uncounted) if (from <= first && first <= to) first = to + 1;
  return first <= seq ? first : null;
}

/** Returns whether a message above the read position counts as unread.
 * @param {Message} message @param {string | null} me my user id */
export function isUnread({ deleted_at, kind, sender_id }, me) {
  return !deleted_at && kind !== "system" && sender_id !== me;
}
