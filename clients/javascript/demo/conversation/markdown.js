/** Parses the markup that people type in messages. Pure: it needs no document.
 *
 * The tree keeps the whole text: the texts of its leaves, joined, are the parsed text. A marker, such as
 * `**`, is a leaf of its own, which the page hides. Any text is valid.
 */

import { VISIBLE } from "../parts/words.js";

/**
 * @typedef {{type: "text" | "mark", text: string}} Leaf `mark`: not shown
 * @typedef {{type: "strong" | "em" | "del" | "code" | "pre" | "quote" | "item" | "mention", parts: Node[]}} Branch
 * @typedef {{type: "link", href: string, parts: Node[]}} Link
 * @typedef {Leaf | Branch | Link} Node
 */

/** A web address ends before a character that would change the writing direction. */
const ADDRESS = /https?:\/\/[^\s<>"'\p{Bidi_Control}]*[^\s<>"'.,;:!?)\]*_~\p{Bidi_Control}]/uy;
const NAMED_LINK = /\[([^[\]\n]{1,200})\]\((https?:\/\/[^\s<>"'()\p{Bidi_Control}]{1,2000})\)/uy;
/** A label that looks like an address could name another one than that of its link. */
const LOOKS_LIKE_ADDRESS = /:\/\/|www\.|\.\p{L}{2}|\p{Bidi_Control}/iu;
const FENCE = /^```[^`\n]*$/;
const END_OF_FENCE = /^```\s*$/;
const QUOTED = /^> ?/;
const ITEM = /^[-*] /;
const WORD = /[\p{L}\p{N}_]/u;
/** Longer markers first. */
const MARKERS = [
  ["**", "strong"],
  ["~~", "del"],
  ["`", "code"],
  ["*", "em"],
  ["_", "em"],
];
const MAX_DEPTH = 4;
/** How many ends of a marker are tried: a text cannot make the page slow. */
const MAX_TRIES = 50;

/** Parses a text. `names` are the names of the people whom the text may mention: `@` and such a name
 * are a mention.
 * @param {string} text @param {readonly string[]} [names] @returns {Node[]} */
export function parse(text, names = []) {
  const lines = text.split(/(?<=\n)/);
  const fenceEnds = nextFenceEnds(lines);
  const longestFirst = [...names].sort((one, other) => other.length - one.length);
  const nodes = [];
  for (let at = 0; at < lines.length; ) {
    const end = endOfFence(lines, at, fenceEnds[at]);
    if (end > 0) {
      nodes.push(fenced(lines.slice(at, end)));
      at = end;
    } else if (begins(lines[at], QUOTED)) {
      const from = at;
      while (at < lines.length && begins(lines[at], QUOTED)) at += 1;
      nodes.push(quoted(lines.slice(from, at), longestFirst));
    } else if (begins(lines[at], ITEM)) {
      const [line, newline] = withoutNewline(lines[at]);
      const parts = [mark(line.slice(0, 2)), ...inline(line.slice(2), longestFirst), ...newline];
      nodes.push({ type: "item", parts });
      at += 1;
    } else {
      nodes.push(...inline(lines[at], longestFirst));
      at += 1;
    }
  }
  return joined(nodes);
}

/** Returns the names that nodes mention. @param {readonly Node[]} nodes @returns {string[]} */
export function namesIn(nodes) {
  const names = ({ type, parts }) => (type === "mention" ? [textOf(parts).slice(1)] : namesIn(parts ?? []));
  return nodes.flatMap(names);
}

/** Returns the text from which nodes were parsed. @param {readonly Node[]} nodes @returns {string} */
export function textOf(nodes) {
  return nodes.map((node) => node.text ?? textOf(node.parts)).join("");
}

/** Returns a text without its markup, for one line. @param {string} text @returns {string} */
export function plainText(text) {
  return shownOf(parse(text)).replace(/\s+/gu, " ").trim() || text;
}

/** Returns the text without its marks. A mark that contains a newline becomes a space. */
function shownOf(nodes) {
  return nodes
    .map(({ type, text, parts }) => {
      if (type === "mark") return text.includes("\n") ? " " : "";
      return text ?? shownOf(parts);
    })
    .join("");
}

function mark(text) {
  return { type: "mark", text };
}

/** Whether a line begins with a marker, and has visible text after it. */
function begins(line, marker) {
  return marker.test(line) && VISIBLE.test(line.replace(marker, ""));
}

/** A block ends its line by itself, so that a newline after it would be an empty line. */
function withoutNewline(line) {
  return line.endsWith("\n") ? [line.slice(0, -1), [mark("\n")]] : [line, []];
}

/** Returns, for each line, the index of the next line that ends a block of code; -1 if there is none. */
function nextFenceEnds(lines) {
  const ends = [];
  let next = -1;
  for (let at = lines.length - 1; at >= 0; at -= 1) {
    ends[at] = next;
    if (END_OF_FENCE.test(lines[at])) next = at;
  }
  return ends;
}

/** The index after the last line of the block of code that begins here; 0 if none does. `last` is the
 * next line that could end it. */
function endOfFence(lines, at, last) {
  if (!FENCE.test(lines[at].trimEnd())) return 0;
  return last > at && VISIBLE.test(lines.slice(at + 1, last).join("")) ? last + 1 : 0;
}

function fenced(lines) {
  const code = lines.slice(1, -1).join("").slice(0, -1);
  const parts = [mark(lines[0]), { type: "text", text: code }, mark(`\n${lines.at(-1)}`)];
  return { type: "pre", parts };
}

function quoted(lines, names) {
  const parts = lines.flatMap((line, index) => {
    const [{ length }] = line.match(QUOTED);
    const [rest, newline] = index === lines.length - 1 ? withoutNewline(line) : [line, []];
    return [mark(line.slice(0, length)), ...inline(rest.slice(length), names), ...newline];
  });
  return { type: "quote", parts };
}

/** Parses a part of one line. */
function inline(text, names, depth = 0) {
  const nodes = [];
  let plain = 0;
  for (let at = 0; at < text.length; ) {
    const found = nodeAt(text, at, names, depth);
    if (!found) {
      at += 1;
      continue;
    }
    if (at > plain) nodes.push({ type: "text", text: text.slice(plain, at) });
    nodes.push(found);
    at = plain = at + textOf([found]).length;
  }
  if (text.length > plain) nodes.push({ type: "text", text: text.slice(plain) });
  return nodes;
}

function nodeAt(text, at, names, depth) {
  const sign = text[at];
  if (sign === "h") return address(text, at);
  if (sign === "[") return namedLink(text, at);
  if (sign === "@") return mention(text, at, names);
  if (!"*~`_".includes(sign) || depth === MAX_DEPTH) return null;
  for (const [marker, type] of MARKERS) {
    if (!text.startsWith(marker, at)) continue;
    const end = endOf(text, at, marker);
    if (end === -1) continue;
    const inner = text.slice(at + marker.length, end);
    const parts = type === "code" ? [{ type: "text", text: inner }] : inline(inner, names, depth + 1);
    return { type, parts: [mark(marker), ...parts, mark(marker)] };
  }
  return null;
}

/** Returns the index of the marker that closes the marker at `at`; -1 if there is none. */
function endOf(text, at, marker) {
  const from = at + marker.length;
  const isCode = marker === "`";
  if (text[from] === marker[0]) return -1;
  if (!isCode && (isWord(text[at - 1]) || !isInside(text[from], marker))) return -1;
  let end = text.indexOf(marker, from + 1);
  for (let tries = 0; end !== -1 && tries < MAX_TRIES; tries += 1) {
    const closes = isCode || (isInside(text[end - 1], marker) && !isWord(text[end + marker.length]));
    if (closes && VISIBLE.test(text.slice(from, end))) return end;
    end = text.indexOf(marker, end + 1);
  }
  return -1;
}

function isWord(character) {
  return character !== undefined && WORD.test(character);
}

function isInside(character, marker) {
  return character !== undefined && !/\s/.test(character) && character !== marker[0];
}

function address(text, at) {
  ADDRESS.lastIndex = at;
  const found = ADDRESS.exec(text);
  return found && { type: "link", href: found[0], parts: [{ type: "text", text: found[0] }] };
}

function namedLink(text, at) {
  NAMED_LINK.lastIndex = at;
  const found = NAMED_LINK.exec(text);
  if (!found) return null;
  const [, label, href] = found;
  if (!VISIBLE.test(label) || LOOKS_LIKE_ADDRESS.test(label)) return null;
  return { type: "link", href, parts: [mark("["), { type: "text", text: label }, mark(`](${href})`)] };
}

function mention(text, at, names) {
  const name = names.find((one) => text.startsWith(one, at + 1));
  return name ? { type: "mention", parts: [{ type: "text", text: `@${name}` }] } : null;
}

/** Joins texts that follow each other. */
function joined(nodes) {
  const result = [];
  for (const node of nodes) {
    const last = result.at(-1);
    if (node.type === "text" && last?.type === "text") last.text += node.text;
    else result.push(node);
  }
  return result;
}
