/** A page with a client, as tests/clients/javascript/test_stored_outbox.py and test_files.py drive it. */

import { FileAddresses, uploadFile } from "../../src/files/index.js";
import { StoredOutbox } from "../../src/outbox_storage/index.js";
import { ChatClient } from "../../src/index.js";

const failures = [];
const parameters = new URLSearchParams(location.search);
let userId = parameters.get("user");

const chat = new ChatClient({
  url: location.origin,
  token: async () => (await fetch(`/token?user=${userId}`)).text(),
  outbox: new StoredOutbox({
    userId: parameters.get("stored_for") ?? undefined,
    onFailure: (error) => failures.push(String(error)),
  }),
});

const addresses = new FileAddresses(chat);

window.page = {
  /** Sends a message with a text file of this size; the steps of the upload. */
  sendFile: async (id, size) => {
    const steps = [];
    const file = new File(["tea\n".repeat(size / 4)], "tea.txt", { type: "text/plain" });
    const attachment = await uploadFile(chat, id, file, { onProgress: (step) => steps.push(step) });
    await chat.conversation(id).send({ text: "", attachments: [attachment.id] });
    const { url } = await addresses.get(id, attachment.id);
    const content = await (await fetch(url)).text();
    return { steps, attachment: attachment.id, received: content.length };
  },
  /** Begins to upload a file, and ends it when a part is sent; the code of the error. */
  abortFile: async (id) => {
    const aborting = new AbortController();
    const file = new File(["tea\n".repeat(2_000_000)], "tea.txt", { type: "text/plain" });
    const onProgress = ({ sent }) => sent > 0 && aborting.abort();
    return uploadFile(chat, id, file, { onProgress, signal: aborting.signal }).catch(({ code }) => code);
  },
  send: (id, text) => void chat.conversation(id).send(text).catch(() => {}),
  pending: () => chat.pending.map(({ text, error }) => text + (error ? ` (${error.code})` : "")),
  state: () => chat.connection.getSnapshot().state,
  failures: () => failures,
  discard: () => chat.pending.forEach((one) => chat.conversation(one.conversation_id).discard(one.client_id)),
  disconnect: () => chat.disconnect(),
  connect: () => chat.connect(),
  /** Signs another person in. */
  become: (other) => {
    chat.disconnect();
    userId = other;
    chat.connect();
  },
};
chat.connect();
