/** Reactions: which are one's own, and the row of buttons below a message. */

import { el } from "./dom.js";

/** The reactions that the menu of a message offers. */
export const OFFERED = ["👍", "❤️", "😂", "🎉"];

/**
 * Returns a person's own reactions to a message that does not name them: `message` comes from an
 * event. `before` is what was known, and `act` the person's own act in the event, if it is theirs.
 */
export function ownReactions(message, me, before = [], act = null) {
  const known = new Set(before);
  if (act?.added) known.add(act.emoji);
  else if (act) known.delete(act.emoji);
  const own = ([emoji, { count, user_ids: people }]) =>
    people.includes(me) || (people.length < count && known.has(emoji));
  return Object.entries(message.reactions ?? {}).filter(own).map(([emoji]) => emoji);
}

/** Builds a button for each reaction of a message. `toggle(emoji, present)` is called on a click. */
export function reactionRow({ reactions, my_reactions: own = [] }, names, toggle) {
  const entries = Object.entries(reactions ?? {});
  if (entries.length === 0) return null;
  const button = ([emoji, { count, user_ids: people }]) => {
    const mine = own.includes(emoji);
    const who = names.list(people) + (people.length < count ? " …" : "");
    return el(
      "button",
      {
        type: "button",
        class: "reaction",
        "data-testid": "reaction",
        "aria-pressed": String(mine),
        "aria-label": `${emoji} ${count}`,
        title: who,
        on: { click: () => toggle(emoji, !mine) },
      },
      `${emoji} ${count}`,
    );
  };
  return el("span", { class: "reactions" }, entries.map(button));
}
