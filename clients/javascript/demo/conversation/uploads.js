/** The files in the composer that are not sent yet: each with a preview and its progress. */

import { uploadFile } from "chat-client/files";
import { el, icon, keyed } from "../parts/dom.js";
import { bytes } from "../parts/words.js";

const CROSS = "M6 6l12 12M18 6L6 18";
/** What the server accepts in one message. */
const MAX_FILES = 10;

/**
 * @typedef {object} Upload
 * @property {File} file
 * @property {"uploading" | "checking" | "ready" | "failed"} state
 * @property {number} sent in bytes
 * @property {string | null} preview the address of a picture
 * @property {object | null} attachment once it is ready
 * @property {string | null} error
 */

export class Uploads {
  #chat;
  #rows;
  #onChange;
  #onReady;
  #nextId = 0;
  /** By conversation id. @type {Map<string, Upload[]>} */
  #uploads = new Map();
  #shownId = null;

  /** `list` is the element that shows the files. `onChange()` is called after every change,
   * `onReady(attachment)` after an upload. */
  constructor({ chat, list, onChange, onReady }) {
    this.#chat = chat;
    this.#rows = keyed(list);
    this.#onChange = onChange;
    this.#onReady = onReady;
  }

  /** Shows the files of a conversation. */
  show(conversationId) {
    this.#shownId = conversationId;
    this.#rows(this.#of(conversationId).map((upload) => this.#row(upload)));
  }

  /** Returns `none` without files; `busy` while some are uploaded; `ready` if all can be sent; `failed` if
   * some could not be uploaded. */
  state(conversationId) {
    const states = this.#of(conversationId).map((one) => one.state);
    if (states.length === 0) return "none";
    if (states.includes("failed")) return "failed";
    return states.every((one) => one === "ready") ? "ready" : "busy";
  }

  /** Begins to upload files. Returns how many were left out, because a message takes ten. */
  add(conversationId, files) {
    const before = this.#of(conversationId);
    const taken = [...files].slice(0, MAX_FILES - before.length);
    const added = taken.map((file) => ({
      id: (this.#nextId += 1),
      file,
      state: "uploading",
      sent: 0,
      preview: file.type.startsWith("image/") ? URL.createObjectURL(file) : null,
      attachment: null,
      error: null,
      controller: new AbortController(),
    }));
    this.#become(conversationId, [...before, ...added]);
    for (const upload of added) this.#upload(conversationId, upload);
    return files.length - taken.length;
  }

  /** Removes the files that are ready from the composer. Returns their ids. */
  take(conversationId) {
    const ready = this.#of(conversationId).filter((one) => one.state === "ready");
    for (const one of ready) forget(one);
    this.#become(conversationId, this.#of(conversationId).filter((one) => !ready.includes(one)));
    return ready.map((one) => one.attachment.id);
  }

  async #upload(conversationId, upload) {
    try {
      upload.attachment = await uploadFile(this.#chat, conversationId, upload.file, {
        signal: upload.controller.signal,
        onProgress: ({ state, sent }) => {
          // `ready` comes before the attachment is here.
          if (state !== "ready") this.#change(conversationId, upload, { state, sent });
        },
      });
      this.#onReady(upload.attachment);
      this.#change(conversationId, upload, { state: "ready" });
    } catch (error) {
      if (error.name !== "ChatError") throw error;
      const reason = error.errors[0]?.detail ?? error.message;
      this.#change(conversationId, upload, { state: "failed", error: reason });
    }
  }

  #change(conversationId, upload, changes) {
    Object.assign(upload, changes);
    this.#become(conversationId, this.#of(conversationId));
  }

  #remove(upload) {
    upload.controller.abort();
    forget(upload);
    this.#become(this.#shownId, this.#of(this.#shownId).filter((one) => one !== upload));
  }

  #of(conversationId) {
    return this.#uploads.get(conversationId) ?? [];
  }

  #become(conversationId, uploads) {
    if (uploads.length > 0) this.#uploads.set(conversationId, uploads);
    else this.#uploads.delete(conversationId);
    if (conversationId === this.#shownId) this.show(conversationId);
    this.#onChange();
  }

  #row(upload) {
    const { id, state, sent, error } = upload;
    return { key: id, parts: [state, sent, error], build: () => this.#build(upload) };
  }

  #build(upload) {
    const { file, state, sent, preview, error } = upload;
    const label = `Remove ${file.name}`;
    const remove = { type: "button", class: "icon-button", "aria-label": label, title: label };
    return el(
      "li",
      { class: `upload ${state}`, "data-testid": "upload", "data-state": state },
      preview ? el("img", { src: preview, alt: "" }) : null,
      el(
        "div",
        { class: "upload-text" },
        el("span", { class: "upload-name", dir: "auto" }, file.name),
        el("span", { class: "upload-state" }, error ?? STATES[state] ?? bytes(file.size)),
        state === "uploading"
          ? el("progress", { max: Math.max(1, file.size), value: sent, "aria-label": `Upload of ${file.name}` })
          : null,
      ),
      el("button", { ...remove, on: { click: () => this.#remove(upload) } }, icon(CROSS)),
    );
  }
}

const STATES = { uploading: "Uploading…", checking: "Checking…" };

function forget({ preview }) {
  if (preview) URL.revokeObjectURL(preview);
}
