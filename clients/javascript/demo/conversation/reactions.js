/** The reactions that a menu offers, and the row of buttons with the reactions of a message. */

import { el } from "../parts/dom.js";

/** The reactions that the menu of a message offers, with their names. */
export const OFFERED = [
  ["👍", "thumbs up"],
  ["❤️", "a heart"],
  ["😂", "tears of joy"],
  ["🎉", "a party popper"],
];

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
        "aria-label": `${emoji} ${count}: ${who}`,
        title: who,
        on: { click: () => toggle(emoji, !mine) },
      },
      `${emoji} ${count}`,
    );
  };
  return el("span", { class: "reactions" }, entries.map(button));
}
