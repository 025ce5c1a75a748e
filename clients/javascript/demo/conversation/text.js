/** Builds the elements of a message's text, by DOM calls only. */

import { el } from "../parts/dom.js";
import { parse } from "./markdown.js";

const TAGS = { strong: "strong", em: "em", del: "del", code: "code", pre: "code" };
const FEW_EMOJI = /^(?:\p{Extended_Pictographic}[\p{Emoji_Modifier}\uFE0F\u200D]*\s?){1,3}$/u;

/** Builds the paragraph of a text. Its text content is the whole text; the style sheet hides the
 * markers. `names` are the names of the people whom the text may mention. */
export function shownText(text, names) {
  const isLarge = text.length < 20 && FEW_EMOJI.test(text);
  const shown = parse(text, names).map(shownNode);
  return el("p", { class: `text${isLarge ? " large" : ""}`, dir: "auto" }, shown);
}

function shownNode({ type, text, parts, href }) {
  if (type === "text") return text;
  if (type === "mark") return el("span", { class: "markup" }, text);
  const children = parts.map(shownNode);
  if (type === "link") {
    return el("a", { href, title: href, target: "_blank", rel: "noopener noreferrer" }, children);
  }
  return el(TAGS[type] ?? "span", { class: `md-${type}` }, children);
}
