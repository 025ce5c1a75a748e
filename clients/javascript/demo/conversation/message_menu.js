/** What a person may do with a message. */

import { mayPin } from "../chat/participants.js";
import { confirm } from "../parts/dialogs.js";
import { OFFERED } from "./reactions.js";

/** Returns the choices of the menu of a message. `actions`: `reply()`, `edit()`, `remove()`,
 * `react(emoji)`, `pick()` (resolves to an emoji or null), `pin(isPinned)`,
 * `aboutDelivery()`, `aboutPush()` (null if nobody can tell). */
export function messageChoices(message, conversation, me, actions) {
  const isPinned = message.pinned_at !== null;
  const pin = {
    label: isPinned ? "Unpin" : "Pin",
    testid: "pin-message",
    action: () => actions.pin(!isPinned),
  };
  const more = async () => {
    const emoji = await actions.pick();
    if (emoji !== null) actions.react(emoji);
  };
  const choices = [
    ...OFFERED.map(([emoji, name]) => ({
      label: emoji,
      name: `React with ${name}`,
      testid: `react-${emoji}`,
      action: () => actions.react(emoji),
    })),
    { label: "+", name: "More reactions", testid: "react-more", action: more },
    { label: "Reply", testid: "reply", action: actions.reply },
    ...(mayPin(conversation, me) ? [pin] : []),
  ];
  if (message.sender_id !== me) {
    const { aboutPush } = actions;
    const about = { label: "Did my phone ring?", testid: "about-push", action: aboutPush };
    return aboutPush ? [...choices, about] : choices;
  }
  const remove = async () => {
    if (await confirm("Delete this message for everybody?", "Delete")) await actions.remove();
  };
  return [
    ...choices,
    { label: "Who has it", testid: "about-delivery", action: actions.aboutDelivery },
    { label: "Edit", testid: "edit", action: actions.edit },
    { label: "Delete", testid: "delete", danger: true, action: remove },
  ];
}
