/** The composer: writes new messages, replies and edits. */

export class Composer {
  #form;
  #input;
  #banner;
  #names;
  #actions;
  #conversationId = null;
  /** The message that is replied to or edited. */
  #mode = null;
  #drafts = new Map();

  /** `actions`: `send(text, replyTo)`, `edit(message, text)`, `editLast()`, `typing()`, `idle()` */
  constructor({ form, input, banner, names, actions }) {
    this.#form = form;
    this.#input = input;
    this.#banner = banner;
    this.#names = names;
    this.#actions = actions;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
    input.addEventListener("input", () => this.#typed());
    input.addEventListener("keydown", (event) => this.#pressed(event));
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
    this.#drafts.set(this.#conversationId, this.#input.value);
    this.#conversationId = conversationId;
    this.#fill(this.#drafts.get(conversationId) ?? "");
  }

  /** Restores a text that was not sent, unless there is another draft. */
  giveBack(text) {
    if (!this.#input.value) this.#fill(text);
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

  #enterMode(mode, title) {
    this.#mode = mode;
    this.#form.dataset.mode = mode.type;
    this.#banner.querySelector(".quote-who").textContent = title;
    this.#banner.querySelector(".quote-text").textContent = mode.message.text;
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
    if (!text.trim()) return;
    const mode = this.#mode;
    this.#leaveMode();
    if (mode?.type === "edit") {
      if (text !== mode.message.text) this.#actions.edit(mode.message, text);
    } else {
      this.#fill("");
      this.#actions.send(text, mode?.message.id ?? null);
    }
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
    if (event.isComposing) return;
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

  #fill(text) {
    this.#input.value = text;
    this.#grow();
  }

  /** Makes the input as high as its text; the style sheet sets the limit. */
  #grow() {
    this.#input.style.height = "auto";
    this.#input.style.height = `${this.#input.scrollHeight}px`;
    this.#form.classList.toggle("empty", !this.#input.value.trim());
  }
}
