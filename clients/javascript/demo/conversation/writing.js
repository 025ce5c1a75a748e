/** Connects the composer of the open conversation with its files, its emoji and its people. */

import { mayManage, othersIn } from "../chat/participants.js";
import { Composer } from "./composer.js";
import { EVERYONE } from "./mentions.js";
import { Uploads } from "./uploads.js";

const byId = (id) => document.getElementById(id);

export class Writing {
  #room;
  #me;
  #names;
  #emoji;
  #toast;
  #uploads;
  #composer;

  /** `room` is the open conversation; `files.note(attachment)` gets files that were uploaded; `send` and
   * `edit` are actions of the composer. */
  constructor({ chat, room, me, names, emoji, files, toast, send, edit }) {
    this.#room = room;
    this.#me = me;
    this.#names = names;
    this.#emoji = emoji;
    this.#toast = toast;
    this.#uploads = new Uploads({
      chat,
      list: byId("uploads"),
      onChange: () => this.#composer.uploadsChanged(),
      onReady: (attachment) => files.note(attachment),
    });
    this.#composer = new Composer({
      form: byId("composer-form"),
      input: byId("composer"),
      banner: byId("composer-banner"),
      completion: { list: byId("mention-list"), status: byId("mention-status") },
      names,
      uploads: this.#uploads,
      people: () => this.#people(),
      actions: {
        send,
        edit,
        editLast: () => this.#editLast(),
        typing: () => room.conversation?.typing(),
        idle: () => room.conversation?.stopTyping(),
        attach: (chosen) => this.#attach(chosen),
        refuse: toast,
      },
    });
    this.#listen();
  }

  show(conversationId) {
    this.#composer.show(conversationId);
  }

  focus() {
    this.#composer.focus();
  }

  reply(message) {
    this.#composer.reply(message);
  }

  edit(message) {
    this.#composer.edit(message);
  }

  giveBack(text) {
    this.#composer.giveBack(text);
  }

  /** Returns the people who can be mentioned. */
  #people() {
    const { data } = this.#room;
    const people = othersIn(data, this.#me).map((id) => ({ id, name: this.#names.of(id) }));
    const isForAll = data.kind === "group" && mayManage(data, this.#me);
    return [...people, ...(isForAll ? [{ id: EVERYONE, name: EVERYONE }] : [])];
  }

  #editLast() {
    const isMine = (one) => one.sender_id === this.#me && !one.deleted_at && one.text;
    const last = this.#room.messages.findLast(isMine);
    if (last) this.#composer.edit(last);
  }

  #attach(files) {
    if (this.#room.id === null || files.length === 0) return;
    const tooMany = this.#uploads.add(this.#room.id, files);
    if (tooMany > 0) this.#toast("A message takes ten files.");
    this.#composer.focus();
  }

  async #insertEmoji() {
    const emoji = await this.#emoji.open();
    if (emoji !== null) this.#composer.insert(emoji);
  }

  #listen() {
    const chooser = byId("attach-file");
    byId("attach").addEventListener("click", () => chooser.click());
    chooser.addEventListener("change", () => {
      const files = [...chooser.files];
      chooser.value = "";
      this.#attach(files);
    });
    byId("emoji").addEventListener("click", () => this.#insertEmoji());
    const target = byId("conversation");
    const isFile = ({ dataTransfer }) => dataTransfer.types.includes("Files");
    target.addEventListener("dragover", (event) => {
      if (!isFile(event)) return;
      event.preventDefault();
      target.classList.add("dropping");
    });
    target.addEventListener("dragleave", ({ relatedTarget }) => {
      if (!target.contains(relatedTarget)) target.classList.remove("dropping");
    });
    target.addEventListener("drop", (event) => {
      target.classList.remove("dropping");
      if (!isFile(event)) return;
      event.preventDefault();
      this.#attach([...event.dataTransfer.files]);
    });
  }
}
