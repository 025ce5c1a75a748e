/** The emoji picker: a dialog with a search field and a grid, for mouse and keyboard. */

import { el } from "./dom.js";
import { found } from "./emoji.js";

const byId = (id) => document.getElementById(id);

export class EmojiPicker {
  #dialog = byId("emoji-dialog");
  #search = byId("emoji-search");
  #grid = byId("emoji-grid");
  #choose = () => {};

  constructor() {
    this.#search.addEventListener("input", () => this.#show());
    this.#search.addEventListener("keydown", (event) => this.#searched(event));
    this.#grid.addEventListener("keydown", (event) => this.#moved(event));
    this.#grid.addEventListener("click", ({ target }) => this.#clicked(target.closest("button")));
    this.#dialog.addEventListener("close", () => this.#choose(null));
  }

  /** Opens the picker. Resolves to an emoji, or to null if it was closed without a choice. */
  open() {
    this.#search.value = "";
    this.#show();
    this.#dialog.showModal();
    return new Promise((resolve) => (this.#choose = resolve));
  }

  #show() {
    const shown = found(this.#search.value);
    this.#grid.replaceChildren(...shown.map(({ emoji, words }, index) => button(emoji, words, index === 0)));
    byId("emoji-none").hidden = shown.length > 0;
  }

  #searched(event) {
    const first = this.#grid.querySelector("button");
    if (!first) return;
    if (event.key === "ArrowDown") first.focus();
    else if (event.key === "Enter") this.#clicked(first);
    else return;
    event.preventDefault();
  }

  #moved(event) {
    const buttons = [...this.#grid.children];
    const at = buttons.indexOf(document.activeElement);
    const columns = buttons.filter((one) => one.offsetTop === buttons[0].offsetTop).length;
    const steps = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns, ArrowUp: -columns };
    const step = steps[event.key];
    if (step === undefined || at === -1) return;
    event.preventDefault();
    const next = buttons[at + step];
    if (next) focusOnly(next, buttons);
    else if (event.key === "ArrowUp") this.#search.focus();
  }

  #clicked(button) {
    if (!button) return;
    this.#choose(button.textContent);
    this.#dialog.close();
  }
}

/** Only one emoji of the grid is a stop of the Tab key. */
function focusOnly(button, buttons) {
  for (const one of buttons) one.tabIndex = one === button ? 0 : -1;
  button.focus();
}

function button(emoji, words, isFirst) {
  return el(
    "button",
    {
      type: "button",
      class: "emoji",
      tabindex: isFirst ? "0" : "-1",
      "aria-label": words.join(" "),
      title: words[0],
      "data-testid": `emoji-${emoji}`,
    },
    emoji,
  );
}
