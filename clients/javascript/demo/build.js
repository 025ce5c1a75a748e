/** Builds the scripts of the demo page. The built scripts are committed, so that `make run` needs no Node.
 *
 * `node demo/build.js` writes them. `node demo/build.js --check` fails if they differ from what the source
 * builds.
 */

import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const STATIC = new URL("../../../chat/static/chat/demo/", import.meta.url);
/** The source of each built file. */
const FILES = { "demo.js": "main.js", "worker.js": "worker.js" };

const isCheck = process.argv.includes("--check");
let isFresh = true;
for (const [built, source] of Object.entries(FILES)) {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL(source, import.meta.url))],
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    charset: "utf8",
    write: false,
    banner: { js: "// Built from clients/javascript/demo by `make demo`." },
  });
  const { text } = outputFiles[0];
  const file = new URL(built, STATIC);
  if (!isCheck) await writeFile(file, text);
  else isFresh &&= (await readFile(file, "utf8").catch(() => "")) === text;
}
if (!isFresh) {
  console.error("The committed scripts of the demo page are not built from its source. Run `make demo`, and commit them.");
  process.exitCode = 1;
}
