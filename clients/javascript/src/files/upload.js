/** Uploads one file: announces it, sends its bytes to the storage, and has it checked. */

import { pause, retryDelay } from "../delays.js";
import { ChatError, noAnswer } from "../errors.js";

/**
 * @typedef {import("../../schema/rest.js").components["schemas"]["AttachmentState"]} Attachment
 *
 * @typedef {object} UploadOptions
 * @property {string} [filename] the name of the file, if it has none of its own
 * @property {string} [contentType] its type, if it names none of its own
 * @property {(progress: UploadProgress) => void} [onProgress]
 * @property {AbortSignal} [signal] aborting it ends the upload
 *
 * @typedef {{state: "uploading" | "checking" | "ready", sent: number, size: number}} UploadProgress
 *   `sent` and `size` in bytes
 */

const MAX_ATTEMPTS = 20;
/** How often the bytes are sent: a storage that refuses them would refuse them again. */
const MAX_UPLOADS = 3;

/** Uploads a file, and resolves to its attachment: `send({text, attachments: [attachment.id]})`.
 * Rejects with a `ChatError`: `errors` says what is wrong with the file; the code is `aborted` after
 * `signal`.
 * @param {import("../client.js").ChatClient} chat
 * @param {string} conversationId
 * @param {Blob & {name?: string}} file
 * @param {UploadOptions} [options]
 * @returns {Promise<Attachment>} */
export function uploadFile(chat, conversationId, file, options = {}) {
  const { signal } = options;
  return new Promise((resolve, reject) => {
    const abort = () => reject(aborted());
    signal?.addEventListener("abort", abort, { once: true });
    if (signal?.aborted) abort();
    upload(chat, conversationId, file, options)
      .then(resolve, reject)
      .finally(() => signal?.removeEventListener("abort", abort));
  });
}

/** @param {import("../client.js").ChatClient} chat @param {string} conversationId
 * @param {Blob & {name?: string}} file @param {UploadOptions} options @returns {Promise<Attachment>} */
async function upload(chat, conversationId, file, options) {
  const { signal } = options;
  const onProgress = (/** @type {UploadProgress} */ progress) => {
    if (!signal?.aborted) options.onProgress?.(progress);
  };
  const { size } = file;
  const body = {
    conversation_id: conversationId,
    filename: options.filename ?? file.name ?? "file",
    content_type: options.contentType ?? (file.type || "application/octet-stream"),
    size,
  };
  const post = (/** @type {string} */ path, /** @type {{body?: object}} */ fields = {}) =>
    repeat(() => chat.request("POST", path, fields), MAX_ATTEMPTS, signal);
  const { attachment, upload: target } = await post("attachments", { body });
  const send = () => put(target, file, (sent) => onProgress({ state: "uploading", sent, size }), signal);
  await repeat(send, MAX_UPLOADS, signal);
  onProgress({ state: "checking", sent: size, size });
  const checked = await post(`attachments/${encodeURIComponent(attachment.id)}/complete`);
  onProgress({ state: "ready", sent: size, size });
  return checked.attachment;
}

/** Repeats what a repetition cannot harm. @template T
 * @param {() => Promise<T>} work @param {number} attempts @param {AbortSignal} [signal]
 * @returns {Promise<T>} */
async function repeat(work, attempts, signal) {
  for (let attempt = 1; ; attempt += 1) {
    if (signal?.aborted) throw aborted();
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof ChatError) || !error.passing || attempt === attempts) throw error;
      await pause(retryDelay(error, attempt - 1));
    }
  }
}

/** @param {{method: string, url: string, headers: Record<string, string>}} upload
 * @param {Blob} file @param {(sent: number) => void} onSent @param {AbortSignal} [signal] */
async function put({ method, url, headers }, file, onSent, signal) {
  onSent(0);
  // `fetch` does not tell how far it is. Service workers and Node have nothing else.
  const send = typeof XMLHttpRequest === "undefined" ? sendByFetch : sendByXhr;
  const status = await send({ method, url, headers, file, onSent, signal });
  if (signal?.aborted) throw aborted();
  if (status === 0) throw noAnswer("The storage cannot be reached.");
  if (status >= 400) {
    const detail = `The storage refused the file (status ${status}).`;
    throw new ChatError({ code: "upload_refused", status, detail });
  }
  onSent(file.size);
}

/**
 * @typedef {object} Sending
 * @property {string} method
 * @property {string} url
 * @property {Record<string, string>} headers
 * @property {Blob} file
 * @property {(sent: number) => void} onSent
 * @property {AbortSignal} [signal]
 */

/** Resolves to the status; 0 if there was no answer. @param {Sending} sending
 * @returns {Promise<number>} */
function sendByXhr({ method, url, headers, file, onSent, signal }) {
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    const abort = () => request.abort();
    request.upload.onprogress = ({ loaded }) => onSent(Math.min(loaded, file.size));
    request.onloadend = () => {
      signal?.removeEventListener("abort", abort);
      resolve(request.status);
    };
    request.open(method, url);
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    signal?.addEventListener("abort", abort);
    request.send(file);
  });
}

/** @param {Sending} sending */
async function sendByFetch({ method, url, headers, file, signal }) {
  try {
    return (await fetch(url, { method, headers, body: file, signal })).status;
  } catch {
    return 0;
  }
}

function aborted() {
  return new ChatError({ code: "aborted", detail: "The upload was aborted." });
}
