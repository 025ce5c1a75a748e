/** The composer: writes new messages, replies and edits. */

import { Completion } from "./completion.js";

export class Composer {
  #form;
  #input;
  #banner;
  #names;
  #uploads;
  #completion;
  #actions;
  #conversationId = null;
  /** The message that is replied to or edited. */
  #mode = null;
  /** Whether to send as soon as all files are uploaded. */
  #isWaiting = false;
  /** By conversation id: its text, and the people who were chosen for the text. */
  #drafts = new Map();

  /** `people()` returns the people who can be mentioned. `actions`: `send({text, reply_to, mentions, mentions_all,
   * attachments})`, `edit(message, text)`, `editLast()`, `typing()`, `idle()`, `attach(files)`,
   * `refuse(text)` */
  constructor({ form, input, banner, completion, names, uploads, people, actions }) {
    this.#form = form;
    this.#input = input;
    this.#banner = banner;
    this.#names = names;
    this.#uploads = uploads;
    this.#actions = actions;
    this.#completion = new Completion({ ...completion, input, people, onChange: () => this.#typed() });
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
    input.addEventListener("input", () => this.#typed());
    input.addEventListener("keydown", (event) => this.#pressed(event));
    input.addEventListener("paste", (event) => this.#pasted(event));
    input.addEventListener("blur", () => {
      if (!input.value.trim()) actions.idle();
    });
    banner.querySelector("button").addEventListener("click", () => this.#leaveMode());
  }

  focus() {
    this.#input.focus();
  }

  /** Switches to another conversation. Each conversation keeps its draft. */
  show(conversationId) {
    if (conversationId === this.#conversationId) return;
    this.#leaveMode();
    this.#isWaiting = false;
    this.#drafts.set(this.#conversationId, { text: this.#input.value, chosen: this.#completion.chosen });
    this.#conversationId = conversationId;
    this.#uploads.show(conversationId);
    const draft = this.#drafts.get(conversationId);
    this.#completion.begin(draft?.chosen);
    this.#fill(draft?.text ?? "");
  }

  /** Puts a text that was not sent back into the input, unless there is another draft. */
  giveBack(text) {
    if (!this.#input.value) this.#fill(text);
    this.focus();
  }

  /** Puts a text at the caret. */
  insert(text) {
    this.#input.setRangeText(text, this.#input.selectionStart, this.#input.selectionEnd, "end");
    this.#typed();
    this.focus();
  }

  reply(message) {
    this.#leaveMode();
    this.#enterMode({ type: "reply", message }, `Reply to ${this.#names.here(message.sender_id)}`);
  }

  edit(message) {
    this.#leaveMode();
    this.#enterMode({ type: "edit", message, draft: this.#input.value }, "Edit message");
    this.#fill(message.text);
  }

  /** Handles the progress of files. */
  uploadsChanged() {
    this.#grow();
    const state = this.#uploads.state(this.#conversationId);
    if (state === "failed") this.#isWaiting = false;
    else if (state === "ready" && this.#isWaiting) this.#submit();
  }

  #enterMode(mode, title) {
    this.#mode = mode;
    this.#form.dataset.mode = mode.type;
    this.#banner.querySelector(".quote-who").textContent = title;
    this.#banner.querySelector(".quote-text").textContent = this.#names.said(mode.message);
    this.#banner.hidden = false;
    this.focus();
  }

  #leaveMode() {
    const draft = this.#mode?.draft;
    this.#mode = null;
    delete this.#form.dataset.mode;
    this.#banner.hidden = true;
    if (draft !== undefined) this.#fill(draft);
  }

  #submit() {
    const text = this.#input.value;
    if (this.#mode?.type === "edit") this.#edit(text);
    else this.#send(text);
  }

  #edit(text) {
    if (!text.trim()) return;
    const { message } = this.#mode;
    this.#leaveMode();
    if (text !== message.text) this.#actions.edit(message, text);
    this.focus();
  }

  #send(text) {
    const files = this.#uploads.state(this.#conversationId);
    if (files === "failed") this.#actions.refuse("Remove the file that could not be uploaded.");
    this.#isWaiting = files === "busy";
    if (this.#isWaiting || files === "failed" || (files === "none" && !text.trim())) return;
    const replyTo = this.#mode?.message.id;
    const attachments = this.#uploads.take(this.#conversationId);
    const { mentions, mentions_all: isForAll } = this.#completion.mentions(text);
    this.#leaveMode();
    this.#completion.begin();
    this.#fill("");
    this.#actions.send({
      text: text.trim() ? text : "", // spaces alone are no text
      ...(replyTo && { reply_to: replyTo }),
      ...(mentions.length > 0 && { mentions }),
      ...(isForAll && { mentions_all: true }),
      ...(attachments.length > 0 && { attachments }),
    });
    this.#actions.idle();
    this.focus();
  }

  #typed() {
    this.#grow();
    if (this.#mode?.type === "edit") return;
    if (this.#input.value.trim()) this.#actions.typing();
    else this.#actions.idle();
  }

  #pressed(event) {
    if (event.isComposing || this.#completion.pressed(event)) return;
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      this.#submit();
    } else if (event.key === "Escape" && this.#mode) {
      event.stopPropagation();
      this.#leaveMode();
    } else if (event.key === "ArrowUp" && !this.#input.value) {
      event.preventDefault();
      this.#actions.editLast();
    }
  }

  #pasted(event) {
    const { files } = event.clipboardData;
    if (files.length === 0) return;
    event.preventDefault();
    this.#actions.attach(files);
  }

  #fill(text) {
    this.#input.value = text;
    this.#grow();
  }

  /** Makes the input as high as its text; the style sheet sets the limit. */
  #grow() {
    this.#input.style.height = "auto";
    this.#input.style.height = `${this.#input.scrollHeight}px`;
    const hasFiles = this.#uploads.state(this.#conversationId) !== "none";
    this.#form.classList.toggle("empty", !this.#input.value.trim() && !hasFiles);
  }
}
