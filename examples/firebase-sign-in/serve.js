/** Builds the page, and serves it. */

import esbuild from "esbuild";
import { serveAccounts } from "./accounts.js";

const {
  ACCOUNTS_PORT = "9099",
  CHAT_URL = "http://127.0.0.1:8000",
  FIREBASE_AUTH_EMULATOR_HOST: emulator,
  FIREBASE_CONFIG: config,
  GOOGLE_CLOUD_PROJECT: project = "demo-chat",
  PORT = "8500",
} = process.env;

// Without a project of Firebase and without its emulator, the accounts are in this process.
let accounts = emulator;
if (!config && !emulator) accounts = await serveAccounts(Number(ACCOUNTS_PORT), project);

const context = await esbuild.context({
  entryPoints: ["src/main.js"],
  outfile: "public/bundle.js",
  bundle: true,
  format: "esm",
  sourcemap: "inline",
  define: {
    AUTH_EMULATOR: JSON.stringify(accounts ? `http://${accounts}` : null),
    CHAT_URL: JSON.stringify(CHAT_URL),
    FIREBASE_CONFIG: config ?? JSON.stringify({ apiKey: "demo", projectId: project }),
  },
  write: false,
});
await context.serve({ host: "127.0.0.1", port: Number(PORT), servedir: "public" });
console.log(`Open http://127.0.0.1:${PORT}. The chat is at ${CHAT_URL}.`);
console.log(accounts ? `The accounts are at ${accounts}.` : "The accounts are Firebase's.");
