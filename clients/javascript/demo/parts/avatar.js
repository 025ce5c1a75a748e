/** Avatars: the first letter of a name, in a colour that an id always has. */

import { el } from "./dom.js";
import { hue, initial } from "./words.js";

/** Builds an avatar, hidden from assistive technology: the name stands beside it. `isThere`: with a dot
 * for a person who is online. */
export function avatar(id, name, { small = false, group = false, isThere = false } = {}) {
  const shape = `${small ? " small" : ""}${group ? " group" : ""}${isThere ? " there" : ""}`;
  return el("span", { class: `avatar${shape} hue-${hue(id)}`, "aria-hidden": "true" }, initial(name));
}

/** Turns an element of the page into an avatar. */
export function becomeAvatar(element, id, name, { group = false } = {}) {
  element.textContent = initial(name);
  element.className = `avatar hue-${hue(id)}${group ? " group" : ""}`;
}
