/** What holds for one person in a conversation, as far as no event tells it. */

/** Returns whether a new message ends the archiving of a conversation: a message of somebody else,
 * or only a mention if the person gets no push for every message. */
export function endsArchiving({ notify, muted_until: mutedUntil }, message, me) {
  if (message.sender_id === me || message.kind === "system" || message.deleted_at) return false;
  const rings = notify === "all" && !(mutedUntil && Date.parse(mutedUntil) > Date.now());
  return rings || message.mentions_all || message.mentions.includes(me);
}

/** Returns the person's settings in a conversation, from a conversation object. */
export function ownSettings({ muted_until, notify, pinned, archived }) {
  return { muted_until, notify, pinned, archived };
}
