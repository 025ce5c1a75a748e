/** The files of messages: a thumbnail or a name, each a link. */

import { FileAddresses } from "chat-client/files";
import { el } from "../parts/dom.js";
import { bytes } from "../parts/words.js";

export class Files {
  #addresses;
  /** The files that this page has uploaded, by attachment id. */
  #uploaded = new Map();

  constructor(chat) {
    this.#addresses = new FileAddresses(chat);
  }

  /** Remembers a file of mine: a message that is not stored yet has only the ids of its files. */
  note(attachment) {
    this.#uploaded.set(attachment.id, attachment);
  }

  /** Shows the files of a message. */
  show({ id, conversation_id: conversationId, attachments }) {
    if (id) return attachments.map((attachment) => this.#link(conversationId, attachment));
    return attachments.map((one) => {
      const { filename = "File", size = 0 } = this.#uploaded.get(one) ?? {};
      return el("span", { class: "file named" }, named(filename, size));
    });
  }

  #link(conversationId, { id, filename, size, has_thumbnail: hasThumbnail, width, height }) {
    const image = hasThumbnail ? el("img", { alt: filename, ...thumbnailSize(width, height) }) : null;
    const link = el(
      "a",
      { class: image ? "file" : "file named", "data-testid": "file", target: "_blank", rel: "noopener noreferrer" },
      ...(image ? [image] : named(filename, size)),
    );
    const renew = async () => {
      const found = await this.#addresses.get(conversationId, id).catch(() => null);
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

function named(filename, size) {
  return [
    el("span", { class: "file-name", dir: "auto" }, `📄 ${filename}`),
    size > 0 ? el("span", { class: "file-size" }, bytes(size)) : null,
  ];
}

/** Returns the size on the page. It is set before the image is loaded, so that nothing moves. */
function thumbnailSize(width, height) {
  const scale = Math.min(1, 240 / Math.max(width, height));
  return {
    width: Math.max(1, Math.round(width * scale)),
    height: Math.max(1, Math.round(height * scale)),
  };
}
