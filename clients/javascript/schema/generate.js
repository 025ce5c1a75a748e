/** Generates the types of REST from docs/openapi.yaml, and those of the socket's frames from
 * docs/asyncapi.yaml: `npm run schema`. `--check` writes nothing, and fails if a file is stale. */

import { readFile, writeFile } from "node:fs/promises";
import { load } from "js-yaml";
import { compile } from "json-schema-to-typescript";
import openapiTS, { astToString } from "openapi-typescript";

const DOCS = new URL("../../../docs/", import.meta.url);
const REF = "#/components/schemas/";
const CAPTION = "/* Generated from docs/$: `npm run schema` writes this file. Do not edit it. */\n\n";

async function restTypes() {
  return astToString(await openapiTS(new URL("openapi.yaml", DOCS), { alphabetize: true }));
}

/** One interface for each message and schema, and `Frames`, which lists them by their kind. */
async function frameTypes() {
  const { components } = load(await readFile(new URL("asyncapi.yaml", DOCS), "utf8"));
  const kinds = { commands: {}, replies: {}, events: {}, error: null };
  const definitions = {};
  const define = (name, schema) => {
    definitions[name] = open(schema);
    return { $ref: `#/definitions/${name}` };
  };
  for (const [name, schema] of Object.entries(components.schemas)) define(name, schema);
  for (const [name, { payload }] of Object.entries(components.messages)) {
    const title = pascal(name);
    const { properties } = payload;
    if (name === "error") kinds.error = define("ErrorReply", payload);
    else if (name.endsWith(".reply")) kinds.replies[name.slice(0, -6)] = define(title, payload);
    else if (properties.event_id) kinds.events[name] = define(`${title}Event`, payload);
    else kinds.commands[name] = define(`${title}Command`, payload);
  }
  const root = object({
    commands: object(kinds.commands),
    replies: object(kinds.replies),
    events: object(kinds.events),
    error: kinds.error,
  });
  return compile({ ...root, title: "Frames", definitions }, "Frames", {
    bannerComment: "",
    additionalProperties: false,
    format: false,
  });
}

function object(properties) {
  const required = Object.keys(properties);
  return { type: "object", properties, required, additionalProperties: false };
}

/** Renames references, which then stand alone: with a description, each would become a copy of the
 * type. Leaves out what only documents, and bounds that types cannot state. */
function open(schema) {
  const dropped = ["example", "maxItems", "minItems", "title"];
  return JSON.parse(JSON.stringify(schema), (key, value) => {
    if (value?.$ref) return { $ref: `#/definitions/${value.$ref.slice(REF.length)}` };
    return dropped.includes(key) && typeof value !== "object" ? undefined : value;
  });
}

function pascal(name) {
  return name.replace(/(^|[._])(\w)/g, (_, _separator, letter) => letter.toUpperCase());
}

async function main() {
  const check = process.argv.includes("--check");
  let stale = 0;
  for (const [name, source, make] of [
    ["rest.d.ts", "openapi.yaml", restTypes],
    ["frames.d.ts", "asyncapi.yaml", frameTypes],
  ]) {
    const file = new URL(name, import.meta.url);
    const text = CAPTION.replace("$", source) + (await make());
    if (!check) await writeFile(file, text);
    else if ((await readFile(file, "utf8")) !== text) {
      console.error(`schema/${name} is older than docs/${source}: run \`make schema\`.`);
      stale = 1;
    }
  }
  process.exitCode = stale;
}

await main();
