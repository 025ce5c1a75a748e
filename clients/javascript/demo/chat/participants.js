/** The participants of a conversation, as one of them sees it. Above 50 people, `participants` is null until
 * the whole conversation is loaded. */

/** Returns the user ids of the other participants. */
export function othersIn({ participants }, me) {
  return (participants ?? []).map((one) => one.user_id).filter((id) => id !== me);
}

/** Returns the id that sets a conversation's colour: the other person's, or its own. */
export function colourId(conversation, me) {
  return conversation.kind === "direct" ? (othersIn(conversation, me)[0] ?? me) : conversation.id;
}

/** Returns whether a person may pin messages: owners and admins, and both in a direct conversation. */
export function mayPin(conversation, me) {
  return conversation.kind === "direct" || mayManage(conversation, me);
}

/** Returns whether a person is an owner or an admin. */
export function mayManage({ participants }, me) {
  const role = participants?.find((one) => one.user_id === me)?.role;
  return role === "owner" || role === "admin";
}
