/** The markup of the demo page. */

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parse, plainText, textOf } from "../demo/conversation/markdown.js";
import { VISIBLE } from "../demo/parts/words.js";

/** Returns the visible nodes as `type(parts)`. */
function shape(nodes) {
  return nodes
    .filter((node) => node.type !== "mark")
    .map((node) => node.text ?? `${node.type}(${shape(node.parts)})`)
    .join("");
}

/** Returns the visible text. */
function visible(nodes) {
  return nodes
    .filter((node) => node.type !== "mark")
    .map((node) => node.text ?? visible(node.parts))
    .join("");
}

const CASES = [
  ["a **b** c", "a strong(b) c"],
  ["*a* _b_ ~~c~~ `d`", "em(a) em(b) del(c) code(d)"],
  ["**a *b* c**", "strong(a em(b) c)"],
  ["snake_case_name and 2*3*4", "snake_case_name and 2*3*4"],
  ["a ** b ** c", "a ** b ** c"],
  ["`**a**`", "code(**a**)"],
  ["****", "****"],
  ["**\u200b**", "**\u200b**"],
  ["see https://a.example/b_c_d.", "see link(https://a.example/b_c_d)."],
  ["[tea](https://a.example)", "link(tea)"],
  ["[b.example](https://a.example)", "[b.example](link(https://a.example))"],
  ["[a](javascript:alert(1))", "[a](javascript:alert(1))"],
  ["> one\n> two\nthree", "quote(one\ntwo)three"],
  ["- one\n- two", "item(one)item(two)"],
  ["```js\nlet a;\n```\nafter", "pre(let a;)after"],
  ["```\nno end", "```\nno end"],
  ["@Bob and @bob", "mention(@Bob) and @bob"],
  ["<b>no</b>", "<b>no</b>"],
];

for (const [text, expected] of CASES) {
  test(JSON.stringify(text), () => assert.equal(shape(parse(text, ["Bob", "Bo"])), expected));
}

const PLAIN = [
  ["a **b** `c` [tea](https://a.example)", "a b c tea"],
  ["> one\n- two\n- three", "one two three"],
  ["now:\n```js\nlet a;\n```", "now: let a;"],
  ["****", "****"],
  [" ", " "],
];

for (const [text, expected] of PLAIN) {
  test(`on one line: ${JSON.stringify(text)}`, () => assert.equal(plainText(text), expected));
}

const SIGNS = fc.constantFrom(..."*_~`[]()>-@\n \u200bab", "**", "```\n", "https://a.example", "> ", "- ");
const TEXTS = fc.oneof(
  fc.string({ unit: "binary", maxLength: 200 }),
  fc.array(SIGNS, { maxLength: 60 }).map((signs) => signs.join("")),
);

test("the tree keeps the whole text, and shows a part of it", () => {
  fc.assert(
    fc.property(TEXTS, (text) => {
      const nodes = parse(text, ["ab"]);
      assert.equal(textOf(nodes), text);
      assert.equal(VISIBLE.test(visible(nodes)), VISIBLE.test(text));
    }),
    { numRuns: 2000 },
  );
});

test("no text takes long", () => {
  for (const sign of ["*a", "**", "_a_", "`", "[", "[a](", "> ", "- ", "```\n", "```js\n", "~~a", "@", "https://a"]) {
    const began = process.cpuUsage();
    parse(sign.repeat(200_000 / sign.length), ["Bob"]);
    const { user } = process.cpuUsage(began); // microseconds
    assert.ok(user < 1_000_000, `${sign}: ${user} µs`);
  }
});
