/** Lets the checking suite speak to the client in Node. */

import { createInterface } from "node:readline";
import { answered } from "./acts.js";

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(answered(JSON.parse(line)))}\n`);
}
