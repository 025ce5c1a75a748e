/** The dialogs: start a conversation, manage a group, confirm a deletion. */

import { mayManage } from "../chat/participants.js";
import { avatar } from "./avatar.js";
import { el } from "./dom.js";

const byId = (id) => document.getElementById(id);

/** Asks for confirmation. Resolves to true if the person confirms. */
export function confirm(question, yes) {
  const dialog = byId("confirm-dialog");
  byId("confirm-question").textContent = question;
  byId("confirm-yes").textContent = yes;
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    const answer = () => resolve(dialog.returnValue === "yes");
    dialog.addEventListener("close", answer, { once: true });
  });
}

export class Dialogs {
  #people;
  #names;
  #me;
  #actions;
  #shown = null;

  /** `actions`: `startDirect(userId)`, `startGroup(title, userIds)`, `rename(title)`,
   * `add(userId)`, `remove(userId)`, `leave()`. */
  constructor({ people, names, me, actions }) {
    this.#people = people.filter(({ user_id: id }) => id !== me);
    this.#names = names;
    this.#me = me;
    this.#actions = actions;
    for (const button of document.querySelectorAll("dialog [data-close]")) {
      button.addEventListener("click", () => button.closest("dialog").close());
    }
    byId("new-direct").addEventListener("click", () => this.#openDirect());
    byId("new-group").addEventListener("click", () => this.#openGroup());
    byId("group-form").addEventListener("submit", () => this.#startGroup());
    byId("title-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#actions.rename(byId("title-input").value.trim());
    });
    byId("leave").addEventListener("click", () => {
      byId("details-dialog").close();
      this.#actions.leave();
    });
  }

  /** Opens the details of a group. */
  openDetails(conversation) {
    byId("title-input").value = conversation.title ?? "";
    this.#shown = null;
    this.renderDetails(conversation);
    byId("details-dialog").showModal();
  }

  /** Updates the open details. */
  renderDetails(conversation) {
    const dialog = byId("details-dialog");
    if (!conversation || conversation.kind !== "group") {
      dialog.close();
      return;
    }
    const { participants } = conversation;
    const names = (participants ?? []).map((one) => this.#names.of(one.user_id));
    const shown = JSON.stringify([conversation.id, participants, names]);
    if (shown === this.#shown) return;
    this.#shown = shown;
    const members = participants ?? [];
    const may = mayManage(conversation, this.#me);
    const there = members.map((member) => member.user_id);
    const missing = this.#people.filter(({ user_id: id }) => !there.includes(id));
    byId("title-form").hidden = !may;
    byId("member-list").replaceChildren(...members.map((member) => this.#member(member, may)));
    byId("add-list").replaceChildren(...missing.map(({ user_id: id }) => this.#adder(id)));
    byId("add-section").hidden = !may || missing.length === 0;
  }

  #member({ user_id: id, role }, may) {
    const remove = el(
      "button",
      { type: "button", class: "link danger", on: { click: () => this.#actions.remove(id) } },
      "Remove",
    );
    return el(
      "li",
      { class: "person" },
      this.#avatar(id),
      el("span", { class: "person-name" }, this.#names.here(id)),
      el("span", { class: "role" }, role === "member" ? "" : role),
      may && id !== this.#me && role !== "owner" ? remove : null,
    );
  }

  #adder(id) {
    const click = () => this.#actions.add(id);
    const add = el("button", { type: "button", class: "link", on: { click } }, "Add");
    const name = el("span", { class: "person-name" }, this.#names.of(id));
    return el("li", { class: "person" }, this.#avatar(id), name, add);
  }

  #openDirect() {
    const choices = this.#people.map(({ user_id: id, name }) => {
      const click = () => {
        byId("direct-dialog").close();
        this.#actions.startDirect(id);
      };
      const properties = { type: "button", class: "choice", on: { click } };
      return el("li", {}, el("button", properties, this.#avatar(id), el("span", {}, name)));
    });
    byId("direct-list").replaceChildren(...choices);
    byId("direct-dialog").showModal();
  }

  #openGroup() {
    byId("group-form").reset();
    const choices = this.#people.map(({ user_id: id, name }) => {
      const box = el("input", { type: "checkbox", name: "people", value: id });
      const shown = [box, this.#avatar(id), el("span", {}, name)];
      return el("li", {}, el("label", { class: "choice" }, ...shown));
    });
    byId("group-list").replaceChildren(...choices);
    byId("group-dialog").showModal();
  }

  #startGroup() {
    const form = new FormData(byId("group-form"));
    this.#actions.startGroup(form.get("title").trim(), form.getAll("people"));
  }

  #avatar(id) {
    return avatar(id, this.#names.of(id), { small: true });
  }
}
