/** Sentences for the server's decision whether to push a message, and for its reason. */

const WORDS = {
  absent: "You were not connected",
  not_acknowledged: "You did not look at it within eight seconds",
  not_a_participant: "You were not in the conversation",
  deleted: "The message was deleted",
  read: "You had read it",
  acknowledged: "You were looking at this page",
  muted: "You had muted the conversation",
  not_mentioned: "It did not mention you",
  notifications_off: "You had turned notifications off",
  quiet_hours: "It was within your quiet hours",
  blocked: "You had blocked the sender",
  no_device: "You had no phone",
  stale: "The message was too old",
};
const VERDICTS = { sent: "It rang", dropped: "It did not ring", failed: "The push failed" };

/** Returns a sentence about `{verdict, reason}`. */
export function inWords({ verdict, reason }) {
  if (verdict === "pending") return "It is not decided yet, or no longer known.";
  const why = WORDS[reason];
  return why ? `${VERDICTS[verdict]}. ${why}.` : `${VERDICTS[verdict]}.`;
}

/** Returns the line below a notification on the lock screen; an empty text if the reason is unknown. */
export function why({ reason }) {
  return WORDS[reason] ? `${WORDS[reason]}.` : "";
}

/** Asks the demo server about a message to me. It is not part of the API. Resolves to
 * `{verdict, reason}`. Rejects with a `ChatError`. */
export async function askAboutPush(chat, { conversation_id: id, message_id: messageId }) {
  const [conversation, message] = [id, messageId].map(encodeURIComponent);
  return (await chat.request("GET", `/demo/pushes/${conversation}/${message}`)).push;
}
