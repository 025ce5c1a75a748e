/** Builds the page, and serves it. */

import esbuild from "esbuild";

const { CHAT_URL = "http://127.0.0.1:8000", PORT = "8300" } = process.env;

const context = await esbuild.context({
  entryPoints: ["src/main.jsx"],
  outfile: "public/bundle.js",
  bundle: true,
  format: "esm",
  jsx: "automatic",
  sourcemap: "inline",
  define: { CHAT_URL: JSON.stringify(CHAT_URL) },
  alias: { react: "./node_modules/react" }, // chat-client is a link here, and has one of its own
  write: false,
});
await context.serve({ host: "127.0.0.1", port: Number(PORT), servedir: "public" });
console.log(`Open http://127.0.0.1:${PORT}. The chat is at ${CHAT_URL}.`);
