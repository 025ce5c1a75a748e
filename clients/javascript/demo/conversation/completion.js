/** The list of people that opens at an @ in the composer. */

import { avatar } from "../parts/avatar.js";
import { el } from "../parts/dom.js";
import { completed, EVERYONE, matching, mentionsOf, queryAt } from "./mentions.js";

export class Completion {
  #input;
  #list;
  #status;
  #people;
  #onChange;
  /** The people whom the person chose for this text: their ids by name. */
  #chosen = new Map();
  #offered = [];
  #at = 0;

  /** `list` is a listbox, `status` a live region; `people()` returns the people of the conversation as
   * `{id, name}`; `onChange()` is called after a choice has changed the text. */
  constructor({ input, list, status, people, onChange }) {
    this.#input = input;
    this.#list = list;
    this.#status = status;
    this.#people = people;
    this.#onChange = onChange;
    input.addEventListener("input", () => this.#look());
    input.addEventListener("click", () => this.#look());
    input.addEventListener("blur", () => this.close());
  }

  get chosen() {
    return this.#chosen;
  }

  /** Begins with another text, for which the person chose these people before. */
  begin(chosen = new Map()) {
    this.#chosen = chosen;
    this.close();
  }

  /** Returns the mentions of a text: the chosen people whom it names. */
  mentions(text) {
    return mentionsOf(text, this.#chosen);
  }

  /** Handles a key while the list is open. Returns whether the key was used. */
  pressed(event) {
    if (this.#offered.length === 0) return false;
    const { length } = this.#offered;
    if (event.key === "ArrowDown") this.#move((this.#at + 1) % length);
    else if (event.key === "ArrowUp") this.#move((this.#at - 1 + length) % length);
    else if (event.key === "Enter" || event.key === "Tab") this.#choose(this.#offered[this.#at]);
    else if (event.key === "Escape") this.close();
    else return false;
    event.preventDefault();
    event.stopPropagation();
    return true;
  }

  close() {
    this.#offer([]);
  }

  #look() {
    const { value, selectionStart, selectionEnd } = this.#input;
    const query = selectionStart === selectionEnd ? queryAt(value, selectionStart) : null;
    this.#offer(query === null ? [] : matching(this.#people(), query));
  }

  #offer(people) {
    const isSame = people.length === 0 && this.#offered.length === 0;
    if (isSame) return;
    this.#offered = people;
    this.#list.hidden = people.length === 0;
    this.#list.replaceChildren(...people.map((person, index) => this.#option(person, index)));
    const count = people.length === 1 ? "One person" : `${people.length} people`;
    this.#status.textContent = people.length > 0 ? `${count}. Enter chooses.` : "";
    this.#move(0);
  }

  #option(person, index) {
    const choose = (event) => {
      event.preventDefault(); // the composer keeps the focus
      this.#choose(person);
    };
    const properties = { id: `mention-${index}`, role: "option", class: "choice", "data-testid": "mention-option" };
    const isEveryone = person.id === EVERYONE;
    return el(
      "li",
      { ...properties, on: { pointerdown: choose } },
      avatar(person.id, isEveryone ? "@" : person.name, { small: true }),
      el("span", {}, isEveryone ? "everyone in this group" : person.name),
    );
  }

  #move(index) {
    this.#at = index;
    [...this.#list.children].forEach((option, at) => {
      option.setAttribute("aria-selected", String(at === index));
    });
    const option = this.#list.children[index];
    option?.scrollIntoView({ block: "nearest" });
    if (option) this.#input.setAttribute("aria-activedescendant", option.id);
    else this.#input.removeAttribute("aria-activedescendant");
  }

  #choose({ id, name }) {
    const { text, caret } = completed(this.#input.value, this.#input.selectionStart, name);
    this.#chosen.set(name, id);
    this.close();
    this.#input.value = text;
    this.#input.setSelectionRange(caret, caret);
    this.#onChange();
  }
}
