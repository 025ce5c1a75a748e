/** Mentions in the composer: the people who match what is typed after an @. Pure: it needs no document. */

import { namesIn, parse } from "./markdown.js";

const AT_END = /(?:^|[\s(])@([\p{L}\p{M}\p{N}_.-]{0,30})$/u;
const MAX_OFFERED = 6;
/** The name and id that mention everybody. Only an owner or admin may use it. */
export const EVERYONE = "everyone";

/** Returns what was typed after the @ before the caret; null if there is none.
 * @param {string} text @param {number} caret @returns {string | null} */
export function queryAt(text, caret) {
  return AT_END.exec(text.slice(0, caret))?.[1] ?? null;
}

/** Returns the people whose name has a word that begins with the query, in any case and with any accents.
 * @template {{name: string}} T
 * @param {readonly T[]} people @param {string} query @returns {T[]} */
export function matching(people, query) {
  const wanted = folded(query);
  const fits = ({ name }) => folded(name).split(/[\s-]+/u).some((word) => word.startsWith(wanted));
  return people.filter(fits).slice(0, MAX_OFFERED);
}

/** Replaces the query before the caret by a name.
 * @param {string} text @param {number} caret @param {string} name */
export function completed(text, caret, name) {
  const start = caret - (queryAt(text, caret) ?? "").length;
  const before = `${text.slice(0, start)}${name} `;
  return { text: before + text.slice(caret).replace(/^ /, ""), caret: before.length };
}

/** Returns the mentions of a text, as fields of a message.
 * @param {string} text @param {ReadonlyMap<string, string>} chosen user ids by name
 * @returns {{mentions: string[], mentions_all: boolean}} */
export function mentionsOf(text, chosen) {
  const named = new Set(namesIn(parse(text, [...chosen.keys()])));
  const ids = [...named].map((name) => chosen.get(name));
  return { mentions: ids.filter((id) => id !== EVERYONE), mentions_all: ids.includes(EVERYONE) };
}

function folded(text) {
  return text.normalize("NFD").replaceAll(/\p{M}/gu, "").toLowerCase();
}
