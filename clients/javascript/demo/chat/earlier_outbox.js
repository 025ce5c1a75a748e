/** The unsent messages of a page of an earlier release, which stored them in `sessionStorage`. */

const PREFIX = "chat.outbox.";

/** Returns a storage that also adopts the messages of an earlier release. Each keeps its `client_id`,
 * so that a message which arrived is not stored twice. */
export function withEarlierMessages(stored, userId) {
  return {
    userId,
    open(user, adopt) {
      const opening = stored.open(user, adopt);
      const left = take(PREFIX + user);
      if (left.length > 0) adopt(left);
      return opening;
    },
    save: (items) => stored.save(items),
    close: () => stored.close(),
  };
}

function take(key) {
  const left = JSON.parse(sessionStorage.getItem(key) ?? "[]");
  sessionStorage.removeItem(key);
  return left.map(({ reply_to: replyTo, attachments = [], ...item }) =>
    Object.freeze({
      ...item,
      ...(replyTo && { reply_to: replyTo }),
      ...(attachments.length > 0 && { attachments }),
      error: null,
    }),
  );
}
