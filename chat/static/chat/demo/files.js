/** Files in messages: uploads them, and shows those of others. */

import { pause, waitAfter } from "./backoff.js";
import { el } from "./dom.js";
import { ChatError } from "./errors.js";

const RENEW_BEFORE = 60 * 1000;
const CHECKS = 20;

export class Files {
  #api;
  #addresses = new Map();

  constructor({ api }) {
    this.#api = api;
  }

  /** Uploads a file, and returns the id of its attachment once the server has checked it. */
  async upload(conversationId, file) {
    const { attachment, upload } = await this.#api.announceFile({
      conversation_id: conversationId,
      filename: file.name,
      content_type: file.type || "application/octet-stream",
      size: file.size,
    });
    await put(upload, file);
    await this.#complete(attachment.id);
    return attachment.id;
  }

  /** The server checks in the background: an answer may take several requests. */
  async #complete(id) {
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await this.#api.completeFile(id);
      } catch (error) {
        if (!error.passing || attempt === CHECKS) throw error;
        await pause(waitAfter(error, attempt));
      }
    }
  }

  /** Returns the present addresses of a file; null if it may not be seen any more. */
  async address(conversationId, id) {
    let found = this.#addresses.get(id);
    if (!found || Date.parse(found.expires_at) - Date.now() < RENEW_BEFORE) {
      [found = null] = (await this.#api.listFiles(conversationId, [id])).items;
      this.#addresses.set(id, found);
    }
    return found;
  }

  /** Shows the files of a message: a thumbnail or a name, each a link. */
  show({ conversation_id: conversationId, attachments }) {
    return attachments.map((attachment) => this.#link(conversationId, attachment));
  }

  #link(conversationId, { id, filename, has_thumbnail: hasThumbnail, width, height }) {
    const image = hasThumbnail ? el("img", { alt: filename, ...thumbnailSize(width, height) }) : null;
    const link = el(
      "a",
      { class: "file", "data-testid": "file", target: "_blank", rel: "noopener noreferrer" },
      image ?? el("span", { dir: "auto" }, filename),
    );
    const renew = async () => {
      const found = await this.address(conversationId, id).catch(() => null);
      if (!found) return;
      link.href = found.url;
      if (image && !image.src) image.src = found.thumbnail_url;
    };
    // An address works for ten minutes, so a link is renewed before it is used.
    for (const type of ["pointerenter", "focus"]) link.addEventListener(type, renew);
    renew();
    return link;
  }
}

async function put({ method, url, headers }, file) {
  let response;
  try {
    response = await fetch(url, { method, headers, body: file });
  } catch {
    throw new ChatError({ detail: "The file could not be uploaded." });
  }
  if (!response.ok) {
    throw new ChatError({ status: response.status, detail: "The file could not be uploaded." });
  }
}

/** The size on the page is known before the image is loaded, so nothing moves. */
function thumbnailSize(width, height) {
  const scale = Math.min(1, 240 / Math.max(width, height));
  return {
    width: Math.max(1, Math.round(width * scale)),
    height: Math.max(1, Math.round(height * scale)),
  };
}
